import type { DeviceId, Extension } from '../base/identity.js'
import type { Device } from './contract.js'

/** The phones of each owner. Needed for each call, so they are indexed. */
export interface OwnerIndex {
  devicesOf(extension: Extension): readonly Device[]
}

export interface OwnerIndexNeeds {
  all(): readonly Device[]
  onChange(listener: (device: DeviceId) => void): () => void
}

/** The index is rebuilt at the first query after a change. */
export function createOwnerIndex({ all, onChange }: OwnerIndexNeeds): OwnerIndex {
  let byOwner: ReadonlyMap<Extension, readonly Device[]> | null = null
  onChange(() => {
    byOwner = null
  })
  return {
    devicesOf(extension) {
      byOwner ??= indexOf(all())
      return byOwner.get(extension) ?? []
    },
  }
}

function indexOf(devices: readonly Device[]): ReadonlyMap<Extension, readonly Device[]> {
  const index = new Map<Extension, Device[]>()
  for (const device of devices) {
    if (device.owner === null) continue
    const own = index.get(device.owner)
    if (own) own.push(device)
    else index.set(device.owner, [device])
  }
  return index
}
