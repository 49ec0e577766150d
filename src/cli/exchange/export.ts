import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { AppError, messageOf } from '../../base/errors.js'
import { writePrivateFile } from '../../base/output/private-files.js'
import type { Device, Directory, User } from '../../directory/directory.js'
import type { Replica } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { deviceFields } from '../records/device-fields.js'
import { entriesOf } from '../records/field-options.js'
import { siteFields } from '../records/site-fields.js'
import { userFields } from '../records/user-fields.js'
import { writeCsv } from './csv.js'
import { type Format, formatOf, formats } from './import.js'
import { type Kind, kindNames } from './network-file.js'

interface ExportOptions {
  readonly only?: Kind
  readonly format?: Format
  readonly json?: boolean
}

type Records = Readonly<Record<string, Readonly<Record<string, string>>>>

/** `hotdesk export` */
export function exportCommand(program: Command, needs: CommandNeeds): void {
  program
    .command('export')
    .description('write users, phones and sites as `hotdesk import` reads them; PINs are hashes, passwords are sealed')
    .argument('[file]', 'a new file, or one to be replaced (default: standard output)')
    .addOption(new Option('--only <kind>', 'one kind of record; a table holds no more').choices(kindNames))
    .addOption(new Option('--format <form>', 'how to write (default: by the name of the file, else yaml)').choices(formats))
    .option('--json', 'as JSON, which can be imported as well')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk export network.yaml\n  hotdesk export --only users people.csv\n  hotdesk export --json | jq .users',
    )
    .action(async (file: string | undefined, options: ExportOptions) => {
      const content = await withDirectory(needs.config('look'), (directory, { replica }) =>
        Promise.resolve(contentOf(recordsIn(directory, replica), { ...options, format: options.format ?? formatOf(file ?? '') })),
      )
      if (file === undefined) return needs.terminal.deliver(content.trimEnd())
      await writePrivately(file, content)
    })
}

/** Hashes and sealed text are no secrets, and nobody else's business. */
async function writePrivately(file: string, content: string): Promise<void> {
  try {
    await writePrivateFile(file, content)
  } catch (fault) {
    throw new AppError('COMMAND_REFUSED', `${file} cannot be written: ${messageOf(fault)}`, fault)
  }
}

function recordsIn(directory: Directory, replica: Replica): Readonly<Record<Kind, Records>> {
  const users = directory.users().map((user) => [user.extension, userRecord(user)] as const)
  const devices = directory.devices().map((device) => [device.id, deviceRecord(device, replica)] as const)
  const sites = directory.sites().map((site) => [site.id, said(entriesOf(siteFields, site))] as const)
  const inOrder = (records: readonly (readonly [string, Record<string, string>])[]): Records => Object.fromEntries(records.toSorted(byName))
  return { users: inOrder(users), devices: inOrder(devices), sites: inOrder(sites) }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

function userRecord(user: User): Record<string, string> {
  return said([...entriesOf(userFields, user), ['pin', user.pinHash ?? '']])
}

/** The password stays sealed as it is in Redis. */
function deviceRecord(device: Device, replica: Replica): Record<string, string> {
  const sealed = replica.hash(`device:${device.id}`)?.get('credential') ?? ''
  return said([...entriesOf(deviceFields, device), ['password', sealed]])
}

function said(entries: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(entries.filter(([, text]) => text !== ''))
}

function contentOf(records: Readonly<Record<Kind, Records>>, { only, format, json }: ExportOptions & { readonly format: Format }): string {
  const chosen = only === undefined ? records : { [only]: records[only] }
  if (json) return `${JSON.stringify(chosen, null, 2)}\n`
  if (format === 'yaml') return stringify(chosen, { lineWidth: 0 })
  if (only === undefined)
    throw new AppError('COMMAND_REFUSED', 'a table holds one kind of record: add --only users, --only devices or --only sites')
  return writeCsv(only, records[only])
}
