import type { DeviceId } from '../base/identity.js'
import type { Device } from './contract.js'

/** Which phone has which hardware address. */
export interface Macs {
  deviceWith(mac: string): DeviceId | null
}

export interface MacsNeeds {
  all(): readonly Pick<Device, 'id' | 'mac'>[]
  onChange(listener: (device: DeviceId) => void): () => void
}

/** The index is made again for the first question after a change. */
export function createMacs({ all, onChange }: MacsNeeds): Macs {
  let devices: ReadonlyMap<string, DeviceId> | null = null
  onChange(() => {
    devices = null
  })
  return {
    deviceWith(mac) {
      devices ??= new Map(all().flatMap((device) => (device.mac === null ? [] : [[device.mac, device.id] as const])))
      return devices.get(mac) ?? null
    },
  }
}
