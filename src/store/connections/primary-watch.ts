import type { Redis } from 'ioredis'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Destination } from './connection.js'
import { primaryStatusOf } from './primary-check.js'
import { addressOf, readReplication } from './replication.js'

/** Checks that the server in use is still the primary: every second, and when a sentinel announces another. */
export interface PrimaryWatch {
  /** Why that is not certain, as a sentence; null: it is certain, or Redis is lost. */
  readonly doubt: string | null
  /** False if it is certainly no longer the primary. */
  check(): Promise<boolean>
  close(): void
}

export interface PrimaryWatchNeeds {
  readonly redis: Redis
  readonly destination: Destination
  readonly isConnected: () => boolean
  /** Reconnects; the new connections find the primary. */
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
    const [status, info] = await Promise.all([primaryStatusOf(redis, destination), redis.info('replication')])
    const reason = readReplication(info).isPrimary
      ? status.successor && `the sentinels name ${addressOf(status.successor)} as the primary`
      : 'this server has become a replica'
    if (reason !== null) {
      note(null)
      leave(reason)
      return false
    }
    note(status.doubt)
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
