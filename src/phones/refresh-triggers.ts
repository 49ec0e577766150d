import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Store } from '../store/store.js'
import { deviceKey } from './refresh-record.js'

export interface RefreshTriggerNeeds {
  readonly store: Store
  readonly hotdesk: Hotdesk
  readonly wanted: (device: DeviceId) => void
  /** The quiet time after an emergency call is over. */
  readonly quietOver: (device: DeviceId) => void
}

/**
 * Whoever wants a phone refreshed: a login or logout by whatever hand, one that changed nothing included; an operator who sets `refresh` of
 * the phone's record to `pending`; what was still pending when this node started. Answers the function that stops listening.
 */
export function watchRefreshTriggers({ store, hotdesk, wanted, quietOver }: RefreshTriggerNeeds): () => void {
  const { replica } = store
  /** Phones whose record says pending, so that only what is new counts. */
  const pending = new Set<DeviceId>()

  function isNewlyPending(device: DeviceId): boolean {
    const isPending = replica.hash(deviceKey(device))?.get('refresh') === 'pending'
    const wasPending = pending.has(device)
    if (isPending) pending.add(device)
    else pending.delete(device)
    return isPending && !wasPending
  }

  function follow(key: string): void {
    const [kind, name = ''] = key.split(':', 2)
    const device = kind === 'device' || kind === 'quiet' ? parseDeviceId(name) : null
    if (!device) return
    if (kind === 'device' && isNewlyPending(device)) wanted(device)
    if (kind === 'quiet' && replica.hash(key) === undefined) quietOver(device)
  }

  const offs = [replica.onChange(follow), hotdesk.onChange(({ device }) => wanted(device)), hotdesk.onRefreshWanted(wanted)]
  for (const key of replica.keysUnder('device:')) follow(key)
  return () => {
    for (const off of offs) off()
  }
}
