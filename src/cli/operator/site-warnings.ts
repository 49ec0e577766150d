import type { DeviceId, Extension } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { plannedSites } from './site-overview.js'

/** Warns of sites, given to a phone or a user, that nothing else names: mostly typing errors. */
export function siteWarnings(
  sites: Iterable<string | undefined>,
  directory: Pick<Directory, 'nodes' | 'sites'>,
  config: Config,
): readonly string[] {
  const alive = directory.nodes().map(({ site }) => site)
  const known = new Set<string>([config.site, ...plannedSites(config), ...directory.sites().map(({ id }) => id), ...alive])
  const unknown = new Set([...sites].flatMap((site) => (site === undefined || known.has(site) ? [] : [site])))
  return Array.from(
    unknown,
    (site) => `unknown site ${site}: it has no node, dial plan or record. If it is correct: hotdesk site add ${site}`,
  )
}

/** Warns of users whose extension matches no pattern of the site. Reserved numbers are reported elsewhere. */
export function numberWarnings(extensions: readonly Extension[], dialplan: Dialplan): readonly string[] {
  const isTaken = (extension: Extension): boolean => dialplan.route(extension).kind === 'user' || dialplan.reserved(extension) !== null
  const numbers = extensions.filter((extension) => !isTaken(extension))
  const { site } = dialplan
  if (numbers.length === 0) return []
  return [`${listed(numbers)}: cannot be called from ${site}: no extension pattern of its dial plan matches`]
}

/** Warns of phones whose owner no longer exists. */
export function ownerWarnings(phones: readonly Device[]): readonly string[] {
  if (phones.length === 0) return []
  const names = listed(phones.map(({ id }) => id).toSorted())
  return [`${names}: the owner does not exist; set another, or "" for none, with hotdesk device set --owner`]
}

/** Warns of phones that moved to another site and lost the emergency number of the old one. */
export function elinWarnings(before: readonly Device[], now: (id: DeviceId) => Pick<Device, 'site' | 'elin'> | null): readonly string[] {
  return before.flatMap(({ id, site, elin }) => {
    const after = now(id)
    if (elin === null || !after || after.site === site || after.elin !== null) return []
    return [
      `${id}: its emergency number ${elin} belongs to ${site} and was removed; emergency calls now show that of ${after.site}, unless you set --elin`,
    ]
  })
}

/** Warns of phones whose location names another site: emergency calls report the location as it is written. */
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
    return other ? [`${id}: a phone of ${site} whose location "${location}" names ${other[0]}; emergency calls report that location`] : []
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

/** The first ten names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length > mostListed ? ` and ${names.length - mostListed} more` : ''
  return names.slice(0, mostListed).join(', ') + more
}
