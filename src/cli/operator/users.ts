import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Extension } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { Directory, EditOutcome, UserEdit } from '../../directory/directory.js'
import { hashPin, issuePin, type PinWeakness, weaknessOf } from '../../hotdesk/hotdesk.js'
import { readDialplan } from '../check.js'
import type { CommandNeeds } from '../needs.js'
import { table } from '../terminal.js'
import { extensionArgument } from './arguments.js'
import { withDirectory } from './network.js'
import { tellRemoved, tellSaved } from './records.js'

interface UserOptions {
  readonly name?: string
  readonly home?: string
  readonly pinStdin?: boolean
}

/** `hotdesk user …` */
export function userCommands(program: Command, needs: CommandNeeds): void {
  const user = program
    .command('user')
    .description('people: add, list, pin, rm')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk user add 100 --name Alice --home paris\n  hotdesk user pin 100\n  hotdesk user list --json',
    )
  user
    .command('add')
    .description('add a user, or change the name or home; a new user gets a PIN, which is shown once')
    .addArgument(extensionArgument())
    .option('--name <name>', 'shown to whom the user calls')
    .option('--home <site>', 'the site the user belongs to (default: the site of this node)')
    .option('--pin-stdin', 'take the PIN from standard input')
    .action((extension: Extension, options: UserOptions) => add(needs, extension, options))
  user
    .command('pin')
    .description('give a user a new PIN, which is shown once')
    .addArgument(extensionArgument())
    .option('--pin-stdin', 'take the PIN from standard input')
    .action((extension: Extension, options: UserOptions) =>
      withDirectory(needs.config('look'), (directory) => renewPin(needs, directory, extension, options)),
    )
  user
    .command('rm')
    .description('remove a user; where one is logged in, that ends')
    .addArgument(extensionArgument())
    .action(async (extension: Extension) => {
      tellRemoved(needs, extension, await withDirectory(needs.config('look'), (directory) => directory.removeUser(extension)))
    })
  user
    .command('list')
    .description('every user')
    .option('--json', 'the answer as JSON')
    .action(({ json }: { json?: boolean }) => list(needs, json ? 'json' : 'table'))
}

async function add(needs: CommandNeeds, extension: Extension, { name, home, pinStdin }: UserOptions): Promise<void> {
  const config = needs.config('look')
  const reserved = readDialplan(config).reserved(extension)
  if (reserved !== null) return tellSaved(needs, extension, { outcome: 'REFUSED', reasons: [reserved] })
  await withDirectory(config, async (directory) => {
    const isNew = directory.user(extension) === null
    const edit: UserEdit = {
      ...(name === undefined ? {} : { name }),
      ...(isNew ? { home: home ?? config.site } : home === undefined ? {} : { home }),
    }
    if (!isNew && !pinStdin) return tellSaved(needs, extension, await directory.putUser(extension, edit))
    await savePin(needs, extension, pinStdin ? 'given' : 'issued', (pinHash) => directory.putUser(extension, { ...edit, pinHash }))
  })
}

async function renewPin(needs: CommandNeeds, directory: Directory, extension: Extension, { pinStdin }: UserOptions): Promise<void> {
  if (directory.user(extension) === null)
    return tellSaved(needs, extension, { outcome: 'REFUSED', reasons: ['there is no such user; hotdesk user add adds one'] })
  await savePin(needs, extension, pinStdin ? 'given' : 'issued', (pinHash) => directory.putUser(extension, { pinHash }))
}

async function savePin(
  needs: CommandNeeds,
  extension: Extension,
  source: 'given' | 'issued',
  save: (hash: string) => Promise<EditOutcome>,
): Promise<void> {
  const pin = source === 'given' ? new Secret((await text(process.stdin)).trim()) : issuePin(extension)
  const weakness = weaknessOf(pin, extension)
  if (weakness !== null) return tellSaved(needs, extension, { outcome: 'REFUSED', reasons: [weaknesses[weakness]] })
  tellSaved(needs, extension, await save(await hashPin(pin)), source === 'issued' ? `the PIN is ${pin.reveal()}` : '')
}

const weaknesses: Readonly<Record<PinWeakness, string>> = {
  'not-4-to-10-digits': 'a PIN has 4 to 10 digits',
  'all-the-same': 'a PIN of one digit repeated is too easy',
  'running-digits': 'a PIN of running digits is too easy',
  'own-extension': 'the own extension is no PIN',
}

async function list(needs: CommandNeeds, form: 'json' | 'table'): Promise<void> {
  const users = await withDirectory(needs.config('look'), (directory) => Promise.resolve(directory.users()))
  const rows = users
    .map(({ extension, name, home, enabled, mayHotdesk, pinHash }) => ({
      extension,
      name,
      home,
      enabled,
      mayHotdesk,
      hasPin: pinHash !== null,
    }))
    .sort((one, other) => one.extension.localeCompare(other.extension, 'en', { numeric: true }))
  if (form === 'json') return needs.terminal.print(JSON.stringify(rows, null, 2))
  const yes = (claim: boolean): string => (claim ? 'yes' : 'no')
  const cells = rows.map((user) => [user.extension, user.name, user.home, yes(user.enabled && user.mayHotdesk), yes(user.hasPin)])
  for (const line of table([['USER', 'NAME', 'HOME', 'MAY LOG IN', 'PIN'], ...cells])) needs.terminal.print(line)
}
