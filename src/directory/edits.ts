import type { Milliseconds } from '../base/clock.js'
import { parseDeviceId, parseExtension, parseSiteName } from '../base/identity.js'
import type { Seal } from '../base/seal.js'
import { type FieldChanges, type RecordChange, removalMarks, type Store } from '../store/store.js'
import type { Directory, EditOutcome, Prepared, RemoveOutcome } from './contract.js'
import { deviceChanges, parseDevice, parseSite, parseUser, siteChanges, userChanges, usualTexts } from './records.js'

type Kinds = 'User' | 'Device' | 'Site'
export type Edits = Pick<Directory, `put${Kinds}` | `remove${Kinds}` | `prepare${Kinds}` | 'apply'>

export interface EditNeeds {
  readonly store: Store
  readonly seal: Seal
}

const reserved = '5'

const followMs: Milliseconds = 1_000
/** Longer than a node may be away and still compare its saved copy. */
const markSeconds = 30 * 24 * 60 * 60

/** Each edit is checked as the whole record that it would leave behind. */
export function createEdits({ store, seal }: EditNeeds): Edits {
  const prepareUser: Edits['prepareUser'] = (written, edit) => {
    const extension = parseExtension(written)
    if (!extension) return refused(`"${written}" is no extension: 1 to 15 digits are`)
    if (extension === reserved) return refused(`extension ${reserved} is reserved: *77*${reserved}* is the code for logging out`)
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
    const { password: _password, ...others } = edit
    // The same password, sealed once more, would read differently. One of an earlier version is sealed again with any edit.
    const changed = isSame || (password === null && edit.password === undefined) ? others : { ...others, password }
    return prepare(key, deviceChanges(id, changed, seal), (after) => parseDevice(id, after, seal).problems)
  }

  const prepareSite: Edits['prepareSite'] = (written, edit) => {
    const id = parseSiteName(written)
    if (!id) return refused(`"${written}" is no site: a small letter and then up to 31 small letters, digits and "-" are, such as paris`)
    const key = `site:${id}`
    const changes = siteChanges(edit)
    // Redis keeps no record without a field, and a site needs none of them.
    const isBare = after(presentIn(key), changes).size === 0
    return prepare(key, isBare ? { ...changes, name: id } : changes, (hash) => parseSite(id, hash).problems)
  }

  /** As Redis has it. */
  function presentIn(key: string): Hash {
    return store.lacks(key) ? nothing : (store.replica.hash(key) ?? nothing)
  }

  function prepare(key: string, changes: FieldChanges, problemsOf: (hash: Hash) => readonly string[]): Prepared {
    const present = presentIn(key)
    const reasons = problemsOf(after(present, changes))
    if (reasons.length > 0) return { outcome: 'REFUSED', reasons }
    const differing = Object.entries(changes).filter(([field, text]) => !isSaid(present, field, text))
    return { outcome: 'PREPARED', change: differing.length > 0 ? { key, fields: Object.fromEntries(differing) } : null }
  }

  async function save(prepared: Prepared): Promise<EditOutcome> {
    if (prepared.outcome === 'REFUSED') return prepared
    if (prepared.change) await carryOut(prepared.change)
    return { outcome: 'SAVED' }
  }

  async function carryOut(change: RecordChange): Promise<void> {
    await apply([change])
    await followed(change)
  }

  /** The next edit is checked against the copy, which follows a moment later: it is waited for, unless Redis or another hand is in the way. */
  function followed({ key, fields }: RecordChange): Promise<void> {
    function isThere(): boolean {
      const hash = store.replica.hash(key)
      if (fields === null) return hash === undefined
      return Object.entries(fields).every(([field, text]) => (hash?.get(field) ?? null) === text)
    }
    return new Promise((resolve) => {
      const late = store.clock.after(followMs, done)
      const stop = store.replica.onChange(() => isThere() && done())
      function done(): void {
        late.cancel()
        stop()
        resolve()
      }
      if (isThere()) done()
    })
  }

  async function remove(key: string): Promise<RemoveOutcome> {
    if (presentIn(key) === nothing) return { outcome: 'UNKNOWN' }
    await carryOut({ key, fields: null })
    return { outcome: 'REMOVED' }
  }

  const apply: Edits['apply'] = (changes, onQueued = () => undefined) =>
    writeMarked(changes, (count) => onQueued(Math.min(count, changes.length)))

  /** A removal leaves a mark in the same moment, which tells it from a loss of data. */
  async function writeMarked(changes: readonly RecordChange[], onQueued: (count: number) => void): Promise<void> {
    const seconds = String(Math.ceil(store.clock.now() / 1_000))
    const removed = changes.filter(({ fields }) => fields === null).map(({ key }) => [key, seconds] as const)
    const marks = removed.length === 0 ? [] : [{ key: removalMarks, fields: Object.fromEntries(removed) }]
    await store.writeTogether([...marks, ...changes.flatMap(withBelongings)], onQueued)
    if (removed.length > 0) await store.renew(removalMarks, markSeconds)
  }

  return {
    prepareUser,
    prepareDevice,
    prepareSite,
    apply,
    putUser: async (extension, edit) => save(prepareUser(extension, edit)),
    putDevice: async (id, edit) => save(prepareDevice(id, edit)),
    putSite: async (id, edit) => save(prepareSite(id, edit)),
    removeUser: (extension) => remove(`user:${extension}`),
    removeDevice: (id) => remove(`device:${id}`),
    removeSite: (id) => remove(`site:${id}`),
  }
}

/** The next user of the extension does not see the calls of this one and is not locked out for their failures. */
function withBelongings(change: RecordChange): readonly RecordChange[] {
  const [kind, id] = change.key.split(':')
  if (change.fields !== null || id === undefined || kind === 'site') return [change]
  const attempts = ['', 'day:', 'wait:', 'seen:', 'familiar:'].map((name) => `attempts:${name}${id}`)
  return [change, ...[...attempts, ...(kind === 'user' ? [`calls:${id}`] : [])].map((key) => ({ key, fields: null }))]
}

type Hash = ReadonlyMap<string, string>
const nothing: Hash = new Map()

function refused(reason: string): Extract<EditOutcome, { outcome: 'REFUSED' }> {
  return { outcome: 'REFUSED', reasons: [reason] }
}

/** In a record that is there a field that is missing has its usual text; to write that down changes nothing. */
function isSaid(present: Hash, field: string, text: string | null): boolean {
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
