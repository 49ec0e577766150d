import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type DeviceId, parseSiteName, type SiteName } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import type { Directory, Site } from '../../directory/directory.js'
import type { Replica } from '../../store/store.js'
import { readDialplan } from '../settings.js'

/** One site, from Redis and from the dial plans on this machine. */
export interface SiteOverview {
  readonly site: SiteName
  /** Its record in Redis; null if there is none. */
  readonly record: Site | null
  /** Names of live nodes. */
  readonly nodes: readonly string[]
  readonly phones: number
  readonly registered: number
  readonly loggedIn: number
  /** Users whose home it is. */
  readonly users: number
  /** Its file on this machine; null if there is none. */
  readonly dialplan: string | null
}

/** Every site that a record, a dial plan, a node, a phone or a user names. */
export function sitesIn(directory: Directory, replica: Replica, config: Config): readonly SiteOverview[] {
  const [nodes, devices, users] = [directory.nodes(), directory.devices(), directory.users()]
  const named = [
    config.site,
    ...plannedSites(config),
    ...directory.sites().map(({ id }) => id),
    ...[...nodes, ...devices].map(({ site }) => site),
    ...users.map(({ home }) => home),
  ]
  const isRegistered = (id: DeviceId): boolean => replica.hash(`reg:${id}`) !== undefined
  const isTaken = (id: DeviceId): boolean => replica.hash('devices')?.has(id) ?? false
  return [...new Set(named)].toSorted().map((site) => {
    const phones = devices.filter((device) => device.site === site)
    return {
      site,
      record: directory.site(site),
      nodes: nodes
        .filter((node) => node.site === site)
        .map(({ name }) => name)
        .toSorted(),
      phones: phones.length,
      registered: phones.filter(({ id }) => isRegistered(id)).length,
      loggedIn: phones.filter(({ id }) => isTaken(id)).length,
      users: users.filter(({ home }) => home === site).length,
      dialplan: fileOf(site, config),
    }
  })
}

/** Sites whose dial plan is beside the one of this node. */
export function plannedSites(config: Config): SiteName[] {
  const folder = dirname(config.dialplan)
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : []
  return files.flatMap((file) => (join(folder, file) === config.dialplan ? [] : (parseSiteName(basename(file, '.yaml')) ?? [])))
}

/** The dial plan of a site, if it is on this machine. */
export function fileOf(site: SiteName, { dialplan, site: own }: Config): string | null {
  const file = site === own ? dialplan : join(dirname(dialplan), `${site}.yaml`)
  return existsSync(file) ? file : null
}

/** The codes and trunks of its dial plan on this machine; null if there is none. */
export function planOf({ site, dialplan: file }: SiteOverview, config: Config) {
  if (file === null) return null
  const { codes, elin, trunks } = readDialplan({ ...config, site, dialplan: file })
  return { login: codes.login, logout: codes.logout, elin, trunks: trunks.map(({ name }) => name) }
}
