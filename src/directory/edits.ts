import { parseDeviceId, parseExtension, parseSiteName } from '../base/identity.js'
import type { Seal } from '../base/seal.js'
import { type FieldChanges, type RecordChange, removalMarks, type Store, type StreamWrite } from '../store/store.js'
import { auditEntries, type Operator, operatorArgument, type PhoneUser, phoneUserArgument } from './audit.js'
import type { Directory, EditOutcome, Expected, Prepared, RemoveOutcome, Site } from './contract.js'
import { untilCopied } from './copied.js'
import { keepsOldLocation, macTaken, moved, otherMeaning, readPut, withoutLocation } from './edit-rules.js'
import type { MacIndex } from './mac-addresses.js'
import { deviceChanges, parseDevice, parseSite, parseUser, siteChanges, userChanges, usualTexts } from './records.js'
import type { SecretCheck } from './secret-check.js'

type Kinds = 'User' | 'Device' | 'Site'
export type Edits = Pick<Directory, `put${Kinds}` | `remove${Kinds}` | `prepare${Kinds}` | 'apply'>

export interface EditNeeds {
  readonly store: Store
  readonly seal: Seal
  readonly secretCheck: Pick<SecretCheck, 'require'>
  readonly macs: MacIndex
  readonly sites: () => readonly Site[]
  /** Named by the events about edits; null: a node edits, which writes such an event only for a user at a phone. */
  readonly operator: Operator | null
}

const reserved = '5'

/** Longer than the age up to which a node compares its saved copy. */
const markSeconds = 30 * 24 * 60 * 60

/** To be called before a password is written. @throws AppError SECRET_DIFFERS */
async function requireSecretFor(changes: readonly RecordChange[], { require }: EditNeeds['secretCheck']): Promise<void> {
  if (changes.some(({ fields }) => fields?.credential)) await require()
}

/** Each edit is checked as the whole record that it would result in. */
export function createEdits({ store, seal, secretCheck, macs, sites, operator }: EditNeeds): Edits {
  const prepareUser: Edits['prepareUser'] = (written, edit) => {
    const extension = parseExtension(written)
    if (!extension) return refused(`"${written}" is no extension: 1 to 15 digits are`)
    if (extension === reserved) return refused(`extension ${reserved} is reserved: *77*${reserved}* is the code for logging out`)
    const meaning = otherMeaning(extension, sites())
    if (meaning !== null) return refused(meaning)
    return prepare(`user:${extension}`, userChanges(edit), (hash) => parseUser(extension, hash).problems)
  }

  const prepareDevice: Edits['prepareDevice'] = (written, edit) => {
    const id = parseDeviceId(written)
    if (!id) return refused(`"${written}" is no device: a letter and then up to 31 letters, digits and "-" are, such as HD0001`)
    const key = `device:${id}`
    const hash = presentIn(key)
    const present = parseDevice(id, hash, seal).value?.password ?? null
    const password = edit.password === undefined ? present : edit.password
    const isSame = password?.reveal() === present?.reveal() && seal.isBound(hash.get('credential') ?? '')
    const { password: _password, sealed, ...others } = moved(edit, hash)
    if (keepsOldLocation(edit, hash)) return refused(withoutLocation(hash))
    // Sealing the same password again would change the field. A seal of an earlier version is renewed with any edit.
    const isKept = isSame || (password === null && edit.password === undefined)
    const changed = isKept ? others : { ...others, password, ...(sealed !== undefined && seal.isBound(sealed) ? { sealed } : {}) }
    return prepare(key, deviceChanges(id, changed, seal), (after) => parseDevice(id, after, seal).problems)
  }

  const prepareSite: Edits['prepareSite'] = (written, edit) => {
    const id = parseSiteName(written)
    if (!id) return refused(`"${written}" is no site: a small letter and then up to 31 small letters, digits and "-" are, such as paris`)
    const key = `site:${id}`
    const changes = siteChanges(edit)
    // Redis does not store a hash without fields, and all fields of a site are optional.
    const isBare = after(presentIn(key), changes).size === 0
    return prepare(key, isBare ? { ...changes, name: id } : changes, (hash) => parseSite(id, hash).problems)
  }

  /** The record in Redis. */
  function presentIn(key: string): Hash {
    return store.isMissing(key) ? nothing : (store.replica.hash(key) ?? nothing)
  }

  function prepare(key: string, changes: FieldChanges, problemsOf: (hash: Hash) => readonly string[]): Prepared {
    const present = presentIn(key)
    const reasons = problemsOf(after(present, changes))
    if (reasons.length > 0) return { outcome: 'REFUSED', reasons }
    const differing = Object.entries(changes).filter(([field, text]) => !isUnchanged(present, field, text))
    return { outcome: 'PREPARED', change: differing.length > 0 ? { key, fields: Object.fromEntries(differing) } : null }
  }

  /** Redis decides, because two operators may edit at the same moment. */
  async function save(key: string, prepared: Prepared, expected: Expected, by?: PhoneUser): Promise<EditOutcome> {
    const isThere = presentIn(key).size > 0
    if (expected === 'new' && isThere) return { outcome: 'EXISTS' }
    if (expected === 'known' && !isThere) return { outcome: 'UNKNOWN' }
    if (prepared.outcome === 'REFUSED') return prepared
    const change = prepared.change ?? { key, fields: {} }
    if (prepared.change === null && expected === 'any') return { outcome: 'SAVED' }
    await requireSecretFor([change], secretCheck)
    const [kind = '', name = ''] = key.split(':')
    // The event names the fields in this order.
    const written = Object.entries(change.fields ?? {}).toSorted(([one], [other]) => one.localeCompare(other, 'en'))
    const fields = written.flatMap(([field, text]) => [field, text ?? ''])
    const outcome = readPut(
      await store.call('hotdesk_put', kind, name, expected, ...fields, ...editorArguments(by, operator)),
      `{${store.network}}:${key}`,
    )
    if (outcome.outcome === 'SAVED') await untilCopied(change, store)
    return outcome
  }

  async function remove(key: string): Promise<RemoveOutcome> {
    if (presentIn(key) === nothing) return { outcome: 'UNKNOWN' }
    await apply([{ key, fields: null }])
    await untilCopied({ key, fields: null }, store)
    return { outcome: 'REMOVED' }
  }

  const apply: Edits['apply'] = async (changes, onQueued = () => undefined, entries = []) => {
    await requireSecretFor(changes, secretCheck)
    const audit = operator ? auditEntries(changes, operator, (key) => presentIn(key).size === 0) : []
    await writeMarked(store, { changes, entries: [...audit, ...entries] }, (count) => onQueued(Math.min(count, changes.length)))
  }

  return {
    prepareUser,
    prepareDevice,
    prepareSite,
    apply,
    putUser: async (extension, edit, expected = 'any', by) => save(`user:${extension}`, prepareUser(extension, edit), expected, by),
    async putDevice(id, edit, expected = 'any') {
      const taken = macTaken(id, edit, macs)
      return save(`device:${id}`, taken === null ? prepareDevice(id, edit) : refused(taken), expected)
    },
    putSite: async (id, edit, expected = 'any') => save(`site:${id}`, prepareSite(id, edit), expected),
    removeUser: (extension) => remove(`user:${extension}`),
    removeDevice: (id) => remove(`device:${id}`),
    removeSite: (id) => remove(`site:${id}`),
  }
}

