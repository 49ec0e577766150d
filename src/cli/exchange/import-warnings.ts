import { type Extension, parseDeviceId, parseExtension, parseSiteName } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { elinWarnings, locationWarnings, numberWarnings, siteWarnings } from '../operator/site-warnings.js'
import { doubtText, type NamedUser, nameDoubts } from '../references/references.js'
import type { DeviceImport, RecordImport } from './import-records.js'
import { passwordWarnings } from './password-strength.js'

export interface WarningNeeds {
  readonly directory: Directory
  readonly dialplan: Dialplan
  readonly config: Config
}

/** Warns of values that are valid but probably not intended. Computed before anything is written. */
export function importWarnings(records: readonly RecordImport[], { directory, dialplan, config }: WarningNeeds): readonly string[] {
  const devices = records.filter((record) => record.kind === 'devices')
  const moves = devices.flatMap((record) => moveIn(record, directory) ?? [])
  const after = new Map<string, Place>(moves.map((move) => [move.after.id, move.after]))
  return [
    ...siteWarnings(strangeSites(records), directory, config),
    ...elinWarnings(
      moves.flatMap(({ before }) => before ?? []),
      (id) => after.get(id) ?? null,
    ),
    ...locationWarnings([...after.values()], directory, config),
    ...numberWarnings(records.flatMap(userIn), dialplan),
    ...nameDoubts(
      records.flatMap((record) => namedIn(record, directory)),
      dialplan,
    ).map(doubtText),
    ...passwordWarnings(writtenPasswords(devices)),
  ]
}

type Place = Pick<Device, 'id' | 'site' | 'location' | 'elin'>

/** The old and new place of a phone whose site or location the file sets. */
function moveIn({ id: name, edit }: DeviceImport, directory: Directory): { readonly before: Device | null; readonly after: Place } | null {
  const id = parseDeviceId(name)
  if (id === null || (edit.site === undefined && edit.location === undefined)) return null
  const before = directory.device(id)
  const site = (edit.site as Device['site'] | undefined) ?? before?.site
  if (site === undefined) return null
  const keptElin = before?.site === site ? before.elin : null
  return { before, after: { id, site, location: edit.location ?? before?.location ?? null, elin: edit.elin ?? keptElin } }
}

/** Sites of users and phones, except those that the same file adds. */
function strangeSites(records: readonly RecordImport[]): readonly string[] {
  const added = new Set(records.flatMap(({ kind, id }) => (kind === 'sites' ? [id] : [])))
  return records.flatMap((record) => siteIn(record) ?? []).filter((site) => !added.has(site))
}

function siteIn(record: RecordImport): string | undefined {
  return record.kind === 'users' ? record.edit.home : record.kind === 'devices' ? record.edit.site : undefined
}

/** The user as the file leaves the record. */
function namedIn(record: RecordImport, directory: Directory): NamedUser[] {
  const [extension] = userIn(record)
  if (record.kind !== 'users' || extension === undefined) return []
  const present = directory.user(extension)
  const home = parseSiteName(record.edit.home ?? '') ?? present?.home
  const names = { rights: null, outOfHoursRights: null, timeProfile: null, profile: null }
  return home ? [{ ...names, ...present, ...record.edit, extension, home }] : []
}

function userIn({ kind, id }: RecordImport): Extension[] {
  const extension = kind === 'users' ? parseExtension(id) : null
  return extension === null ? [] : [extension]
}

function writtenPasswords(records: readonly DeviceImport[]): ReadonlyMap<string, Secret> {
  return new Map(records.flatMap(({ id, password }) => (password ? [[id, password] as const] : [])))
}
