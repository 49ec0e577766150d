import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Store } from '../store/store.js'
import { deviceKey } from './refresh-record.js'

export interface RefreshTriggerNeeds {
  readonly store: Pick<Store, 'replica'>
  readonly wanted: (device: DeviceId) => void
  /** An operator has set `refresh` to `pending`, without a new epoch. */
  readonly askedByHand: (device: DeviceId) => void
  /** The quiet time after an emergency call is over. */
  readonly quietOver: (device: DeviceId) => void
}

/** The fields of a phone's record that ask for a refresh. */
interface RefreshRequest {
  /** Grows with each login, logout and `hotdesk_refresh`. */
  readonly epoch: string
  readonly isPending: boolean
}

const noRequest: RefreshRequest = { epoch: '', isPending: false }

/**
 * Finds in the records of phones which of them must be refreshed: those with a new `epoch`, those whose `refresh` an operator sets to
 * `pending`, and those still pending when this node starts. Returns the function that stops listening.
 */
export function watchRefreshTriggers({ store: { replica }, wanted, askedByHand, quietOver }: RefreshTriggerNeeds): () => void {
  const requests = new Map<DeviceId, RefreshRequest>()

  function read(device: DeviceId): RefreshRequest {
    const record = replica.hash(deviceKey(device))
    const request = { epoch: record?.get('epoch') ?? '', isPending: record?.get('refresh') === 'pending' }
    if (record) requests.set(device, request)
    else requests.delete(device)
    return request
  }

  function follow(key: string): void {
    const [kind, name = ''] = key.split(':', 2)
    const device = kind === 'device' || kind === 'quiet' ? parseDeviceId(name) : null
    if (!device) return
    if (kind === 'quiet') {
      if (replica.hash(key) === undefined) quietOver(device)
      return
    }
    const before = requests.get(device) ?? noRequest
    const now = read(device)
    if (now.epoch !== '' && now.epoch !== before.epoch) wanted(device)
    else if (now.isPending && !before.isPending) askedByHand(device)
  }

  for (const key of replica.keysUnder('device:')) {
    const device = parseDeviceId(key.slice('device:'.length))
    if (device && read(device).isPending) wanted(device)
  }
  return replica.onChange(follow)
}