function editorArguments(by: PhoneUser | undefined, operator: Operator | null): readonly string[] {
  if (by) return [phoneUserArgument(by)]
  return operator ? [operatorArgument(operator)] : []
}

/** A removal writes a mark in the same transaction, which distinguishes it from a loss of data. */
async function writeMarked(
  store: Store,
  { changes, entries }: { readonly changes: readonly RecordChange[]; readonly entries: readonly StreamWrite[] },
  onQueued: (count: number) => void,
): Promise<void> {
  const seconds = String(Math.ceil(store.clock.now() / 1_000))
  const removed = changes.filter(({ fields }) => fields === null).map(({ key }) => [key, seconds] as const)
  const marks = removed.length === 0 ? [] : [{ key: removalMarks, fields: Object.fromEntries(removed) }]
  await store.writeAll([...marks, ...changes.flatMap(withDependents)], onQueued, entries)
  if (removed.length > 0) await store.renew(removalMarks, markSeconds)
}

/** A removal includes call log, personal contacts, wrong PINs and tokens: the next user or phone of the name must not see or inherit them. */
function withDependents(change: RecordChange): readonly RecordChange[] {
  const [kind, id] = change.key.split(':')
  const mac = kind === 'device' && id !== undefined ? change.fields?.mac : null
  if (mac) return [change, { key: 'macs', fields: { [mac]: id ?? '' } }]
  if (change.fields !== null || id === undefined || kind === 'site') return [change]
  const attempts = ['', 'day:', 'wait:', 'seen:', 'familiar:'].map((name) => `attempts:${name}${id}`)
  const own = kind === 'user' ? [`calls:${id}`, `contacts:${id}`] : [`phone:${id}`]
  return [change, ...[...attempts, ...own].map((key) => ({ key, fields: null }))]
}

type Hash = ReadonlyMap<string, string>
const nothing: Hash = new Map()

function refused(reason: string): Extract<Prepared, { outcome: 'REFUSED' }> {
  return { outcome: 'REFUSED', reasons: [reason] }
}

/** True if the record has this value. Writing the default of a missing field is not a change. */
function isUnchanged(present: Hash, field: string, text: string | null): boolean {
  const now = present.get(field) ?? null
  return now === text || (now === null && present.size > 0 && text === usualTexts[field])
}

function after(present: Hash, changes: FieldChanges): Hash {
  const hash = new Map(present)
  for (const [field, text] of Object.entries(changes)) {
    if (text === null) hash.delete(field)
    else hash.set(field, text)
  }
  return hash
}
