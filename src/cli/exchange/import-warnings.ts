import { type Extension, parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { elinWarnings, locationWarnings, numberWarnings, siteWarnings } from '../operator/site-warnings.js'
import type { DeviceImport, Draft } from './import-records.js'
import { passwordWarnings } from './password-strength.js'

export interface DoubtNeeds {
  readonly directory: Directory
  readonly dialplan: Dialplan
  readonly config: Config
}

/** What a file says, and may not mean. Asked before it is written. */
export function doubtsAbout(drafts: readonly Draft[], { directory, dialplan, config }: DoubtNeeds): readonly string[] {
  const devices = drafts.filter((draft) => draft.kind === 'devices')
  const moves = devices.flatMap((draft) => moveIn(draft, directory) ?? [])
  const after = new Map<string, Place>(moves.map((move) => [move.after.id, move.after]))
  return [
    ...siteWarnings(strangeSites(drafts), directory, config),
    ...elinWarnings(
      moves.flatMap(({ before }) => before ?? []),
      (id) => after.get(id) ?? null,
    ),
    ...locationWarnings([...after.values()], directory, config),
    ...numberWarnings(drafts.flatMap(userIn), dialplan),
    ...passwordWarnings(writtenPasswords(devices)),
  ]
}

type Place = Pick<Device, 'id' | 'site' | 'location' | 'elin'>

/** A phone of which the file says where it is. */
function moveIn({ id: name, edit }: DeviceImport, directory: Directory): { readonly before: Device | null; readonly after: Place } | null {
  const id = parseDeviceId(name)
  if (id === null || (edit.site === undefined && edit.location === undefined)) return null
  const before = directory.device(id)
  const site = (edit.site as Device['site'] | undefined) ?? before?.site
  if (site === undefined) return null
  const keptElin = before?.site === site ? before.elin : null
  return { before, after: { id, site, location: edit.location ?? before?.location ?? null, elin: edit.elin ?? keptElin } }
}

/** Sites of people and phones; but those that the same file adds. */
function strangeSites(drafts: readonly Draft[]): readonly string[] {
  const added = new Set(drafts.flatMap(({ kind, id }) => (kind === 'sites' ? [id] : [])))
  return drafts.flatMap((draft) => siteIn(draft) ?? []).filter((site) => !added.has(site))
}

function siteIn(draft: Draft): string | undefined {
  return draft.kind === 'users' ? draft.edit.home : draft.kind === 'devices' ? draft.edit.site : undefined
}

function userIn({ kind, id }: Draft): Extension[] {
  const extension = kind === 'users' ? parseExtension(id) : null
  return extension === null ? [] : [extension]
}

function writtenPasswords(drafts: readonly DeviceImport[]): ReadonlyMap<string, Secret> {
  return new Map(drafts.flatMap(({ id, password }) => (password ? [[id, password] as const] : [])))
}
