import { messageOf } from '../../base/errors.js'
import { type DeviceId, parseDeviceId, parseExtension, parseSiteName } from '../../base/identity.js'
import { type Seal, sealedElsewhere } from '../../base/seal.js'
import type { Secret } from '../../base/secret.js'
import type { ParsedFile, Path, Problem } from '../../config/yaml/yaml-schema.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { DeviceEdit, Directory, EditOutcome, SiteEdit, UserEdit } from '../../directory/directory.js'
import { type PinPolicy, weaknessOf } from '../../hotdesk/hotdesk.js'
import type { Reserved } from '../operator/reservations.js'
import { deviceFields, mergedDeviceEdit } from '../records/device-fields.js'
import { editsIn, type Named } from '../records/field-options.js'
import { weaknessWords } from '../records/pins.js'
import { mergedSiteEdit, siteFields } from '../records/site-fields.js'
import { mergedUserEdit, userFields } from '../records/user-fields.js'
import { type NetworkFile, recordKey, type WrittenPassword, type WrittenPin } from './file/network-file.js'
import { checkBooks } from './import-contacts.js'
import { passwordStrength, trivialWords } from './password-strength.js'

/** The import of one record, with the PIN or password as written in the file. */
export interface UserImport {
  readonly kind: 'users'
  readonly id: string
  readonly isNew: boolean
  readonly edit: UserEdit
  readonly pin: WrittenPin | null
}

export interface DeviceImport {
  readonly kind: 'devices'
  readonly id: string
  readonly isNew: boolean
  readonly edit: DeviceEdit
  readonly password: Secret | null
}

interface SiteImport {
  readonly kind: 'sites'
  readonly id: string
  readonly isNew: boolean
  readonly edit: SiteEdit
}

/** An assignment in the file. */
export interface Login {
  readonly device: string
  readonly user: string
}

export type RecordImport = UserImport | DeviceImport | SiteImport

export interface ImportRecordNeeds extends Pick<ParsedFile, 'placeOf'> {
  readonly directory: Directory
  readonly dialplan: Pick<Dialplan, 'site'>
  readonly reserved: Reserved
  readonly seal: Seal
  readonly pins: PinPolicy
  /** Whether records that are not in the file stay. */
  readonly others: 'keep' | 'remove'
}

export interface ImportRecords {
  readonly records: readonly RecordImport[]
  readonly logins: readonly Login[]
  readonly contacts: NetworkFile['contacts']
  /** Problems that only a comparison with the network or with other records shows. */
  readonly problems: readonly Problem[]
}

/** Checks the records of a file. A new record without a site gets that of this node. */
export function checkRecords(file: NetworkFile, needs: ImportRecordNeeds): ImportRecords {
  const problems: Problem[] = []
  const complain = (path: Path, message: string): void => void problems.push({ place: needs.placeOf(path), key: recordKey(path), message })
  const users = Object.entries(file.users).map(([id, entry]) => userImport(id, entry as UserEntry, needs, complain))
  const devices = Object.entries(file.devices).map(([id, entry]) => deviceImport(id, entry as DeviceEntry, needs, complain))
  const sites = Object.entries(file.sites).map(([id, values]) => siteImport(id, values as Named, needs, complain))
  macConflicts(devices, needs, complain)
  // An import of phones alone removes no users.
  const isAllUsers = needs.others === 'remove' && users.length > 0
  for (const { id, edit } of devices) {
    const owner = edit.owner ?? null
    if (owner === null || Object.hasOwn(file.users, owner)) continue
    if (isAllUsers) complain(['devices', id, 'owner'], 'there is no such user here, and others are removed')
    else if (!isUser(owner, needs)) complain(['devices', id, 'owner'], 'there is no such user, neither here nor in the network')
  }
  const logins = Object.entries(file.logins).map(([id, user]): Login => ({ device: id, user }))
  checkBooks(file, needs.directory, complain)
  for (const { device, user } of logins) {
    if (!Object.hasOwn(file.devices, device) && !isDevice(device, needs)) complain(['logins', device], 'there is no such phone')
    if (!Object.hasOwn(file.users, user) && !isUser(user, needs)) complain(['logins', device], 'there is no such user')
  }
  return { records: [...users, ...devices, ...sites], logins, contacts: file.contacts, problems: withoutRepetition(problems) }
}

/** Many passwords sealed with another secret are one mistake, reported once. */
function withoutRepetition(problems: readonly Problem[]): readonly Problem[] {
  const [first, ...others] = problems.filter(({ message }) => message.startsWith(sealedElsewhere))
  if (!first || others.length === 0) return problems
  const message =
    `${others.length + 1} sealed passwords do not open: they were exported from another network, or under another \`secret\`; ` +
    'import them there, or leave the passwords out'
  return [...problems.filter((each) => each !== first && !others.includes(each)), { ...first, message }]
}

