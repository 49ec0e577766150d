import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Replica } from '../../store/store.js'

/**
 * Whether this node may own the background work on a phone: the phone is registered here, or at no live node of its site. Decided from the
 * copy, so that not every node asks Redis. `other_owner` in functions/library.lua has the final decision, by the same rule.
 */
export function mayOwn(device: DeviceId, { replica, node }: { readonly replica: Replica; readonly node: NodeName }): boolean {
  const holder = replica.hash(`reg:${device}`)?.get('node')
  if (holder === undefined || holder === node) return true
  const site = replica.hash(`node:${holder}`)?.get('site')
  const home = replica.hash(`device:${device}`)?.get('site')
  return site === undefined || (home !== undefined && home !== site)
}
