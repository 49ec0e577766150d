import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Registrar } from '../../registrar/registrar.js'

export interface DeskPhonesNeeds {
  readonly directory: Pick<Directory, 'ownedBy'>
  readonly hotdesk: Pick<Hotdesk, 'devicesOf' | 'userOn'>
}

/** Phones where the user is logged in, and their own ones. */
export function phonesOf(extension: Extension, { directory, hotdesk }: DeskPhonesNeeds): readonly DeviceId[] {
  const own = directory.ownedBy(extension).filter(({ id }) => hotdesk.userOn(id) === null)
  return [...hotdesk.devicesOf(extension), ...own.map(({ id }) => id)]
}

/** The other nodes at which these phones are registered, each with its phones. */
export function atOtherNodes(
  phones: readonly DeviceId[],
  { registrar, node }: { readonly registrar: Pick<Registrar, 'bindingsOf'>; readonly node: NodeName },
): ReadonlyMap<NodeName, readonly DeviceId[]> {
  const nodesOf = (id: DeviceId): readonly NodeName[] => registrar.bindingsOf(id).map((binding) => binding.node)
  const others = new Set(phones.flatMap(nodesOf).filter((other) => other !== node))
  return new Map(Array.from(others, (other) => [other, phones.filter((id) => nodesOf(id).includes(other))]))
}
