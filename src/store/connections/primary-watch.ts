import type { Redis } from 'ioredis'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Destination } from './connection.js'
import { standingOf } from './primary-check.js'
import { addressOf, readReplication } from './replication.js'

/** Whether the server in use is the primary still: asked every second, and when a sentinel announces another. */
export interface PrimaryWatch {
  /** Why that is not certain, as a sentence; null: it is, or none is in use. */
  readonly doubt: string | null
  /** False where it is certainly not the primary any longer. */
  check(): Promise<boolean>
  close(): void
}

export interface PrimaryWatchNeeds {
  readonly redis: Redis
  readonly destination: Destination
  readonly isConnected: () => boolean
  /** Gives the connections up; new ones find the primary. */
  readonly leave: (reason: string) => void
  readonly log: Logger
  readonly metrics: Metrics
}

export function createPrimaryWatch({ redis, destination, isConnected, leave, log, metrics }: PrimaryWatchNeeds): PrimaryWatch {
  let doubt: string | null = null
  metrics.storePrimaryConfirmed.set(1)

  function note(found: string | null): void {
    if (found === null && doubt !== null) log.info({ event: 'store.primary' }, 'it is certain again which Redis is the primary')
    if (found !== null && doubt === null)
      log.warn({ event: 'store.primary', doubt: found }, `it is not certain that this Redis is the primary: ${found}`)
    doubt = found
    metrics.storePrimaryConfirmed.set(found === null ? 1 : 0)
  }

  async function check(): Promise<boolean> {
    const [standing, info] = await Promise.all([standingOf(redis, destination), redis.info('replication')])
    const reason = readReplication(info).isPrimary
      ? standing.successor && `the sentinels name ${addressOf(standing.successor)} as the primary`
      : 'this server has become a replica'
    if (reason !== null) {
      note(null)
      leave(reason)
      return false
    }
    note(standing.doubt)
    return true
  }

  const stop = destination.sentinels?.onSwitch(() => {
    if (isConnected()) check().catch((fault: unknown) => leave(String(fault)))
  })

  return {
    get doubt() {
      const isDoubtful = isConnected() && doubt !== null
      return isDoubtful ? `it is not certain which Redis is the primary, and logins may not last: ${doubt}` : null
    },
    check,
    close: () => stop?.(),
  }
}
