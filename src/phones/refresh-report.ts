import { messageOf } from '../base/errors.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import { type Hotdesk, keptEvents } from '../hotdesk/hotdesk.js'
import type { Store } from '../store/store.js'
import { createRefreshRecord, type RefreshWord, refreshWords } from './refresh-record.js'

/** What becomes of refreshes, for operators: in the phone's record, the log, the metric and the stream of events. */
export interface RefreshNews {
  latest(device: DeviceId): RefreshWord | null
  note(device: DeviceId, word: RefreshWord): void
  close(): void
}

export interface RefreshNewsNeeds {
  readonly store: Store
  readonly hotdesk: Hotdesk
  readonly node: NodeName
  readonly log: Logger
  readonly metrics: Metrics
}

export function createRefreshNews({ store, hotdesk, node, log, metrics }: RefreshNewsNeeds): RefreshNews {
  const record = createRefreshRecord({ store, log })
  const counted = refreshWords.filter((word) => word !== 'pending')
  fromZero(
    metrics.refreshesTotal,
    counted.map((outcome) => ({ outcome })),
  )

  async function append(device: DeviceId, word: RefreshWord): Promise<void> {
    const user = hotdesk.userOn(device)
    try {
      await store.append('events', { event: 'refresh', device, ...(user ? { user } : {}), outcome: word, node }, keptEvents)
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'event of a refresh not written')
    }
  }

  return {
    latest: record.read,
    note(device, word) {
      const before = record.read(device)
      record.write(device, word)
      if (word === 'pending' || word === before) return
      metrics.refreshesTotal.inc({ outcome: word })
      if (word === 'stale') log.warn({ event: 'phone.stale', device }, `${device} does not follow: its display may show somebody else`)
      else log.info({ event: 'phone.refresh', device, outcome: word }, `refresh of ${device}: ${word}`)
      void append(device, word)
    },
    close: record.close,
  }
}
