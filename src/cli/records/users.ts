import type { Command } from 'commander'
import type { Extension } from '../../base/identity.js'
import type { Directory, User, UserEdit } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { readDialplan } from '../check.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { extensionArgument } from '../operator/arguments.js'
import { numberDoubts, ownerDoubts, siteDoubts } from '../operator/doubts.js'
import { withDirectory } from '../operator/network.js'
import { table } from '../terminal.js'
import { yesNo } from './field.js'
import { addFieldOptions, editsIn, entriesOf, type Named, recordLines } from './field-options.js'
import { type Form, type Telling, tellDoubts, tellRefused, tellRemoved, tellSaved, tellUndone } from './outcome.js'
import { type PinSource, savePin } from './pins.js'
import { mergedUserEdit, userFields } from './user-fields.js'

type PinOption = { readonly pinStdin?: boolean }
/** `hotdesk user …` */
export function userCommands(program: Command, needs: CommandNeeds): void {
  const user = program
    .command('user')
    .description('people: add, set, show, list, pin, rm')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  hotdesk user add 100 --name Alice --home paris',
        '  hotdesk user set 100 --forward-busy 101 --ring-seconds 15',
        '  hotdesk user set 100 --forward-busy ""             takes the forward away',
        '  hotdesk user show 100 --json',
        '  hotdesk user pin 100',
      ].join('\n'),
    )
  writingCommands(user, needs)
  user
    .command('show')
    .description('everything about a user, but for the PIN')
    .addArgument(extensionArgument())
    .option(...asJson)
    .action((extension: Extension, form: Form) => withDirectory(needs.config('look'), showing(extension, form, needs)))
  user
    .command('list')
    .description('every user')
    .option(...asJson)
    .action((form: Form) => withDirectory(needs.config('look'), async (directory) => list(directory.users(), form, needs)))
}

function writingCommands(user: Command, needs: CommandNeeds): void {
  const fromStdin = ['--pin-stdin', 'take the PIN from standard input'] as const
  addFieldOptions(user.command('add').addArgument(extensionArgument()), userFields)
    .description('add a user, or change one; a new user gets a PIN, which is shown once')
    .option(...fromStdin)
    .option(...asJson)
    .action((extension: Extension, options: Named & PinOption & Form) =>
      add({ needs, subject: extension, form: options }, extension, options),
    )
  addFieldOptions(user.command('set').addArgument(extensionArgument()), userFields)
    .description('change a user; an empty text takes a thing away')
    .option(...asJson)
    .action((extension: Extension, named: Named & Form) => set({ needs, subject: extension, form: named }, extension, named))
  user
    .command('pin')
    .description('give a user a new PIN, which is shown once')
    .addArgument(extensionArgument())
    .option(...fromStdin)
    .option(...asJson)
    .action((extension: Extension, option: PinOption & Form) =>
      renewPin({ needs, subject: extension, form: option }, extension, sourceOf(option)),
    )
  user
    .command('rm')
    .description('remove a user and their call log; where they are logged in, that ends')
    .addArgument(extensionArgument())
    .option(...asJson)
    .action((extension: Extension, form: Form) => remove({ needs, subject: extension, form }, extension))
}

async function add(telling: Telling, extension: Extension, options: Named & PinOption): Promise<void> {
  const config = telling.needs.config('look')
  const dialplan = readDialplan(config)
  const reserved = dialplan.reserved(extension)
  if (reserved !== null) return tellUndone(telling, [reserved])
  await withDirectory(config, async (directory) => {
    const isNew = directory.user(extension) === null
    const edit: UserEdit = { ...(isNew ? { home: config.site } : {}), ...mergedUserEdit(editsIn(userFields, options)) }
    const isSaved =
      isNew || options.pinStdin
        ? await savePin(telling, extension, sourceOf(options), (pinHash) => directory.putUser(extension, { ...edit, pinHash }))
        : tellSaved(telling, await directory.putUser(extension, edit))
    if (isSaved) tellDoubts(telling.needs, [...siteDoubts([edit.home], directory, config), ...numberDoubts([extension], dialplan)])
  })
}

function sourceOf({ pinStdin }: PinOption): PinSource {
  return pinStdin ? 'given' : 'issued'
}

const unknown = ['there is no such user; hotdesk user add adds one']

async function set(telling: Telling, extension: Extension, named: Named): Promise<void> {
  const edit = mergedUserEdit(editsIn(userFields, named))
  if (Object.keys(edit).length === 0) return tellUndone(telling, ['nothing was named; hotdesk user set --help shows what there is'])
  await withDirectory(telling.needs.config('look'), async (directory) => {
    if (directory.user(extension) === null) return tellUndone(telling, unknown)
    const isSaved = tellSaved(telling, await directory.putUser(extension, edit))
    if (isSaved) tellDoubts(telling.needs, siteDoubts([edit.home], directory, telling.needs.config('look')))
  })
}

async function renewPin(telling: Telling, extension: Extension, source: PinSource): Promise<void> {
  await withDirectory(telling.needs.config('look'), async (directory) => {
    if (directory.user(extension) === null) return tellUndone(telling, unknown)
    await savePin(telling, extension, source, (pinHash) => directory.putUser(extension, { pinHash }))
  })
}

async function remove(telling: Telling, extension: Extension): Promise<void> {
  await withDirectory(telling.needs.config('look'), async (directory) => {
    const phones = directory.ownedBy(extension)
    const removed = await directory.removeUser(extension)
    tellRemoved(telling, removed)
    if (removed.outcome === 'REMOVED') tellDoubts(telling.needs, ownerDoubts(phones))
  })
}

/** The whole record, and where the user sits. */
function showing(extension: Extension, { json }: Form, needs: CommandNeeds): (directory: Directory, store: Store) => Promise<void> {
  return async (directory, { replica }) => {
    const user = directory.user(extension)
    if (!user) return tellRefused(needs, extension, unknown)
    const devices = (replica.hash('users')?.get(extension) ?? '').split(' ').filter((device) => device !== '')
    const { print, paint } = needs.terminal
    const entries = entriesOf(userFields, user)
    const pin = user.pinHash === null ? 'none' : 'set'
    if (json) return print(JSON.stringify({ extension, ...Object.fromEntries(entries), pin, devices }, null, 2))
    print(paint.strong(extension))
    for (const line of recordLines([...entries, ['pin', pin], ['sits at', devices.join(' ')]], paint)) print(line)
  }
}

function list(users: readonly User[], { json }: Form, needs: CommandNeeds): void {
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
  const cells = rows.map((user) => [user.extension, user.name, user.home, yesNo(user.enabled && user.mayHotdesk), yesNo(user.hasPin)])
  const lines = json ? [JSON.stringify(rows, null, 2)] : table([['USER', 'NAME', 'HOME', 'MAY LOG IN', 'PIN'], ...cells])
  for (const line of lines) needs.terminal.print(line)
}
