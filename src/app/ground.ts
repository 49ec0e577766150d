import type { Clock } from '../base/clock.js'
import type { Lifecycle } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Calls } from '../calls/calls.js'
import type { Config } from '../config/config.js'

/** What every part is given. */
export interface Ground {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  readonly onCalls: (calls: Pick<Calls, 'emergencies'>) => void
  readonly stopping: AbortSignal
}

/** Names under which parts are opened, and closed early when a node stops. */
export const sipApplication = 'SIP application'
export const dialCodes = 'dial codes'

/** No part may hold up the end of the node for longer. */
export const closeDeadlineMs = 5_000

/** The log of one part of the node. */
export function part({ log }: Ground, name: string): Logger {
  return log.child({ part: name })
}
