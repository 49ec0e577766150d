import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { type DeviceId, parseExtension } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { Device, DeviceEdit, Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { deviceArgument } from '../operator/arguments.js'
import { siteDoubts } from '../operator/doubts.js'
import { withDirectory } from '../operator/network.js'
import { phoneOf } from '../operator/status.js'
import { table } from '../terminal.js'
import { deviceFields, mergedDeviceEdit } from './device-fields.js'
import { yesNo } from './field.js'
import { addFieldOptions, editsIn, entriesOf, type Named, recordLines } from './field-options.js'
import { type Form, type Telling, tellDoubts, tellRefused, tellRemoved, tellSaved, tellUndone } from './outcome.js'

/** `hotdesk device …` */
export function deviceCommands(program: Command, needs: CommandNeeds): void {
  const device = program
    .command('device')
    .description('phones: add, set, show, list, password, rm')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  hotdesk device add HD0005 --location "Paris, 3rd floor, desk 5"',
        '  hotdesk device set HD0005 --owner 100              its owner’s, while nobody else has logged in',
        '  hotdesk device set HD0005 --hotdesk no             not for hot desking',
        '  hotdesk device show HD0005 --json',
        '  hotdesk device password HD0005',
      ].join('\n'),
    )
  writingCommands(device, needs)
  device
    .command('show')
    .description('everything about a phone, but for the password')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action((id: DeviceId, form: Form) => withDirectory(needs.config('look'), showing(id, form, needs)))
  device
    .command('list')
    .description('every phone, with its place')
    .option(...asJson)
    .action((form: Form) => withDirectory(needs.config('look'), async (directory) => list(directory.devices(), form, needs)))
}

function writingCommands(device: Command, needs: CommandNeeds): void {
  addFieldOptions(device.command('add').addArgument(deviceArgument()), deviceFields)
    .description('add a phone, or change one; a new phone gets a SIP password, which is shown once')
    .option('--personal', 'the same as --hotdesk no')
    .option(...asJson)
    .action((id: DeviceId, { personal, json, ...named }: Named & Form & { personal?: boolean }) =>
      add({ needs, subject: id, form: { json } }, id, personal ? { ...named, hotdesk: 'no' } : named),
    )
  addFieldOptions(device.command('set').addArgument(deviceArgument()), deviceFields)
    .description('change a phone; an empty text takes a thing away')
    .option(...asJson)
    .action((id: DeviceId, named: Named & Form) => set({ needs, subject: id, form: named }, id, named))
  device
    .command('password')
    .description('give a phone a new SIP password, which is shown once')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action((id: DeviceId, form: Form) => renewPassword({ needs, subject: id, form }, id))
  device
    .command('rm')
    .description('remove a phone; where somebody is logged in there, that ends')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action(async (id: DeviceId, form: Form) => {
      const outcome = await withDirectory(needs.config('look'), (directory) => directory.removeDevice(id))
      tellRemoved({ needs, subject: id, form }, outcome)
    })
}

async function add(telling: Telling, id: DeviceId, named: Named): Promise<void> {
  const config = telling.needs.config('look')
  const edit = mergedDeviceEdit(editsIn(deviceFields, named))
  await withDirectory(config, async (directory) => {
    if (directory.device(id) !== null) return save(telling, { id, edit, directory })
    const password = newPassword()
    await save(telling, { id, edit: { site: config.site, hotdesk: true, ...edit, password }, directory, password })
  })
}

const unknown = ['there is no such phone; hotdesk device add adds one']

async function set(telling: Telling, id: DeviceId, named: Named): Promise<void> {
  const edit = mergedDeviceEdit(editsIn(deviceFields, named))
  if (Object.keys(edit).length === 0) return tellUndone(telling, ['nothing was named; hotdesk device set --help shows what there is'])
  await withDirectory(telling.needs.config('look'), async (directory) => {
    if (directory.device(id) === null) return tellUndone(telling, unknown)
    await save(telling, { id, edit, directory })
  })
}

async function renewPassword(telling: Telling, id: DeviceId): Promise<void> {
  await withDirectory(telling.needs.config('look'), async (directory) => {
    if (directory.device(id) === null) return tellUndone(telling, unknown)
    const password = newPassword()
    await save(telling, { id, edit: { password }, directory, password })
  })
}

interface Change {
  readonly id: DeviceId
  readonly edit: DeviceEdit
  readonly directory: Directory
  /** Where one was made. */
  readonly password?: Secret
}

async function save(telling: Telling, { id, edit, directory, password }: Change): Promise<void> {
  const owner = edit.owner ? parseExtension(edit.owner) : null
  if (owner && !directory.user(owner)) return tellUndone(telling, [`there is no user ${owner} who could be its owner`])
  const isSaved = tellSaved(telling, await directory.putDevice(id, edit), password ? { password: password.reveal() } : {})
  if (isSaved) tellDoubts(telling.needs, siteDoubts([edit.site], directory, telling.needs.config('look')))
}

/** Long enough that nobody guesses it; phones get it from a file, people rarely type it. */
export function newPassword(): Secret {
  return new Secret(randomBytes(15).toString('base64url'))
}

/** The whole record, and what the phone is doing. */
function showing(id: DeviceId, { json }: Form, needs: CommandNeeds): (directory: Directory, store: Store) => Promise<void> {
  return async (directory, { replica }) => {
    const device = directory.device(id)
    if (!device) return tellRefused(needs, id, unknown)
    const { print, paint } = needs.terminal
    const entries = entriesOf(deviceFields, device)
    const password = device.password === null ? 'none' : 'set'
    const { state, user, registered, refresh, refreshable } = phoneOf(replica, id)
    const status = { state, user, registered, node: replica.hash(`reg:${id}`)?.get('node') ?? null, refresh, refreshable }
    if (json) return print(JSON.stringify({ device: id, ...Object.fromEntries(entries), password, ...status }, null, 2))
    print(paint.strong(id))
    const now = Object.entries({
      ...status,
      registered: yesNo(registered),
      refreshable: refreshable === null ? null : yesNo(refreshable),
    }).map(([name, text]) => [name, text ?? ''] as const)
    for (const line of recordLines([...entries, ['password', password], ...now], paint)) print(line)
  }
}

function list(devices: readonly Device[], { json }: Form, needs: CommandNeeds): void {
  const rows = devices
    .map(({ id, site, hotdesk, owner, elin, location }) => ({ device: id, site, hotdesk, owner, elin, location }))
    .sort((one, other) => one.device.localeCompare(other.device, 'en', { numeric: true }))
  const cells = rows.map((row) => [row.device, row.site, yesNo(row.hotdesk), row.owner ?? '-', row.elin ?? '-', row.location ?? '-'])
  const lines = json ? [JSON.stringify(rows, null, 2)] : table([['DEVICE', 'SITE', 'SHARED', 'OWNER', 'EMERGENCY', 'LOCATION'], ...cells])
  for (const line of lines) needs.terminal.print(line)
}
