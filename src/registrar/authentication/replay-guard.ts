import type { Clock, Milliseconds } from '../../base/clock.js'

/** One use of a nonce. */
interface Use {
  readonly nonce: string
  /** Epoch milliseconds. */
  readonly issued: Milliseconds
  /** The nonce count (RFC 7616 §3.4). */
  readonly count: number
}

/** Tells a request that was seen before from the phone's next one (RFC 7616 §3.4, §5.4), in bounded memory. */
export interface ReplayGuard {
  /** False when this count was used with this nonce, or can no longer be told. */
  accept(use: Use): boolean
  readonly size: number
}

export interface ReplayGuardNeeds {
  readonly clock: Clock
  readonly lifetimeMs: Milliseconds
  readonly capacity: number
}

/** Counts below the highest seen that may still arrive late: UDP reorders, and phones send several requests at once. */
const windowSize = 32

interface Seen {
  readonly issued: Milliseconds
  highest: number
  /** Bit n: `highest - n` was used. */
  used: number
}

export function createReplayGuard({ clock, lifetimeMs, capacity }: ReplayGuardNeeds): ReplayGuard {
  const seen = new Map<string, Seen>()
  /** A nonce this old or older whose counts are not in memory may have been used: memory was full. */
  let forgottenUntil = 0

  function makeRoom(): void {
    const now = clock.now()
    for (const [nonce, { issued }] of seen) {
      const outlived = now - issued > lifetimeMs
      if (!outlived && seen.size < capacity) return
      if (!outlived) forgottenUntil = Math.max(forgottenUntil, issued)
      seen.delete(nonce)
    }
  }

  return {
    accept({ nonce, issued, count }) {
      const known = seen.get(nonce)
      if (known) return advance(known, count)
      if (issued <= forgottenUntil) return false
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
