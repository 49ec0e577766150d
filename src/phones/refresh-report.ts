import { messageOf } from '../base/errors.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import { type Hotdesk, keptEvents } from '../hotdesk/hotdesk.js'
import type { Store } from '../store/store.js'
import { createRefreshRecord, type RefreshStatus, refreshStatuses } from './refresh-record.js'

/** Reports refreshes to operators: in the phone's record, the log, the metric and the event stream. */
export interface RefreshReport {
  latest(device: DeviceId): RefreshStatus | null
  note(device: DeviceId, word: RefreshStatus): void
  close(): void
}

export interface RefreshReportNeeds {
  readonly store: Store
  readonly hotdesk: Hotdesk
  readonly node: NodeName
  readonly log: Logger
  readonly metrics: Metrics
}

export function createRefreshReport({ store, hotdesk, node, log, metrics }: RefreshReportNeeds): RefreshReport {
  const record = createRefreshRecord({ store, log })
  const counted = refreshStatuses.filter((word) => word !== 'pending')
  fromZero(
    metrics.refreshesTotal,
    counted.map((outcome) => ({ outcome })),
  )

  async function append(device: DeviceId, word: RefreshStatus): Promise<void> {
    const user = hotdesk.userOn(device)
    try {
      await store.append('events', { event: 'refresh', device, ...(user ? { user } : {}), outcome: word, node }, keptEvents)
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'the event of a refresh is not written')
    }
  }

  return {
    latest: record.read,
    note(device, word) {
      const before = record.read(device)
      record.write(device, word)
      if (word === 'pending' || word === before) return
      metrics.refreshesTotal.inc({ outcome: word })
      if (word === 'stale')
        log.warn({ event: 'phone.stale', device }, `${device} did not confirm the refresh: its display may show the previous user`)
      else log.info({ event: 'phone.refresh', device, outcome: word }, `refresh of ${device}: ${word}`)
      void append(device, word)
    },
    close: record.close,
  }
}
