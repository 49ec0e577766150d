import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Trunk } from '../dialplan/dialplan.js'

/** Which trunks take calls, as their responses to INVITE and OPTIONS show. */
export interface Health {
  isUp(trunk: Trunk): boolean
  /** Epoch milliseconds from which a trunk that is down is tried like any other again. */
  retryAt(trunk: Trunk): Milliseconds
  /** Begins a request to the trunk. */
  asked(trunk: Trunk): Inquiry
}

/** One request to a trunk. Its outcome counts unless something newer is known. */
export interface Inquiry {
  /** The trunk has responded, and not with a failure of its own. */
  answered(): void
  /** The trunk has responded with a failure of its own. */
  refused(status: number): void
  /** No response within the time it had. */
  silent(): void
}

export interface HealthNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly downMs: Milliseconds
  /** Each failure in a row doubles the time, up to this. */
  readonly longestDownMs: Milliseconds
}

interface Trouble {
  readonly failures: number
  readonly since: Milliseconds
  readonly until: Milliseconds
}

/** What the log shows for silence. */
const silence = 408

export function createHealth({ clock, log, metrics, downMs, longestDownMs }: HealthNeeds): Health {
  const troubles = new Map<string, Trouble>()
  const lastAnswers = new Map<string, Milliseconds>()

  function failed({ name }: Trunk, status: number): void {
    const failures = (troubles.get(name)?.failures ?? 0) + 1
    const ms = Math.min(downMs * 2 ** (failures - 1), longestDownMs)
    troubles.set(name, { failures, since: clock.now(), until: clock.now() + ms })
    metrics.trunkUp.set({ trunk: name }, 0)
    log.warn({ event: 'trunk.down', trunk: name, status, seconds: ms / 1000 }, `trunk ${name} is down: ${status}`)
  }

  function answered({ name }: Trunk): void {
    lastAnswers.set(name, clock.now())
    if (!troubles.delete(name)) return
    metrics.trunkUp.set({ trunk: name }, 1)
    log.info({ event: 'trunk.up', trunk: name }, `trunk ${name} is up again`)
  }

  return {
    isUp: (trunk) => (troubles.get(trunk.name)?.until ?? 0) <= clock.now(),
    retryAt: (trunk) => troubles.get(trunk.name)?.until ?? 0,
    asked(trunk) {
      const began = clock.now()
      // Requests that were under way together fail together: that is one failure.
      const isCounted = (): boolean => (troubles.get(trunk.name)?.since ?? Number.NEGATIVE_INFINITY) > began
      // A trunk that has answered another request meanwhile is not silent.
      const hasAnswered = (): boolean => (lastAnswers.get(trunk.name) ?? Number.NEGATIVE_INFINITY) > began
      return {
        answered: () => answered(trunk),
        refused(status) {
          if (!isCounted()) failed(trunk, status)
        },
        silent() {
          if (!isCounted() && !hasAnswered()) failed(trunk, silence)
        },
      }
    },
  }
}
