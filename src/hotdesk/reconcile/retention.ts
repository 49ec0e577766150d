import { type Clock, every } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'

export interface RetentionNeeds {
  readonly store: Store
  /** Retention of events, in days. */
  readonly retentionDays: () => number
  readonly clock: Clock
  readonly log: Logger
}

const roundMs = 60 * 60 * 1_000

/** Removes events older than the retention time. Every node does it; repeating it is harmless. */
export function createRetention({ store, retentionDays, clock, log }: RetentionNeeds): { close(): void } {
  async function purge(): Promise<void> {
    if (store.state === 'connected') await store.purge('events', retentionDays())
  }

  function reportFault(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.warn({ event: 'store.stale', key: 'events' }, `old events cannot be removed: ${messageOf(fault)}`)
  }

  const rounds = every(clock, roundMs, purge, reportFault)
  const stop = store.onState(() => void purge().catch(reportFault))
  purge().catch(reportFault)

  return {
    close() {
      rounds.cancel()
      stop()
    },
  }
}
