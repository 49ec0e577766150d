import type { Clock, Milliseconds } from '../../base/clock.js'

/** One use of a nonce. */
interface Use {
  readonly nonce: string
  /** Epoch milliseconds. */
  readonly issued: Milliseconds
  /** The nonce count (RFC 7616 §3.4). */
  readonly count: number
}

/** Detects replayed requests (RFC 7616 §3.4, §5.4), in bounded memory. */
export interface ReplayGuard {
  /** False if this count was used with this nonce, or may have been. */
  accept(use: Use): boolean
  readonly size: number
}

export interface ReplayGuardNeeds {
  readonly clock: Clock
  readonly lifetimeMs: Milliseconds
  readonly capacity: number
}

/** How far a count may lag behind the highest one: UDP reorders, and phones send several requests at once. */
const windowSize = 32

interface Seen {
  readonly issued: Milliseconds
  highest: number
  /** Bit n is set if `highest - n` was used. */
  used: number
}

export function createReplayGuard({ clock, lifetimeMs, capacity }: ReplayGuardNeeds): ReplayGuard {
  const seen = new Map<string, Seen>()
  /** Nonces issued up to this time may have been used although memory does not hold them, because it was full. */
  let evictedUntil = 0

  function makeRoom(): void {
    const now = clock.now()
    for (const [nonce, { issued }] of seen) {
      const outlived = now - issued > lifetimeMs
      if (!outlived && seen.size < capacity) return
      if (!outlived) evictedUntil = Math.max(evictedUntil, issued)
      seen.delete(nonce)
    }
  }

  return {
    accept({ nonce, issued, count }) {
      const known = seen.get(nonce)
      if (known) return advance(known, count)
      if (issued <= evictedUntil) return false
      makeRoom()
      seen.set(nonce, { issued, highest: count, used: 1 })
      return true
    },
    get size() {
      return seen.size
    },
  }
}

function advance(seen: Seen, count: number): boolean {
  const ahead = count - seen.highest
  if (ahead > 0) {
    seen.used = ahead >= windowSize ? 1 : ((seen.used << ahead) | 1) >>> 0
    seen.highest = count
    return true
  }
  const bit = 2 ** -ahead
  if (-ahead >= windowSize || (seen.used & bit) !== 0) return false
  seen.used = (seen.used | bit) >>> 0
  return true
}
