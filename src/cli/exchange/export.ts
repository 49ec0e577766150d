import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { errors, messageOf } from '../../base/errors.js'
import { writePrivateFile } from '../../base/output/private-files.js'
import { bookKey, type Device, type Directory, type User } from '../../directory/directory.js'
import type { Replica } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { listed } from '../operator/site-warnings.js'
import { deviceFields } from '../records/device-fields.js'
import { entriesOf } from '../records/field-options.js'
import { printRefusal } from '../records/outcome.js'
import { siteFields } from '../records/site-fields.js'
import { userFields } from '../records/user-fields.js'
import { booksIn } from './file/books.js'
import { writeCsv } from './file/csv.js'
import { type Kind, kindNames, plainText } from './file/network-file.js'
import { type Format, formatOf, formats } from './file/read-file.js'

interface ExportOptions {
  readonly only?: Kind
  readonly format?: Format
  readonly json?: boolean
  readonly withLogins?: boolean
}

type Records = Readonly<Record<string, Readonly<Record<string, string>>>>

/** `hotdesk export` */
export function exportCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('[file]', 'the file to write or replace (default: standard output)')
    .addOption(new Option('--only <kind>', 'one kind of record; CSV needs it').choices(kindNames))
    .addOption(new Option('--format <form>', 'the format (default: by file name, else yaml)').choices(formats))
    .option('--with-logins', 'include the current logins')
    .option('--json', 'print JSON, which can also be imported')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk export network.yaml\n  hotdesk export --with-logins backup.yaml\n  hotdesk export --only users people.csv\n  hotdesk export --json | jq .users',
    )
    .action(async (file: string | undefined, options: ExportOptions) => {
      const { content, missing } = await withDirectory(needs.config('look'), (directory, { replica }) => {
        const chosen = { ...options, format: options.format ?? formatOf(file ?? '') }
        return Promise.resolve({
          content: contentOf(
            recordsIn(directory, replica),
            { logins: options.withLogins ? loginsIn(replica) : null, contacts: booksIn(booksOf(replica)) },
            chosen,
          ),
          missing: unreadable(directory, replica),
        })
      })
      if (file === undefined) needs.terminal.deliver(content.trimEnd())
      else await writePrivately(file, content)
      // A backup that lacks a record is not complete.
      if (missing.length > 0) printRefusal(needs, listed(missing), ['cannot be read and is not in the export; hotdesk doctor shows why'])
    })
}

/** Hashes and sealed passwords are not secret, but private. */
async function writePrivately(file: string, content: string): Promise<void> {
  try {
    await writePrivateFile(file, content)
  } catch (fault) {
    throw errors.FILE_UNUSABLE.unwritable({ file, reason: messageOf(fault) }, fault)
  }
}

function recordsIn(directory: Directory, replica: Replica): Readonly<Record<Kind, Records>> {
  const users = directory.users().map((user) => [user.extension, userRecord(user)] as const)
  const devices = directory.devices().map((device) => [device.id, deviceRecord(device, replica)] as const)
  const sites = directory.sites().map((site) => [site.id, values(entriesOf(siteFields, site))] as const)
  const inOrder = (records: readonly (readonly [string, Record<string, string>])[]): Records => Object.fromEntries(records.toSorted(byName))
  return { users: inOrder(users), devices: inOrder(devices), sites: inOrder(sites) }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

function userRecord(user: User): Record<string, string> {
  return values([...entriesOf(userFields, user), ['pin', user.pinHash ?? '']])
}

/** The password stays sealed as it is in Redis. */
function deviceRecord(device: Device, replica: Replica): Record<string, string> {
  const sealed = replica.hash(`device:${device.id}`)?.get('credential') ?? ''
  return values([...entriesOf(deviceFields, device), ['password', sealed]])
}

function values(entries: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(entries.filter(([, text]) => text !== ''))
}

/** Invalid records, such as a user without a home. */
function unreadable(directory: Directory, replica: Replica): readonly string[] {
  const known = new Set([
    ...directory.users().map(({ extension }) => `user:${extension}`),
    ...directory.devices().map(({ id }) => `device:${id}`),
    ...directory.sites().map(({ id }) => `site:${id}`),
  ])
  return ['user:', 'device:', 'site:'].flatMap((prefix) => Array.from(replica.keysUnder(prefix)).filter((key) => !known.has(key)))
}

/** As JSON values: numbers, true and false. */
function plain(kinds: Readonly<Partial<Record<Kind, Records>>>) {
  const values = (record: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(record).map(([name, text]) => [name, plainText(name, text)]))
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, records]) => [
      kind,
      Object.fromEntries(Object.entries(records).map(([id, record]) => [id, values(record)])),
    ]),
  )
}

function booksOf(replica: Replica) {
  return Array.from(replica.keysUnder(bookKey(null)), (key) => [key, replica.hash(key)] as const)
}

/** Phone → user. */
function loginsIn(replica: Replica): Readonly<Record<string, string>> {
  return Object.fromEntries([...(replica.hash('devices') ?? [])].toSorted(byName))
}

interface BesideRecords {
  readonly logins: Readonly<Record<string, string>> | null
  readonly contacts: ReturnType<typeof booksIn>
}

type Chosen = ExportOptions & { readonly format: Format }

function contentOf(records: Readonly<Record<Kind, Records>>, { logins, contacts }: BesideRecords, { only, format, json }: Chosen): string {
  const chosen = only === undefined ? records : { [only]: records[only] }
  const beside = { ...(only === undefined && Object.keys(contacts).length > 0 ? { contacts } : {}), ...(logins ? { logins } : {}) }
  if (json) return `${JSON.stringify({ ...plain(chosen), ...beside }, null, 2)}\n`
  if (format === 'yaml') return stringify({ ...chosen, ...beside }, { lineWidth: 0 })
  if (only === undefined) throw errors.COMMAND_REFUSED.oneKindInCsv()
  if (logins !== null) throw errors.COMMAND_REFUSED.loginsInCsv()
  return writeCsv(only, records[only])
}
