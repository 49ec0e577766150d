import type { Extension } from '../../base/identity.js'
import type { Config } from '../../config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { plannedSites } from './site-overview.js'

/** What to say of sites that a phone or a person was just given, and that nothing else knows: mostly slips of the pen. */
export function siteDoubts(sites: Iterable<string | undefined>, directory: Directory, config: Config): readonly string[] {
  const alive = directory.nodes().map(({ site }) => site)
  const known = new Set<string>([config.site, ...plannedSites(config), ...directory.sites().map(({ id }) => id), ...alive])
  const unknown = new Set([...sites].flatMap((site) => (site === undefined || known.has(site) ? [] : [site])))
  return Array.from(
    unknown,
    (site) => `no node, no dial plan and no record knows the site ${site}; where it is right: hotdesk site add ${site}`,
  )
}

/** What to say of people whom no pattern of the site takes. A reserved number, which means something else, is another matter. */
export function numberDoubts(extensions: readonly Extension[], dialplan: Dialplan): readonly string[] {
  const isTaken = (extension: Extension): boolean => dialplan.route(extension).kind === 'user' || dialplan.reserved(extension) !== null
  const numbers = extensions.filter((extension) => !isTaken(extension))
  const { site } = dialplan
  if (numbers.length === 0) return []
  return [`${listed(numbers)}: no pattern of extensions in the dial plan of ${site} takes it, so callers at ${site} cannot; add one`]
}

/** What to say of phones whose owner is gone. */
export function ownerDoubts(phones: readonly Device[]): readonly string[] {
  if (phones.length === 0) return []
  const names = listed(phones.map(({ id }) => id).toSorted())
  return [`${names}: the owner is no user; another, or "" for none: hotdesk device set --owner`]
}

const mostListed = 10

/** The first of them, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length > mostListed ? ` and ${names.length - mostListed} more` : ''
  return names.slice(0, mostListed).join(', ') + more
}
