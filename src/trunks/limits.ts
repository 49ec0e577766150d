import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import type { Trunk } from '../dialplan/dialplan.js'

type Limit = 'maxCalls' | 'callsPerMinute'

/** What a call over a trunk is told about the trunk's limits. */
type Place =
  /** `leave`: the call over this trunk has ended. Later calls of it do nothing. */
  { readonly outcome: 'entered'; readonly leave: () => void } | { readonly outcome: 'full'; readonly retryAfterSeconds: number }

/** The limits of trunks: calls at once, and calls that begin in a minute, of both directions together. */
export interface TrunkLimits {
  /** A call is about to use the trunk. `urgent` calls, emergency calls and callbacks to them, count but are never refused. */
  enter(trunk: Trunk, urgency: 'ordinary' | 'urgent'): Place
  /** Calls over the trunk, now. */
  calls(trunk: Trunk): number
  /** The trunk is in the dial plan. */
  add(trunk: Trunk): void
  /** The trunk has left the dial plan. Its calls go on. */
  remove(trunk: Trunk): void
}

export interface TrunkLimitsNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'trunkCalls' | 'trunkRefusedTotal'>
}

interface Usage {
  calls: number
  /** When the calls of the last minute began. */
  begun: Milliseconds[]
  /** The limit that the log has reported, until a call is let in again. */
  reported: Limit | null
}

const minuteMs: Milliseconds = 60_000
/** A call may end at any time. */
const retryAfterCallSeconds = 10

export function createTrunkLimits({ clock, log, metrics }: TrunkLimitsNeeds): TrunkLimits {
  const usages = new Map<string, Usage>()

  function usageOf({ name }: Trunk): Usage {
    const known = usages.get(name)
    if (known) return known
    const usage = { calls: 0, begun: [], reported: null }
    usages.set(name, usage)
    return usage
  }

  function limitReached({ maxCalls, callsPerMinute }: Trunk, { calls, begun }: Usage): Limit | null {
    if (maxCalls !== undefined && calls >= maxCalls) return 'maxCalls'
    return callsPerMinute !== undefined && begun.length >= callsPerMinute ? 'callsPerMinute' : null
  }

  function refuse(trunk: Trunk, usage: Usage, limit: Limit): Place {
    metrics.trunkRefusedTotal.inc({ trunk: trunk.name, limit })
    const line = { event: 'trunk.full', trunk: trunk.name, limit }
    const text = `trunk ${trunk.name} is at its limit: ${limit} is ${trunk[limit]}`
    if (usage.reported === limit) log.debug(line, text)
    else log.warn(line, text)
    usage.reported = limit
    const [oldest = 0] = usage.begun
    const untilOldestMs = oldest + minuteMs - clock.now()
    return { outcome: 'full', retryAfterSeconds: limit === 'maxCalls' ? retryAfterCallSeconds : Math.ceil(untilOldestMs / 1_000) }
  }

  function count(trunk: Trunk, usage: Usage, calls: 1 | -1): void {
    usage.calls += calls
    metrics.trunkCalls.set({ trunk: trunk.name }, usage.calls)
  }

  return {
    enter(trunk, urgency) {
      const usage = usageOf(trunk)
      const now = clock.now()
      usage.begun = usage.begun.filter((began) => now - began < minuteMs)
      const limit = urgency === 'urgent' ? null : limitReached(trunk, usage)
      if (limit !== null) return refuse(trunk, usage, limit)
      if (urgency === 'ordinary') usage.reported = null
      if (trunk.callsPerMinute !== undefined) usage.begun.push(now)
      count(trunk, usage, 1)
      let hasLeft = false
      return {
        outcome: 'entered',
        leave() {
          if (!hasLeft) count(trunk, usage, -1)
          hasLeft = true
        },
      }
    },
    calls: (trunk) => usageOf(trunk).calls,
    add(trunk) {
      const { name, maxCalls, callsPerMinute } = trunk
      metrics.trunkCalls.set({ trunk: name }, usageOf(trunk).calls)
      if (maxCalls !== undefined) fromZero(metrics.trunkRefusedTotal, [{ trunk: name, limit: 'maxCalls' }])
      if (callsPerMinute !== undefined) fromZero(metrics.trunkRefusedTotal, [{ trunk: name, limit: 'callsPerMinute' }])
    },
    remove: ({ name }) => metrics.trunkCalls.remove({ trunk: name }),
  }
}
