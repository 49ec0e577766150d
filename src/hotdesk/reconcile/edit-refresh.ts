import type { Alarm, Milliseconds } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import { readRefresh } from './logout-replies.js'
import { mayOwn } from './ownership.js'
import type { RepairNeeds } from './repair.js'

/** A login writes two keys. Its new epoch may be read a little later than the user. */
const graceMs: Milliseconds = 250

/** Refreshes phones whose user was changed by hand. Unlike a login, such an edit does not change the epoch of the record. */
export function createEditRefresh({ store, assignments, node, clock, log }: Omit<RepairNeeds, 'metrics'>): { close(): void } {
  const { replica } = store
  const waiting = new Map<DeviceId, Alarm>()
  const epochOf = (device: DeviceId): string | undefined => replica.hash(`device:${device}`)?.get('epoch')

  async function refresh(device: DeviceId): Promise<void> {
    try {
      readRefresh(await store.call('hotdesk_refresh', device, 'automatic', node))
    } catch (fault) {
      if (isAppError(fault, 'STORE_UNAVAILABLE')) return
      log.error({ event: 'node.fault', err: fault }, 'a phone cannot be refreshed after an edit by hand')
    }
  }

  const stop = assignments.onChange(({ device, cause }) => {
    if (cause !== 'edited') return
    const epoch = epochOf(device)
    waiting.get(device)?.cancel()
    const alarm = clock.after(graceMs, () => {
      waiting.delete(device)
      if (epochOf(device) === epoch && mayOwn(device, { replica, node })) void refresh(device)
    })
    waiting.set(device, alarm)
  })

  return {
    close() {
      stop()
      for (const alarm of waiting.values()) alarm.cancel()
    },
  }
}
