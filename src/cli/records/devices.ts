import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { type DeviceId, parseExtension } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { Device, DeviceEdit, Directory, Expected } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { deviceArgument } from '../operator/arguments.js'
import { withDirectory } from '../operator/network.js'
import { elinWarnings, locationWarnings, siteWarnings } from '../operator/site-warnings.js'
import { phoneOf } from '../operator/status.js'
import { table } from '../output/terminal.js'
import { deviceFields, mergedDeviceEdit } from './device-fields.js'
import { yesNo } from './field.js'
import { addFieldOptions, editsIn, entriesOf, type Named, plainRecord, recordLines } from './field-options.js'
import {
  type Confirmation,
  existsText,
  type Form,
  objectionTo,
  printRefusal,
  printWarnings,
  type RecordCommand,
  reportRefusal,
  reportRemoved,
  reportSaved,
  unknownText,
  yesOption,
} from './outcome.js'

/** `hotdesk device …` */
export function deviceCommands(device: Command, needs: CommandNeeds): void {
  device.addHelpText(
    'after',
    [
      '\nExamples:',
      '  hotdesk device add HD0005 --location "Paris, 3rd floor, desk 5"',
      '  hotdesk device set HD0005 --owner 100              rings for 100 while nobody is logged in',
      '  hotdesk device set HD0005 --hotdesk no             not for hot desking',
      '  hotdesk device show HD0005 --json',
      '  hotdesk device password HD0005',
    ].join('\n'),
  )
  writingCommands(device, needs)
  device
    .command('show')
    .description('show a phone, except the password')
    .addHelpText('after', '\nExamples:\n  hotdesk device show HD0005\n  hotdesk device show HD0005 --json')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action((id: DeviceId, form: Form) => withDirectory(needs.config('look'), showing(id, form, needs)))
  device
    .command('list')
    .description('list every phone with its location')
    .addHelpText('after', '\nExamples:\n  hotdesk device list\n  hotdesk device list --json')
    .option(...asJson)
    .action((form: Form) => withDirectory(needs.config('look'), async (directory) => list(directory.devices(), form, needs)))
}

function writingCommands(device: Command, needs: CommandNeeds): void {
  const command = (subject: DeviceId, form: Form): RecordCommand => ({ needs, kind: 'device', subject, form })
  addFieldOptions(device.command('add').addArgument(deviceArgument()), deviceFields)
    .description('add a phone with a new SIP password, which is shown once')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk device add HD0005 --location "Paris, 3rd floor, desk 5"\n  hotdesk device add HD0006 --personal --owner 100',
    )
    .option('--personal', 'same as --hotdesk no')
    .option(...asJson)
    .action((id: DeviceId, { personal, json, ...named }: Named & Form & { personal?: boolean }) =>
      add(command(id, { json }), id, personal ? { ...named, hotdesk: 'no' } : named),
    )
  addFieldOptions(device.command('set').addArgument(deviceArgument()), deviceFields)
    .description('change a phone; pass "" to clear a value')
    .addHelpText('after', '\nExamples:\n  hotdesk device set HD0005 --owner 100\n  hotdesk device set HD0005 --owner ""')
    .option(...asJson)
    .action((id: DeviceId, named: Named & Form) => set(command(id, named), id, named))
  device
    .command('password')
    .description('give a phone a new SIP password, which is shown once')
    .addHelpText('after', '\nExample:\n  hotdesk device password HD0005')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action((id: DeviceId, form: Form) => renewPassword(command(id, form), id))
  device
    .command('rm')
    .description('log out and remove a phone')
    .addHelpText('after', '\nExamples:\n  hotdesk device rm HD0005\n  hotdesk device rm HD0005 --yes')
    .addArgument(deviceArgument())
    .option(...yesOption)
    .option(...asJson)
    .action((id: DeviceId, form: Form & Confirmation) => remove(command(id, form), id, form))
}

