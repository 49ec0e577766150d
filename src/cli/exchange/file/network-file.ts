import type { z } from 'zod'
import { parseDeviceId, parseExtension, parseSiteName } from '../../../base/identity.js'
import { Secret } from '../../../base/secret.js'
import { block, blockOf, isBlock, type Path, secretForm } from '../../../config/yaml/yaml-schema.js'
import { parseContactName, parseContactNumber } from '../../../directory/directory.js'
import { isPinHash } from '../../../hotdesk/hotdesk.js'
import { deviceFields } from '../../records/device-fields.js'
import { type Field, plainValue } from '../../records/field.js'
import { siteFields } from '../../records/site-fields.js'
import { userFields } from '../../records/user-fields.js'
import { centralBook } from './books.js'
import { type Neighbour, pinForm, shownForm } from './shown-form.js'

/** A PIN in a file: digits, or the hash of an export. */
export type WrittenPin = { readonly kind: 'digits'; readonly pin: Secret } | { readonly kind: 'hash'; readonly hash: string }

/** A password in a file: in the clear, or sealed as in an export. */
export type WrittenPassword = { readonly kind: 'clear'; readonly password: Secret } | { readonly kind: 'sealed'; readonly text: string }

function parsePin(text: string): WrittenPin | null {
  if (isPinHash(text)) return { kind: 'hash', hash: text }
  return /^[0-9]{4,10}$/.test(text) ? { kind: 'digits', pin: new Secret(text) } : null
}

function parsePassword(text: string): WrittenPassword | null {
  if (text.startsWith('sealed.')) return { kind: 'sealed', text }
  return /^[!-~]{8,64}$/.test(text) ? { kind: 'clear', password: new Secret(text) } : null
}

/** Each key accepts what the option of the same name accepts. */
function keysOf<Item, Edit>(fields: readonly Field<Item, Edit>[], neighbour: Neighbour) {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      shownForm(field.expects, (text) => (field.read(text) === null ? null : text), neighbour).optional(),
    ]),
  )
}

const pin = pinForm('a PIN of 4 to 10 digits, or the hash of one', parsePin).optional()
const password = secretForm('a password of 8 to 64 characters without spaces, or a sealed one', parsePassword).optional()
const extension = shownForm('an extension, 1 to 15 digits', parseExtension, 'pin')
const device = shownForm('a device: a letter, then letters, digits and -', parseDeviceId, 'password')

const siteId = shownForm('a site: a lower-case letter, then lower-case letters, digits and -', parseSiteName, 'pin')

const user = block({ ...keysOf(userFields, 'pin'), pin })
const phone = block({ ...keysOf(deviceFields, 'password'), password })
const site = block(keysOf(siteFields, 'pin'))

const bookOwner = shownForm('central, or an extension', (text) => (text === centralBook ? text : parseExtension(text)), 'pin')
const contactNumber = shownForm('a telephone number without separators', (text) => (parseContactNumber(text) === text ? text : null), 'pin')
const contactName = shownForm('a name of up to 100 characters, on one line', parseContactName, 'pin')

/** The file that `hotdesk export` writes and `hotdesk import` reads: users, phones, sites, logins and phone books. */
export const networkFile = block({
  users: blockOf(extension, user).prefault({}),
  devices: blockOf(device, phone).prefault({}),
  sites: blockOf(siteId, site).prefault({}),
  logins: blockOf(device, extension).prefault({}),
  contacts: blockOf(bookOwner, blockOf(contactNumber, contactName)).prefault({}),
})

export type NetworkFile = z.output<typeof networkFile>

/** The valid records of a file with problems, so that their other problems are reported at once. */
export function readableIn(value: unknown): NetworkFile {
  const { users, devices, sites, logins, contacts } = isBlock(value) ? value : {}
  return {
    users: readable(users, parseExtension, user),
    devices: readable(devices, parseDeviceId, phone),
    sites: readable(sites, parseSiteName, site),
    logins: readable(logins, parseDeviceId, extension),
    contacts: readable(contacts, (owner) => (owner === centralBook ? owner : parseExtension(owner)), blockOf(contactNumber, contactName)),
  }
}

function readable<Entry extends z.ZodType>(records: unknown, parseId: (id: string) => string | null, entry: Entry) {
  const named = Object.entries(isBlock(records) ? records : {}).filter(([id]) => parseId(id) !== null)
  const checked = named.map(([id, values]) => [id, entry.safeParse(values)] as const)
  return Object.fromEntries(checked.flatMap(([id, result]) => (result.success ? [[id, result.data] as const] : [])))
}

/** The kinds of record: the column that names the record, and the other columns. */
export const kinds = {
  users: { id: 'extension', keys: [...userFields.map(({ name }) => name), 'pin'] },
  devices: { id: 'device', keys: [...deviceFields.map(({ name }) => name), 'password'] },
  sites: { id: 'site', keys: siteFields.map(({ name }) => name) },
} as const

export type Kind = keyof typeof kinds

const fieldKinds = new Map([...userFields, ...deviceFields, ...siteFields].map(({ name, kind }) => [name, kind]))

/** The text of a field as a JSON value. */
export function plainText(name: string, text: string) {
  const kind = fieldKinds.get(name)
  return plainValue(kind === undefined ? {} : { kind }, text)
}

export const kindNames = Object.keys(kinds) as Kind[]

/**
 * `['users', '103', 'pin']` → `users[…].pin`. If columns are exchanged, a PIN is read as an extension and a password as a device name, so
 * neither is shown; the problem names the line.
 */
export function recordKey([kind, id, ...rest]: Path): string {
  if (kind === 'logins' || kind === 'contacts') return id === undefined ? kind : `${kind}[…]`
  const known = kindNames.find((name) => name === kind)
  if (known === undefined) return kind === undefined ? '' : '…'
  const keys: readonly PropertyKey[] = kinds[known].keys
  return [`${known}${id === undefined ? '' : '[…]'}`, ...rest.map((key) => (keys.includes(key) ? String(key) : '…'))].join('.')
}
