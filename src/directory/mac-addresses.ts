import type { DeviceId } from '../base/identity.js'
import type { Device } from './contract.js'

/** Finds phones by MAC address. */
export interface MacIndex {
  deviceWith(mac: string): DeviceId | null
}

export interface MacIndexNeeds {
  all(): readonly Pick<Device, 'id' | 'mac'>[]
  onChange(listener: (device: DeviceId) => void): () => void
}

/** The index is rebuilt at the first query after a change. */
export function createMacIndex({ all, onChange }: MacIndexNeeds): MacIndex {
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