type UserEntry = Named & { readonly pin?: WrittenPin }
type DeviceEntry = Named & { readonly password?: WrittenPassword }
type Complain = (path: Path, message: string) => void

function userImport(id: string, { pin, ...values }: UserEntry, needs: ImportRecordNeeds, complain: Complain): UserImport {
  const { directory, dialplan, pins } = needs
  const path = ['users', id]
  const isNew = !isUser(id, { directory })
  const edit: UserEdit = { ...(isNew ? { home: dialplan.site } : {}), ...mergedUserEdit(editsIn(userFields, values)) }
  const extension = parseExtension(id)
  const reserved = extension && needs.reserved(extension)
  if (reserved) complain(path, reserved)
  else tell(path, directory.prepareUser(id, edit), complain)
  const weakness = pin?.kind === 'digits' ? weaknessOf(pin.pin, id, pins) : null
  if (weakness) complain([...path, 'pin'], weaknessWords(weakness, pins))
  return { kind: 'users', id, isNew, edit, pin: pin ?? null }
}

function deviceImport(id: string, { password, ...values }: DeviceEntry, needs: ImportRecordNeeds, complain: Complain): DeviceImport {
  const { directory, dialplan, seal } = needs
  const path = ['devices', id]
  const device = parseDeviceId(id)
  const isNew = device === null || directory.device(device) === null
  const edit: DeviceEdit = { ...(isNew ? { site: dialplan.site, hotdesk: true } : {}), ...mergedDeviceEdit(editsIn(deviceFields, values)) }
  tell(path, directory.prepareDevice(id, edit), complain)
  try {
    const opened = password && device ? clear(password, device, seal) : null
    const isKept = device !== null && opened?.reveal() === directory.device(device)?.password?.reveal()
    // An exported password is restored even if it is weak.
    const isNewlyChosen = opened !== null && password?.kind === 'clear' && !isKept
    if (isNewlyChosen && passwordStrength(opened, id) === 'trivial') complain([...path, 'password'], trivialWords)
    return { kind: 'devices', id, isNew, edit: password?.kind === 'sealed' ? { ...edit, sealed: password.text } : edit, password: opened }
  } catch (fault) {
    complain([...path, 'password'], messageOf(fault))
    return { kind: 'devices', id, isNew, edit, password: null }
  }
}

/** A hardware address belongs to one phone. A phone that the file removes, or gives another address, no longer has it. */
function macConflicts(devices: readonly DeviceImport[], { directory, others }: ImportRecordNeeds, complain: Complain): void {
  const named = new Map(devices.map((record) => [record.id, record]))
  const first = new Map<string, string>()
  for (const { id, edit } of devices) {
    if (!edit.mac) continue
    const holder = directory.withMac(edit.mac)
    const isLeft = holder !== null && (named.has(holder) ? named.get(holder)?.edit.mac !== undefined : others === 'remove')
    const twin = first.get(edit.mac)
    if (twin !== undefined) complain(['devices', id, 'mac'], `${twin} has this hardware address in this file already`)
    else if (holder !== null && holder !== id && !isLeft) complain(['devices', id, 'mac'], `${holder} has this hardware address`)
    if (twin === undefined) first.set(edit.mac, id)
  }
}

function siteImport(id: string, values: Named, { directory }: ImportRecordNeeds, complain: Complain): SiteImport {
  const site = parseSiteName(id)
  const isNew = site === null || directory.site(site) === null
  const edit = mergedSiteEdit(editsIn(siteFields, values))
  tell(['sites', id], directory.prepareSite(id, edit), complain)
  return { kind: 'sites', id, isNew, edit }
}

function clear(written: WrittenPassword, device: DeviceId, seal: Seal): Secret {
  return written.kind === 'clear' ? written.password : seal.open(written.text, device)
}

function isUser(id: string, { directory }: Pick<ImportRecordNeeds, 'directory'>): boolean {
  const extension = parseExtension(id)
  return extension !== null && directory.user(extension) !== null
}

function isDevice(id: string, { directory }: Pick<ImportRecordNeeds, 'directory'>): boolean {
  const device = parseDeviceId(id)
  return device !== null && directory.device(device) !== null
}

function tell(path: Path, prepared: { readonly outcome: string } | EditOutcome, complain: Complain): void {
  if ('reasons' in prepared) for (const reason of prepared.reasons) complain(path, reason)
}
