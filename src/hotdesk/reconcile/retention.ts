import { type Clock, every } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'

export interface RetentionNeeds {
  readonly store: Store
  /** How long it is kept who sat where. */
  readonly retentionDays: number
  readonly clock: Clock
  readonly log: Logger
}

const roundMs = 60 * 60 * 1_000

/** Events that are older than the installer wants are nobody's business any more. Every node sees to it; once more does no harm. */
export function createRetention({ store, retentionDays, clock, log }: RetentionNeeds): { close(): void } {
  async function purge(): Promise<void> {
    if (store.state === 'connected') await store.purge('events', retentionDays)
  }

  function stumbled(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.warn({ event: 'store.stale', key: 'events' }, `old events cannot be taken away: ${messageOf(fault)}`)
  }

  const rounds = every(clock, roundMs, purge, stumbled)
  const stop = store.onState(() => void purge().catch(stumbled))
  purge().catch(stumbled)

  return {
    close() {
      rounds.cancel()
      stop()
    },
  }
}
