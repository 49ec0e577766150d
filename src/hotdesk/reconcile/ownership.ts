import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Replica } from '../../store/store.js'

/**
 * Whether this node may be the one that looks after a phone: it is registered here, or at no living node of its site. The copy tells
 * it, so that not every node asks Redis; the functions of leaving.lua decide, by the same rule.
 */
export function mayBeOurs(device: DeviceId, { replica, node }: { readonly replica: Replica; readonly node: NodeName }): boolean {
  const holder = replica.hash(`reg:${device}`)?.get('node')
  if (holder === undefined || holder === node) return true
  const site = replica.hash(`node:${holder}`)?.get('site')
  const home = replica.hash(`device:${device}`)?.get('site')
  return site === undefined || (home !== undefined && home !== site)
}
