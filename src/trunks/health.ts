import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Trunk } from '../dialplan/dialplan.js'

export type Method = 'INVITE' | 'OPTIONS'

/** Which trunks take calls, as their responses to INVITE and OPTIONS show. */
export interface Health {
  isUp(trunk: Trunk): boolean
  /** It has failed, and nothing has succeeded since, as metric and log tell it. */
  isToldDown(trunk: Trunk): boolean
  /** Epoch milliseconds from which a trunk that is down is tried like any other again. */
  retryAt(trunk: Trunk): Milliseconds
  /** Begins a request to the trunk. */
  asked(trunk: Trunk, method: Method): Inquiry
}

/** One request to a trunk. Its outcome counts unless something newer is known. */
export interface Inquiry {
  /** The trunk has responded, and not with a failure of its own. */
  answered(): void
  /** The trunk has responded with a failure of its own. */
  refused(status: number): void
  /** No response within the time it had. */
  silent(): void
  /** No response yet, and another trunk has the call. A response to this request ends the trouble as well. */
  passedOver(): void
}

export interface HealthNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly downMs: Milliseconds
  /** Each failure in a row doubles the time, up to this. */
  readonly longestDownMs: Milliseconds
}

/** Requests have numbers in the order in which they were sent. */
type RequestNumber = number

interface Trouble {
  readonly failures: number
  readonly until: Milliseconds
  /** The newest request at the time of the failure. */
  readonly newest: RequestNumber
  /** The answer to a request after this one ends the trouble. */
  readonly last: RequestNumber
}

/** What the requests of one method have shown of a trunk. */
interface Finding {
  trouble: Trouble | null
  /** The newest request that was answered. */
  answered: RequestNumber
}

interface Findings extends Readonly<Record<Method, Finding>> {
  /** As the metric and the log tell it. */
  isToldDown: boolean
}

/** The methods that an answer speaks for: a carrier may answer OPTIONS at its border while every INVITE fails. */
const speaksFor: Readonly<Record<Method, readonly Method[]>> = { INVITE: ['INVITE', 'OPTIONS'], OPTIONS: ['OPTIONS'] }

/** The status in the log for silence. */
const silence = 408

export function createHealth({ clock, log, metrics, downMs, longestDownMs }: HealthNeeds): Health {
  const trunks = new Map<string, Findings>()
  let newest: RequestNumber = 0

  function findingsOf({ name }: Trunk): Findings {
    const known = trunks.get(name)
    if (known) return known
    const findings = { INVITE: { trouble: null, answered: 0 }, OPTIONS: { trouble: null, answered: 0 }, isToldDown: false }
    trunks.set(name, findings)
    return findings
  }

  function retryAt(trunk: Trunk): Milliseconds {
    const { INVITE, OPTIONS } = findingsOf(trunk)
    return Math.max(INVITE.trouble?.until ?? 0, OPTIONS.trouble?.until ?? 0)
  }

  function answered(trunk: Trunk, method: Method, request: RequestNumber): void {
    const findings = findingsOf(trunk)
    const { INVITE, OPTIONS } = findings
    // It was silent to both, so the outage was one and is over. The next call that fails counts on from the earlier ones all the same.
    if (method === 'OPTIONS' && OPTIONS.trouble && INVITE.trouble) INVITE.trouble = { ...INVITE.trouble, until: clock.now() }
    for (const finding of speaksFor[method].map((each) => findings[each])) {
      finding.answered = Math.max(finding.answered, request)
      if (finding.trouble && finding.trouble.last < request) finding.trouble = null
    }
    if (!findings.isToldDown || retryAt(trunk) > clock.now()) return
    findings.isToldDown = false
    metrics.trunkUp.set({ trunk: trunk.name }, 1)
    log.info({ event: 'trunk.up', trunk: trunk.name }, `trunk ${trunk.name} is up again`)
  }

  return {
    isUp: (trunk) => retryAt(trunk) <= clock.now(),
    isToldDown: (trunk) => findingsOf(trunk).isToldDown,
    retryAt,
    asked(trunk, method) {
      const request = ++newest
      const finding = findingsOf(trunk)[method]
      const failuresBefore = finding.trouble?.failures ?? 0

      function failed(status: number, last: RequestNumber): void {
        const { trouble } = finding
        if (trouble && trouble.newest >= request) {
          // Requests that were under way together fail together: that is one failure.
          finding.trouble = { ...trouble, last: Math.max(trouble.last, last) }
          return
        }
        // A call that rings first and is refused then has not ended the row of failures.
        const failures = (trouble?.failures ?? (finding.answered === request ? failuresBefore : 0)) + 1
        const ms = Math.min(downMs * 2 ** (failures - 1), longestDownMs)
        finding.trouble = { failures, until: clock.now() + ms, newest, last }
        findingsOf(trunk).isToldDown = true
        metrics.trunkUp.set({ trunk: trunk.name }, 0)
        const line = { event: 'trunk.down', trunk: trunk.name, method, status, seconds: ms / 1000 }
        log.warn(line, `trunk ${trunk.name} is down: ${status} to ${method}`)
      }

      return {
        answered: () => answered(trunk, method, request),
        // A refusal is the trunk's present state, whatever it has answered to calls that were sent before.
        refused: (status) => failed(status, newest),
        silent() {
          // A trunk that has answered a later request is not silent.
          if (finding.answered <= request) failed(silence, request)
        },
        passedOver() {
          if (finding.answered < request) failed(silence, request - 1)
        },
      }
    },
  }
}
