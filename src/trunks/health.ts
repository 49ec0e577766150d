import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Trunk } from '../dialplan/dialplan.js'
import { trunkKey } from './follow-trunks.js'

type Method = 'INVITE' | 'OPTIONS'

/** Which trunks take calls, judged by their responses to INVITE and OPTIONS. */
export interface Health {
  isUp(trunk: Trunk): boolean
  /** The trunk has failed and has not recovered since, according to the metric and the log. */
  isReportedDown(trunk: Trunk): boolean
  /** When the outage began that the log shows; null: none. */
  downSince(trunk: Trunk): Milliseconds | null
  /** From when a trunk that is down is tried in its usual order again, in epoch milliseconds. */
  retryAt(trunk: Trunk): Milliseconds
  /** Begins to track a request to the trunk. */
  begin(trunk: Trunk, method: Method): TrunkRequest
  /** The trunk is in use from now on: the metric and the log show its state. */
  add(trunk: Trunk): void
  /** The dial plan does not have the trunk any more. Calls in progress may still use it. */
  remove(trunk: Trunk): void
}

/** One request to a trunk. Its outcome counts unless a newer request has shown otherwise. */
export interface TrunkRequest {
  /** The trunk has responded, and not with a failure of its own. */
  responded(): void
  /** The trunk has responded with a failure of its own. */
  failed(status: number): void
  /** No response in the time allowed. */
  timedOut(): void
  /** No response yet, and another trunk has taken the call. A late response to this request ends the outage too. */
  passedOver(): void
}

export interface HealthNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly downMs: Milliseconds
  /** Each consecutive failure doubles the time, up to this. */
  readonly longestDownMs: Milliseconds
}

/** Requests are numbered in the order in which they were sent. */
type RequestNumber = number

interface Outage {
  readonly failures: number
  readonly until: Milliseconds
  /** The newest request at the time of the failure. */
  readonly newest: RequestNumber
  /** A response to any request after this one ends the outage. */
  readonly endsAfter: RequestNumber
}

/** The state of a trunk for one method. */
interface MethodState {
  outage: Outage | null
  /** The newest request that got a response. */
  responded: RequestNumber
}

interface TrunkState extends Readonly<Record<Method, MethodState>> {
  /** Since when the metric and the log show the trunk as down; null: it is up. */
  downSince: Milliseconds | null
}

/** The methods that a response vouches for: a trunk's border may respond to OPTIONS while every INVITE fails. */
const vouchesFor: Readonly<Record<Method, readonly Method[]>> = { INVITE: ['INVITE', 'OPTIONS'], OPTIONS: ['OPTIONS'] }

/** The status that the log shows for a missing response. */
const timeout = 408

export function createHealth({ clock, log, metrics, downMs, longestDownMs }: HealthNeeds): Health {
  const trunks = new Map<string, TrunkState>()
  const inUse = new Set<string>()
  let newest: RequestNumber = 0

  function stateOf(trunk: Trunk): TrunkState {
    const known = trunks.get(trunkKey(trunk))
    if (known) return known
    const state = { INVITE: { outage: null, responded: 0 }, OPTIONS: { outage: null, responded: 0 }, downSince: null }
    trunks.set(trunkKey(trunk), state)
    return state
  }

  function retryAt(trunk: Trunk): Milliseconds {
    const { INVITE, OPTIONS } = stateOf(trunk)
    return Math.max(INVITE.outage?.until ?? 0, OPTIONS.outage?.until ?? 0)
  }

  function responded(trunk: Trunk, method: Method, request: RequestNumber): void {
    const state = stateOf(trunk)
    const { INVITE, OPTIONS } = state
    // Both methods failed, so it was one outage, and it is over. The failures of INVITE still count towards the next one.
    if (method === 'OPTIONS' && OPTIONS.outage && INVITE.outage) INVITE.outage = { ...INVITE.outage, until: clock.now() }
    for (const each of vouchesFor[method].map((vouched) => state[vouched])) {
      each.responded = Math.max(each.responded, request)
      if (each.outage && each.outage.endsAfter < request) each.outage = null
    }
    if (state.downSince === null || retryAt(trunk) > clock.now()) return
    state.downSince = null
    if (!inUse.has(trunkKey(trunk))) return
    metrics.trunkUp.set({ trunk: trunk.name }, 1)
    log.info({ event: 'trunk.up', trunk: trunk.name }, `trunk ${trunk.name} is up again`)
  }

  return {
    add(trunk) {
      inUse.add(trunkKey(trunk))
      metrics.trunkUp.set({ trunk: trunk.name }, 1)
    },
    remove(trunk) {
      inUse.delete(trunkKey(trunk))
      trunks.delete(trunkKey(trunk))
      metrics.trunkUp.remove({ trunk: trunk.name })
    },
    isUp: (trunk) => retryAt(trunk) <= clock.now(),
    isReportedDown: (trunk) => stateOf(trunk).downSince !== null,
    downSince: (trunk) => stateOf(trunk).downSince,
    retryAt,
    begin(trunk, method) {
      const request = ++newest
      const state = stateOf(trunk)[method]
      const failuresBefore = state.outage?.failures ?? 0

      function down(status: number, endsAfter: RequestNumber): void {
        const { outage } = state
        if (outage && outage.newest >= request) {
          // Requests that were in flight together and fail together count as one failure.
          state.outage = { ...outage, endsAfter: Math.max(outage.endsAfter, endsAfter) }
          return
        }
        // A call that rings first and then fails does not reset the count of consecutive failures.
        const failures = (outage?.failures ?? (state.responded === request ? failuresBefore : 0)) + 1
        const ms = Math.min(downMs * 2 ** (failures - 1), longestDownMs)
        state.outage = { failures, until: clock.now() + ms, newest, endsAfter }
        stateOf(trunk).downSince ??= clock.now()
        if (!inUse.has(trunkKey(trunk))) return
        metrics.trunkUp.set({ trunk: trunk.name }, 0)
        const line = { event: 'trunk.down', trunk: trunk.name, method, status, seconds: ms / 1000 }
        log.warn(line, `trunk ${trunk.name} is down: ${status} to ${method}`)
      }

      return {
        responded: () => responded(trunk, method, request),
        // A failure is the trunk's present state, whatever it has responded to earlier calls.
        failed: (status) => down(status, newest),
        timedOut() {
          // A trunk that has responded to a later request is alive.
          if (state.responded <= request) down(timeout, request)
        },
        passedOver() {
          if (state.responded < request) down(timeout, request - 1)
        },
      }
    },
  }
}
