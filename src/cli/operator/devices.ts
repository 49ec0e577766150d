import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import type { DeviceId } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { DeviceEdit } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'
import { table } from '../terminal.js'
import { deviceArgument } from './arguments.js'
import { withDirectory } from './network.js'
import { tellRemoved, tellSaved } from './records.js'

interface DeviceOptions {
  readonly site?: string
  readonly location?: string
  readonly elin?: string
  readonly owner?: string
  readonly personal?: boolean
}

/** `hotdesk device …` */
export function deviceCommands(program: Command, needs: CommandNeeds): void {
  const device = program
    .command('device')
    .description('phones: add, list, password, rm')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk device add HD0005 --location "Paris, 3rd floor, desk 5"\n  hotdesk device password HD0005\n  hotdesk device list --json',
    )
  device
    .command('add')
    .description('add a phone, or change what is named; a new phone gets a SIP password, which is shown once')
    .addArgument(deviceArgument())
    .option('--site <site>', 'where it stands (default: the site of this node)')
    .option('--location <words>', 'for the emergency centre; a phone without one cannot be shared')
    .option('--elin <number>', 'its emergency caller number (default: the one of the site)')
    .option('--owner <extension>', 'whose phone it is while nobody else has logged in')
    .option('--personal', 'not for hot desking')
    .action((id: DeviceId, options: DeviceOptions) => add(needs, id, options))
  device
    .command('password')
    .description('give a phone a new SIP password, which is shown once')
    .addArgument(deviceArgument())
    .action((id: DeviceId) => renewPassword(needs, id))
  device
    .command('rm')
    .description('remove a phone')
    .addArgument(deviceArgument())
    .action(async (id: DeviceId) => {
      tellRemoved(needs, id, await withDirectory(needs.config('look'), (directory) => directory.removeDevice(id)))
    })
  device
    .command('list')
    .description('every phone, with its place')
    .option('--json', 'the answer as JSON')
    .action(({ json }: { json?: boolean }) => list(needs, json ? 'json' : 'table'))
}

async function add(needs: CommandNeeds, id: DeviceId, { site, personal, ...named }: DeviceOptions): Promise<void> {
  const config = needs.config('look')
  await withDirectory(config, async (directory) => {
    if (directory.device(id) !== null) {
      const edit: DeviceEdit = { ...named, ...(site === undefined ? {} : { site }), ...(personal ? { hotdesk: false } : {}) }
      return tellSaved(needs, id, await directory.putDevice(id, edit))
    }
    const password = newPassword()
    const outcome = await directory.putDevice(id, { ...named, site: site ?? config.site, hotdesk: !personal, password })
    tellSaved(needs, id, outcome, `the SIP password is ${password.reveal()}`)
  })
}

async function renewPassword(needs: CommandNeeds, id: DeviceId): Promise<void> {
  await withDirectory(needs.config('look'), async (directory) => {
    if (directory.device(id) === null)
      return tellSaved(needs, id, { outcome: 'REFUSED', reasons: ['there is no such phone; hotdesk device add adds one'] })
    const password = newPassword()
    tellSaved(needs, id, await directory.putDevice(id, { password }), `the SIP password is ${password.reveal()}`)
  })
}

/** Long enough that nobody guesses it; phones get it from a file, people rarely type it. */
function newPassword(): Secret {
  return new Secret(randomBytes(15).toString('base64url'))
}

async function list(needs: CommandNeeds, form: 'json' | 'table'): Promise<void> {
  const devices = await withDirectory(needs.config('look'), (directory) => Promise.resolve(directory.devices()))
  const rows = devices
    .map(({ id, site, hotdesk, owner, elin, location }) => ({ device: id, site, hotdesk, owner, elin, location }))
    .sort((one, other) => one.device.localeCompare(other.device, 'en', { numeric: true }))
  if (form === 'json') return needs.terminal.print(JSON.stringify(rows, null, 2))
  const cells = rows.map((row) => [
    row.device,
    row.site,
    row.hotdesk ? 'yes' : 'no',
    row.owner ?? '-',
    row.elin ?? '-',
    row.location ?? '-',
  ])
  for (const line of table([['DEVICE', 'SITE', 'SHARED', 'OWNER', 'EMERGENCY', 'LOCATION'], ...cells])) needs.terminal.print(line)
}
