import type { DeviceId, Extension } from '../base/identity.js'
import type { Device } from './contract.js'

/** Whose own phones which are: asked for each call, so it is kept at hand. */
export interface Owners {
  devicesOf(extension: Extension): readonly Device[]
}

export interface OwnersNeeds {
  all(): readonly Device[]
  onChange(listener: (device: DeviceId) => void): () => void
}

/** The index is made anew after the first question that follows a change. */
export function createOwners({ all, onChange }: OwnersNeeds): Owners {
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
