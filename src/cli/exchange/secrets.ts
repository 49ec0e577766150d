import { writeFile } from 'node:fs/promises'
import { stringify } from 'csv-stringify/sync'
import { errors, messageOf } from '../../base/errors.js'
import { parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import type { DeviceEdit, Directory, SiteEdit, UserEdit } from '../../directory/directory.js'
import { hashPin, issuePin, type PinPolicy, verifyPin } from '../../hotdesk/hotdesk.js'
import { newPassword } from '../records/devices.js'
import type { DeviceImport, RecordImport, UserImport } from './import-records.js'

/** A record with everything that is written. */
export type Ready =
  | { readonly kind: 'users'; readonly id: string; readonly isNew: boolean; readonly edit: UserEdit }
  | { readonly kind: 'devices'; readonly id: string; readonly isNew: boolean; readonly edit: DeviceEdit }
  | { readonly kind: 'sites'; readonly id: string; readonly isNew: boolean; readonly edit: SiteEdit }

/** A generated PIN or password, to be handed out. */
export interface Issued {
  readonly kind: RecordImport['kind']
  readonly id: string
  readonly secret: Secret
}

export interface SecretNeeds {
  readonly directory: Directory
  readonly pins: PinPolicy
  /** Whether records without a PIN or password get one. */
  readonly missing: 'issue' | 'leave'
  readonly onDone: (count: number) => void
}

export interface Secrets {
  readonly ready: readonly Ready[]
  readonly issued: readonly Issued[]
  /** Records that still have none. */
  readonly without: readonly string[]
}

/** A hash takes about 40 ms of a core; Node computes four at a time. */
const atOnce = 8

/** Hashes the PINs that are written as digits, and issues what is missing. */
export async function withSecrets(records: readonly RecordImport[], needs: SecretNeeds): Promise<Secrets> {
  const ready: Ready[] = []
  const issued: Issued[] = []
  const without: string[] = []
  for (let from = 0; from < records.length; from += atOnce) {
    const found = await Promise.all(records.slice(from, from + atOnce).map((record) => secretOf(record, needs)))
    for (const one of found) {
      ready.push(one.ready)
      if (one.issued) issued.push(one.issued)
      if (one.isWithout) without.push(one.ready.id)
    }
    needs.onDone(ready.length)
  }
  return { ready, issued, without }
}

interface Completed {
  readonly ready: Ready
  readonly issued?: Issued
  readonly isWithout?: boolean
}

async function secretOf(record: RecordImport, needs: SecretNeeds): Promise<Completed> {
  switch (record.kind) {
    case 'users':
      return pinOf(record, needs)
    case 'devices':
      return passwordOf(record, needs)
    case 'sites':
      return { ready: record }
  }
}

function passwordOf({ kind, id, isNew, edit, password: written }: DeviceImport, { directory, missing }: SecretNeeds): Completed {
  const password = written ?? directory.device(parseDeviceId(id) ?? raise(id))?.password ?? null
  if (password) return { ready: { kind, id, isNew, edit: { ...edit, password } } }
  if (missing === 'leave') return { ready: { kind, id, isNew, edit }, isWithout: true }
  const secret = newPassword()
  return { ready: { kind, id, isNew, edit: { ...edit, password: secret } }, issued: { kind, id, secret } }
}

async function pinOf({ kind, id, isNew, edit, pin }: UserImport, { directory, pins, missing }: SecretNeeds): Promise<Completed> {
  const present = directory.user(parseExtension(id) ?? raise(id))?.pinHash ?? null
  const ready = (pinHash: string | null): Ready => ({ kind, id, isNew, edit: pinHash === null ? edit : { ...edit, pinHash } })
  if (pin?.kind === 'hash') return { ready: ready(pin.hash) }
  // A new hash of the same PIN would look like a change.
  if (pin) return { ready: ready(present !== null && (await verifyPin(pin.pin, present)) ? null : await hashPin(pin.pin)) }
  if (present !== null) return { ready: ready(null) }
  if (missing === 'leave') return { ready: ready(null), isWithout: true }
  const secret = issuePin(id, pins)
  return { ready: ready(await hashPin(secret)), issued: { kind, id, secret } }
}

function raise(id: string): never {
  throw errors.IMPORT_INVALID.neitherKind({ id })
}

/** Written first, so that no secret is lost; private, and never overwrites a file. */
export async function writeIssued(file: string, issued: readonly Issued[]): Promise<void> {
  const rows = issued.map(({ kind, id, secret }) => [kind === 'users' ? 'pin' : 'password', id, secret.reveal()])
  try {
    await writeFile(file, stringify([['what', 'of', 'secret'], ...rows]), { mode: 0o600, flag: 'wx' })
  } catch (fault) {
    throw errors.FILE_UNUSABLE.issuedUnwritable({ file, reason: messageOf(fault) }, fault)
  }
}
