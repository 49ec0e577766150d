import type { Clock, Milliseconds } from '../../base/clock.js'
import { sourceOf } from '../../sip/uri.js'

/** Limits the emergency calls of callers without proof. Proven phones are never counted. */
export interface UnprovenShare {
  take(address: string): Admission
}

export type Admission =
  /** `ended` is called once, when the call is over. */
  | { readonly outcome: 'taken'; ended(): void }
  | { readonly outcome: 'full'; readonly retrySeconds: number; readonly report: Refused | null }

/** A report of refusals: the first one at once, later ones together, so that a flood does not fill the log. */
export interface Refused {
  readonly limit: 'source' | 'total'
  /** Since the last report, this one included. */
  readonly refused: number
}

export interface ShareLimits {
  readonly perSource: number
  readonly total: number
  /** A call counts while it lasts, and for at least this long after it began. */
  readonly holdMs: Milliseconds
}

interface Held {
  readonly source: string
  readonly until: Milliseconds
  isUp: boolean
}

/** Holds at most `total` calls in memory, however many addresses send. */
export function createUnprovenShare({ perSource, total, holdMs }: ShareLimits, clock: Clock): UnprovenShare {
  const held = new Set<Held>()
  let refused = 0
  let quietUntil = -Infinity

  function forgetOld(): void {
    for (const call of held) if (!call.isUp && call.until <= clock.now()) held.delete(call)
  }

  function limitFor(source: string): Refused['limit'] | null {
    const own = [...held].filter((call) => call.source === source)
    if (own.length >= perSource) return 'source'
    return held.size >= total ? 'total' : null
  }

  function report(limit: Refused['limit']): Refused | null {
    refused += 1
    if (clock.now() < quietUntil) return null
    const told = { limit, refused }
    refused = 0
    quietUntil = clock.now() + holdMs
    return told
  }

  function retrySeconds(): number {
    const next = Math.min(...Array.from(held, ({ until }) => until))
    return Math.max(1, Math.ceil((next - clock.now()) / 1_000))
  }

  return {
    take(address) {
      forgetOld()
      const source = sourceOf(address)
      const limit = limitFor(source)
      if (limit) return { outcome: 'full', retrySeconds: retrySeconds(), report: report(limit) }
      const call: Held = { source, until: clock.now() + holdMs, isUp: true }
      held.add(call)
      return {
        outcome: 'taken',
        ended() {
          call.isUp = false
        },
      }
    },
  }
}
