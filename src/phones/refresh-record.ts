import { messageOf } from '../base/errors.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Store } from '../store/store.js'

/** Values of the field `refresh` in `device:<id>`, which operators see. */
export const refreshStatuses = ['pending', 'sent', 'unconfirmed', 'fetched', 'stale'] as const
export type RefreshStatus = (typeof refreshStatuses)[number]

/** The field `refresh` of each phone's record. While Redis is away, the latest status of each phone is kept in memory. */
export interface RefreshRecord {
  read(device: DeviceId): RefreshStatus | null
  write(device: DeviceId, word: RefreshStatus): void
  close(): void
}

export interface RefreshRecordNeeds {
  readonly store: Store
  readonly log: Logger
}

export const deviceKey = (device: DeviceId): string => `device:${device}`

export function createRefreshRecord({ store, log }: RefreshRecordNeeds): RefreshRecord {
  const unwritten = new Map<DeviceId, RefreshStatus>()
  const offState = store.onState((state) => {
    if (state === 'connected') for (const device of unwritten.keys()) void put(device)
  })

  async function put(device: DeviceId): Promise<void> {
    const word = unwritten.get(device)
    if (!word || store.state === 'lost') return
    try {
      await store.call('hotdesk_note', device, 'refresh', word)
      if (unwritten.get(device) === word) unwritten.delete(device)
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'the status of a refresh is not written yet')
    }
  }

  function read(device: DeviceId): RefreshStatus | null {
    const field = store.replica.hash(deviceKey(device))?.get('refresh')
    return unwritten.get(device) ?? refreshStatuses.find((word) => word === field) ?? null
  }

  return {
    read,
    write(device, word) {
      if (read(device) === word || store.replica.hash(deviceKey(device)) === undefined) return
      unwritten.set(device, word)
      void put(device)
    },
    close: offState,
  }
}
