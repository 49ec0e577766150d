import type { Clock } from '../base/clock.js'
import type { Lifecycle } from '../base/lifecycle.js'
import type { Level, Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Calls } from '../calls/calls.js'
import type { Config } from '../config/config.js'
import type { LiveSettings } from './live-settings.js'

/** What every part needs. */
export interface NodeContext {
  readonly config: Config
  readonly settings: LiveSettings
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  readonly onCalls: (calls: Pick<Calls, 'emergencies'>) => void
  readonly onDrained: () => void
  readonly stopping: AbortSignal
  /** The loggers of the parts, by name. */
  readonly partLogs: Map<string, Logger>
}

/** Names of parts that are closed early when a node stops. */
export const sipApplication = 'SIP application'
export const dialCodes = 'dial codes'
export const trunkRegistrations = 'trunks'

/** Maximum time for closing one part. */
export const closeDeadlineMs = 5_000

/** The logger of one part. */
export function partLog({ log, partLogs }: Pick<NodeContext, 'log' | 'partLogs'>, name: string): Logger {
  const known = partLogs.get(name) ?? log.child({ part: name })
  partLogs.set(name, known)
  return known
}

/** A logger keeps the level of its parent at the time when it was made, so each has to be set. Calls in progress keep theirs. */
export function setLogLevel({ log, partLogs }: Pick<NodeContext, 'log' | 'partLogs'>, level: Level): void {
  for (const each of [log, ...partLogs.values()]) each.level = level
}
