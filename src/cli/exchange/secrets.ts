import { writeFile } from 'node:fs/promises'
import { stringify } from 'csv-stringify/sync'
import { errors, messageOf } from '../../base/errors.js'
import { parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import type { DeviceEdit, Directory, SiteEdit, UserEdit } from '../../directory/directory.js'
import { hashPin, issuePin, type PinPolicy, verifyPin } from '../../hotdesk/hotdesk.js'
import { newPassword } from '../records/devices.js'
import type { DeviceImport, Draft, UserImport } from './import-records.js'

/** A draft with everything that is to be written. */
export type Ready =
  | { readonly kind: 'users'; readonly id: string; readonly isNew: boolean; readonly edit: UserEdit }
  | { readonly kind: 'devices'; readonly id: string; readonly isNew: boolean; readonly edit: DeviceEdit }
  | { readonly kind: 'sites'; readonly id: string; readonly isNew: boolean; readonly edit: SiteEdit }

/** A PIN or a password that was made, for whoever hands it out. */
export interface Issued {
  readonly kind: Draft['kind']
  readonly id: string
  readonly secret: Secret
}

export interface SecretNeeds {
  readonly directory: Directory
  readonly pins: PinPolicy
  /** Whether who has no PIN or password is given one. */
  readonly missing: 'issue' | 'leave'
  readonly onDone: (count: number) => void
}

export interface Secrets {
  readonly ready: readonly Ready[]
  readonly issued: readonly Issued[]
  /** Who has none afterwards. */
  readonly without: readonly string[]
}

/** A hash takes some 40 ms of a core; Node computes four at a time. */
const atOnce = 8

/** Hashes the PINs that are written as digits, and issues what is missing. */
export async function withSecrets(drafts: readonly Draft[], needs: SecretNeeds): Promise<Secrets> {
  const ready: Ready[] = []
  const issued: Issued[] = []
  const without: string[] = []
  for (let from = 0; from < drafts.length; from += atOnce) {
    const found = await Promise.all(drafts.slice(from, from + atOnce).map((draft) => secretOf(draft, needs)))
    for (const one of found) {
      ready.push(one.ready)
      if (one.issued) issued.push(one.issued)
      if (one.isWithout) without.push(one.ready.id)
    }
    needs.onDone(ready.length)
  }
  return { ready, issued, without }
}

interface One {
  readonly ready: Ready
  readonly issued?: Issued
  readonly isWithout?: boolean
}

async function secretOf(draft: Draft, needs: SecretNeeds): Promise<One> {
  switch (draft.kind) {
    case 'users':
      return pinOf(draft, needs)
    case 'devices':
      return passwordOf(draft, needs)
    case 'sites':
      return { ready: draft }
  }
}

function passwordOf({ kind, id, isNew, edit, password: written }: DeviceImport, { directory, missing }: SecretNeeds): One {
  const password = written ?? directory.device(parseDeviceId(id) ?? raise(id))?.password ?? null
  if (password) return { ready: { kind, id, isNew, edit: { ...edit, password } } }
  if (missing === 'leave') return { ready: { kind, id, isNew, edit }, isWithout: true }
  const secret = newPassword()
  return { ready: { kind, id, isNew, edit: { ...edit, password: secret } }, issued: { kind, id, secret } }
}

async function pinOf({ kind, id, isNew, edit, pin }: UserImport, { directory, pins, missing }: SecretNeeds): Promise<One> {
  const present = directory.user(parseExtension(id) ?? raise(id))?.pinHash ?? null
  const ready = (pinHash: string | null): Ready => ({ kind, id, isNew, edit: pinHash === null ? edit : { ...edit, pinHash } })
  if (pin?.kind === 'hash') return { ready: ready(pin.hash) }
  // The same PIN once more would have another hash, and be no change.
  if (pin) return { ready: ready(present !== null && (await verifyPin(pin.pin, present)) ? null : await hashPin(pin.pin)) }
  if (present !== null) return { ready: ready(null) }
  if (missing === 'leave') return { ready: ready(null), isWithout: true }
  const secret = issuePin(id, pins)
  return { ready: ready(await hashPin(secret)), issued: { kind, id, secret } }
}

function raise(id: string): never {
  throw errors.IMPORT_INVALID.neitherKind({ id })
}

/** Written before anything else is, so that no secret is lost; nobody else may read it, and no file is overwritten. */
export async function writeIssued(file: string, issued: readonly Issued[]): Promise<void> {
  const rows = issued.map(({ kind, id, secret }) => [kind === 'users' ? 'pin' : 'password', id, secret.reveal()])
  try {
    await writeFile(file, stringify([['what', 'of', 'secret'], ...rows]), { mode: 0o600, flag: 'wx' })
  } catch (fault) {
    throw errors.FILE_UNUSABLE.issuedUnwritable({ file, reason: messageOf(fault) }, fault)
  }
}
