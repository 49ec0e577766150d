import type { Clock } from '../base/clock.js'
import type { Lifecycle } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Calls } from '../calls/calls.js'
import type { Config } from '../config/config.js'

/** What every part needs. */
export interface NodeContext {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  readonly onCalls: (calls: Pick<Calls, 'emergencies'>) => void
  readonly stopping: AbortSignal
}

/** Names of parts that are closed early when a node stops. */
export const sipApplication = 'SIP application'
export const dialCodes = 'dial codes'
export const trunkRegistrations = 'trunks'

/** Maximum time for closing one part. */
export const closeDeadlineMs = 5_000

/** The logger of one part. */
export function partLog({ log }: NodeContext, name: string): Logger {
  return log.child({ part: name })
}
