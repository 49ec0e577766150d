import type { NodeName, SiteName } from '../base/identity.js'
import type { LiveNode } from './contract.js'
import type { Shelf } from './shelf.js'

/** What people of each site know as a call for help. It is kept when the site is lost: its people are elsewhere then. */
export interface Emergencies {
  of(site: SiteName): readonly string[]
}

export function createEmergencies(nodes: Shelf<NodeName, LiveNode>): Emergencies {
  const bySite = new Map<SiteName, readonly string[]>()
  const note = ({ site, emergency }: LiveNode): void => void bySite.set(site, emergency)
  nodes.all().forEach(note)
  nodes.onChange((name) => {
    const node = nodes.get(name)
    if (node) note(node)
  })
  return { of: (site) => bySite.get(site) ?? [] }
}
