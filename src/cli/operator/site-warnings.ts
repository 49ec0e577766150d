import type { DeviceId, Extension } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { plannedSites } from './site-overview.js'

/** What to say of sites that a phone or a person was just given, and that nothing else knows: mostly slips of the pen. */
export function siteWarnings(sites: Iterable<string | undefined>, directory: Directory, config: Config): readonly string[] {
  const alive = directory.nodes().map(({ site }) => site)
  const known = new Set<string>([config.site, ...plannedSites(config), ...directory.sites().map(({ id }) => id), ...alive])
  const unknown = new Set([...sites].flatMap((site) => (site === undefined || known.has(site) ? [] : [site])))
  return Array.from(
    unknown,
    (site) => `no node, no dial plan and no record knows the site ${site}; where it is right: hotdesk site add ${site}`,
  )
}

/** What to say of people whom no pattern of the site takes. A reserved number, which means something else, is another matter. */
export function numberWarnings(extensions: readonly Extension[], dialplan: Dialplan): readonly string[] {
  const isTaken = (extension: Extension): boolean => dialplan.route(extension).kind === 'user' || dialplan.reserved(extension) !== null
  const numbers = extensions.filter((extension) => !isTaken(extension))
  const { site } = dialplan
  if (numbers.length === 0) return []
  return [`${listed(numbers)}: no pattern of extensions in the dial plan of ${site} takes it, so callers at ${site} cannot; add one`]
}

/** What to say of phones whose owner is gone. */
export function ownerWarnings(phones: readonly Device[]): readonly string[] {
  if (phones.length === 0) return []
  const names = listed(phones.map(({ id }) => id).toSorted())
  return [`${names}: the owner is no user; another, or "" for none: hotdesk device set --owner`]
}

/** What to say of phones that have moved to another site, where the emergency number of the old one means nothing. */
export function elinWarnings(before: readonly Device[], now: (id: DeviceId) => Pick<Device, 'site' | 'elin'> | null): readonly string[] {
  return before.flatMap(({ id, site, elin }) => {
    const after = now(id)
    if (elin === null || !after || after.site === site || after.elin !== null) return []
    return [
      `${id}: its emergency number ${elin} was one of ${site} and is taken away; calls for help show that of ${after.site}, or set --elin`,
    ]
  })
}

/** What to say of phones whose location names another site than theirs: emergency calls tell it as it is. */
export function locationWarnings(
  devices: readonly Pick<Device, 'id' | 'site' | 'location'>[],
  directory: Directory,
  config: Config,
): readonly string[] {
  const names = siteNames(directory, config)
  return devices.flatMap(({ id, site, location }) => {
    const words = wordsOf(location ?? '')
    if (location === null || names.some(([of, name]) => of === site && words.includes(name))) return []
    const other = names.find(([, name]) => words.includes(name))
    return other ? [`${id}: it is a phone of ${site}, and its location "${location}" names ${other[0]}; emergency calls tell that`] : []
  })
}

/** `London, 2nd floor` → ` london 2nd floor `, without accents. */
function wordsOf(text: string): string {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  return ` ${plain.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()} `
}

/** Each site with the words of its id and, up to a comma, those of its name. */
function siteNames(directory: Directory, config: Config): readonly (readonly [site: string, words: string])[] {
  const ids = [config.site, ...plannedSites(config), ...[...directory.nodes(), ...directory.devices()].map(({ site }) => site)]
  const named = directory.sites().flatMap(({ id, name }) => [[id, id] as const, [id, name.split(',')[0] ?? ''] as const])
  const all = [...Array.from(new Set(ids), (id) => [id, id] as const), ...named]
  return all.map(([site, name]) => [site, wordsOf(name)] as const).filter(([, words]) => words.trim().length > 2)
}

const mostListed = 10

/** The first of them, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length > mostListed ? ` and ${names.length - mostListed} more` : ''
  return names.slice(0, mostListed).join(', ') + more
}
