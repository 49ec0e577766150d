import type { Clock } from '../../base/clock.js'
import { type DeviceId, type NodeName, parseDeviceId } from '../../base/identity.js'
import type { Replica } from '../../store/store.js'
import { type BoundContact, fromRecord } from './binding.js'

/** The registrations of all nodes as the copy of Redis has them. */
export interface RegistrationCopy {
  /** All that the record says. */
  recorded(device: DeviceId): readonly BoundContact[]
  /** Those whose time is not over. */
  fresh(device: DeviceId): readonly BoundContact[]
  /** The node that wrote the record; null without one. */
  holder(device: DeviceId): string | null
  /** The record is another node's. */
  isElsewhere(device: DeviceId): boolean
  devices(): Iterable<DeviceId>
  /** A record was written, changed by hand, deleted or has expired. */
  onChange(listener: (device: DeviceId) => void): () => void
}

export const recordKey = (device: DeviceId): string => `reg:${device}`

export function createRegistrationCopy(replica: Replica, node: NodeName, clock: Clock): RegistrationCopy {
  const recorded = (device: DeviceId): readonly BoundContact[] => fromRecord(device, replica.hash(recordKey(device)))
  const holder = (device: DeviceId): string | null => replica.hash(recordKey(device))?.get('node') ?? null
  return {
    recorded,
    fresh: (device) => recorded(device).filter(({ expires }) => expires * 1000 > clock.now()),
    holder,
    isElsewhere: (device) => (holder(device) ?? node) !== node,
    devices: () => [...replica.keysUnder('reg:')].flatMap((key) => deviceIn(key) ?? []),
    onChange: (listener) =>
      replica.onChange((key) => {
        const device = deviceIn(key)
        if (device) listener(device)
      }),
  }
}

function deviceIn(key: string): DeviceId | null {
  return key.startsWith('reg:') ? parseDeviceId(key.slice('reg:'.length)) : null
}
