import type { Clock } from '../../base/clock.js'
import { type DeviceId, type NodeName, parseDeviceId } from '../../base/identity.js'
import type { NetworkClock, Replica } from '../../store/store.js'
import { type BoundContact, fromRecord } from './binding.js'

/** The registrations of all nodes as the copy of Redis has them, with times of the node's own clock. */
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

export interface RegistrationCopyNeeds {
  readonly replica: Replica
  /** The node's own. */
  readonly clock: Clock
  readonly networkClock: Pick<NetworkClock, 'aheadMs'>
}

/** What the record of a device says, with times of the node's own clock. */
export function recordedOf(device: DeviceId, { replica, clock, networkClock }: RegistrationCopyNeeds): readonly BoundContact[] {
  const bindings = fromRecord(device, replica.hash(recordKey(device)))
  const aheadSeconds = networkClock.aheadMs / 1_000
  const leftMs = replica.leftMs(recordKey(device))
  const last = Math.max(...bindings.map(({ expires }) => expires))
  // The last contact ends with the record, whatever the clocks of Redis and of the node that wrote it have shown since.
  const shift = leftMs === null ? -aheadSeconds : (clock.now() + leftMs) / 1_000 - last
  return bindings.map((binding) => ({
    ...binding,
    expires: binding.expires === 0 ? 0 : binding.expires + shift,
    registered: binding.registered - aheadSeconds,
  }))
}

export function createRegistrationCopy(node: NodeName, needs: RegistrationCopyNeeds): RegistrationCopy {
  const { replica, clock } = needs
  const recorded = (device: DeviceId): readonly BoundContact[] => recordedOf(device, needs)
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