async function add(command: RecordCommand, id: DeviceId, named: Named): Promise<void> {
  const config = command.needs.config('look')
  const edit = mergedDeviceEdit(editsIn(deviceFields, named))
  await withDirectory(
    config,
    async (directory) => {
      const present = directory.device(id)
      if (present) return reportRefusal(command, [existsText('device', nameOf(present))])
      const password = newPassword()
      const change = { id, edit: { site: config.site, hotdesk: true, ...edit, password }, expected: 'new', directory, password } as const
      await save(command, change)
    },
    [`device:${id}`],
  )
}

function nameOf({ id, location }: Device): string {
  return location === null ? id : `${id} (${location})`
}

async function set(command: RecordCommand, id: DeviceId, named: Named): Promise<void> {
  const edit = mergedDeviceEdit(editsIn(deviceFields, named))
  if (Object.keys(edit).length === 0) return reportRefusal(command, ['no changes given; hotdesk device set --help shows what there is'])
  await withDirectory(command.needs.config('look'), (directory) => save(command, { id, edit, expected: 'known', directory }), [
    `device:${id}`,
  ])
}

async function renewPassword(command: RecordCommand, id: DeviceId): Promise<void> {
  await withDirectory(
    command.needs.config('look'),
    async (directory) => {
      const password = newPassword()
      await save(command, { id, edit: { password }, expected: 'known', directory, password })
    },
    [`device:${id}`],
  )
}

async function remove(command: RecordCommand, id: DeviceId, confirmation: Confirmation): Promise<void> {
  await withDirectory(
    command.needs.config('look'),
    async (directory) => {
      const device = directory.device(id)
      const objection = device && (await objectionTo(`phone ${nameOf(device)}`, confirmation, command.needs))
      if (objection !== null) return reportRefusal(command, [objection])
      reportRemoved(command, await directory.removeDevice(id))
    },
    [`device:${id}`],
  )
}

interface Change {
  readonly id: DeviceId
  readonly edit: DeviceEdit
  readonly expected: Expected
  readonly directory: Directory
  /** A new password, which is shown once. */
  readonly password?: Secret
}

async function save(command: RecordCommand, { id, edit, expected, directory, password }: Change): Promise<void> {
  const config = command.needs.config('look')
  const owner = edit.owner ? parseExtension(edit.owner) : null
  if (owner && !directory.user(owner)) return reportRefusal(command, [`there is no user ${owner} to be its owner`])
  const before = directory.device(id)
  const outcome = await directory.putDevice(id, edit, expected)
  if (!reportSaved(command, outcome, password ? { password: password.reveal() } : {})) return
  const after = directory.device(id)
  const places = edit.site === undefined && edit.location === undefined ? [] : [after].filter((device) => device !== null)
  printWarnings(command.needs, [
    ...siteWarnings([edit.site], directory, config),
    ...elinWarnings(before ? [before] : [], (phone) => directory.device(phone)),
    ...locationWarnings(places, directory, config),
  ])
}

/** 120 bits. Phones get it from a file, so it need not be easy to type. */
export function newPassword(): Secret {
  return new Secret(randomBytes(15).toString('base64url'))
}

/** The whole record, and the state of the phone. */
function showing(id: DeviceId, { json }: Form, needs: CommandNeeds): (directory: Directory, store: Store) => Promise<void> {
  return async (directory, { replica }) => {
    const device = directory.device(id)
    if (!device) return printRefusal(needs, id, [unknownText('device')])
    const { print, paint } = needs.terminal
    const entries = entriesOf(deviceFields, device)
    const password = device.password === null ? 'none' : 'set'
    const { state, user, registered, refresh, refreshable } = phoneOf(replica, id)
    const status = { state, user, registered, node: replica.hash(`reg:${id}`)?.get('node') ?? null, refresh, refreshable }
    if (json) return print(JSON.stringify({ device: id, ...plainRecord(deviceFields, device), password, ...status }, null, 2))
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
  const lines = json ? [JSON.stringify(rows, null, 2)] : table([['DEVICE', 'SITE', 'HOT-DESK', 'OWNER', 'EMERGENCY', 'LOCATION'], ...cells])
  for (const line of lines) needs.terminal.print(line)
}
