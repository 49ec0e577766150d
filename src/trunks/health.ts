import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Trunk } from '../dialplan/dialplan.js'

/** Which lines take calls, as calls and pings have shown. */
export interface Health {
  isUp(trunk: Trunk): boolean
  /** Epoch milliseconds from which a line that is down is tried like any other again. */
  retryAt(trunk: Trunk): Milliseconds
  failed(trunk: Trunk, status: number): void
  worked(trunk: Trunk): void
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
  readonly until: Milliseconds
}

export function createHealth({ clock, log, metrics, downMs, longestDownMs }: HealthNeeds): Health {
  const troubles = new Map<string, Trouble>()

  return {
    isUp: (trunk) => (troubles.get(trunk.name)?.until ?? 0) <= clock.now(),
    retryAt: (trunk) => troubles.get(trunk.name)?.until ?? 0,
    failed(trunk, status) {
      const failures = (troubles.get(trunk.name)?.failures ?? 0) + 1
      const ms = Math.min(downMs * 2 ** (failures - 1), longestDownMs)
      troubles.set(trunk.name, { failures, until: clock.now() + ms })
      metrics.trunkUp.set({ trunk: trunk.name }, 0)
      log.warn({ event: 'trunk.down', trunk: trunk.name, status, seconds: ms / 1000 }, `trunk ${trunk.name} is down: ${status}`)
    },
    worked(trunk) {
      if (!troubles.delete(trunk.name)) return
      metrics.trunkUp.set({ trunk: trunk.name }, 1)
      log.info({ event: 'trunk.up', trunk: trunk.name }, `trunk ${trunk.name} is up again`)
    },
  }
}
