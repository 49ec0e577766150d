import type { Clock, Milliseconds } from '../../base/clock.js'
import { sourceOf } from '../../sip/source-prefix.js'

/** Limits emergency calls of unauthenticated callers. Calls of authenticated phones never count. */
export interface UnprovenLimit {
  admit(address: string): Admission
}

type Admission =
  /** Call `end` once, when the call is over. */
  | { readonly outcome: 'admitted'; end(): void }
  | { readonly outcome: 'full'; readonly retrySeconds: number; readonly report: RefusalReport | null }

/** A report of refusals. The first is reported at once, later ones together, so that a flood does not fill the log. */
export interface RefusalReport {
  readonly limit: 'source' | 'total'
  /** Since the last report, including this one. */
  readonly refused: number
}

export interface UnprovenLimits {
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

/** Holds at most `total` calls in memory, however many addresses send. @param limits those in force */
export function createUnprovenLimit(limits: () => UnprovenLimits, clock: Clock): UnprovenLimit {
  const held = new Set<Held>()
  let refused = 0
  let quietUntil = -Infinity

  function dropExpired(): void {
    for (const call of held) if (!call.isUp && call.until <= clock.now()) held.delete(call)
  }

  function limitFor(source: string): RefusalReport['limit'] | null {
    const { perSource, total } = limits()
    const own = [...held].filter((call) => call.source === source)
    if (own.length >= perSource) return 'source'
    return held.size >= total ? 'total' : null
  }

  function reportOn(limit: RefusalReport['limit']): RefusalReport | null {
    refused += 1
    if (clock.now() < quietUntil) return null
    const found = { limit, refused }
    refused = 0
    quietUntil = clock.now() + limits().holdMs
    return found
  }

  function retrySeconds(): number {
    const next = Math.min(...Array.from(held, ({ until }) => until))
    return Math.max(1, Math.ceil((next - clock.now()) / 1_000))
  }

  return {
    admit(address) {
      dropExpired()
      const source = sourceOf(address)
      const limit = limitFor(source)
      if (limit) return { outcome: 'full', retrySeconds: retrySeconds(), report: reportOn(limit) }
      const call: Held = { source, until: clock.now() + limits().holdMs, isUp: true }
      held.add(call)
      return {
        outcome: 'admitted',
        end() {
          call.isUp = false
        },
      }
    },
  }
}
