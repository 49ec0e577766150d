import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Extension, parseSiteName, type SiteName } from '../../base/identity.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import { type Directory, noProfiles, profileInForce, type User, type UserEdit } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { extensionArgument } from '../operator/arguments.js'
import { withDirectory } from '../operator/network.js'
import { reservedBy } from '../operator/reservations.js'
import { numberWarnings, ownerWarnings, siteWarnings } from '../operator/site-warnings.js'
import { table } from '../output/terminal.js'
import { messagesOf, messagesText } from '../output/waiting-messages.js'
import { doubtText, nameDoubts } from '../references/references.js'
import { readDialplan } from '../settings.js'
import { keyRows, keysAt } from './break-out-keys.js'
import { yesNo } from './field.js'
import { addFieldOptions, editsIn, entriesOf, type Named, plainRecord, recordLines } from './field-options.js'
import { moveCommand } from './move.js'
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
import { type PinSource, savePin } from './pins.js'
import { renameCommand } from './rename.js'
import { mergedUserEdit, userFields } from './user-fields.js'

type PinOption = { readonly pinStdin?: boolean }
/** `hotdesk user …` */
export function userCommands(user: Command, needs: CommandNeeds): void {
  user.addHelpText(
    'after',
    [
      '\nExamples:',
      '  hotdesk user add 100 --name Alice --home paris',
      '  hotdesk user set 100 --forward-busy 101 --ring-seconds 15',
      '  hotdesk user set 100 --forward-busy ""             clears the forward',
      '  hotdesk user show 100 --json',
      '  hotdesk user set 100 --keys "line, blf:101, appearance:104@paris"',
      '  hotdesk user set 100 --keys "line, break-out:london*902079460000"',
      '  hotdesk user show 100 --at london                  lists the keys that do not work there, and what break-out keys dial',
      '  hotdesk user pin 100',
      '  hotdesk user rename 100 200',
      '  hotdesk user move 100 --to paris',
    ].join('\n'),
  )
  writingCommands(user, needs)
  renameCommand(user, needs)
  moveCommand(user, needs)
  user
    .command('show')
    .description('show a user, except the PIN')
    .addHelpText('after', '\nExamples:\n  hotdesk user show 100\n  hotdesk user show 100 --at london')
    .addArgument(extensionArgument())
    .addOption(
      new Option(
        '--at <site>',
        'also list the keys that do not work at this site, what break-out keys dial, and what the profile includes there',
      ).argParser(siteOf),
    )
    .option(...asJson)
    .action((extension: Extension, form: Showing) => withDirectory(needs.config('look'), showing(extension, form, needs)))
  user
    .command('list')
    .description('list every user')
    .addHelpText('after', '\nExamples:\n  hotdesk user list\n  hotdesk user list --json')
    .option(...asJson)
    .action((form: Form) => withDirectory(needs.config('look'), async (directory) => list(directory.users(), form, needs)))
}

function writingCommands(user: Command, needs: CommandNeeds): void {
  const command = (subject: Extension, form: Form): RecordCommand => ({ needs, kind: 'user', subject, form })
  const fromStdin = ['--pin-stdin', 'read the PIN from standard input'] as const
  addFieldOptions(user.command('add').addArgument(extensionArgument()), userFields)
    .description('add a user with a new PIN, which is shown once')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk user add 100 --name Alice --home paris\n  echo 8264 | hotdesk user add 101 --name Bob --pin-stdin',
    )
    .option(...fromStdin)
    .option(...asJson)
    .action((extension: Extension, options: Named & PinOption & Form) => add(command(extension, options), extension, options))
  addFieldOptions(user.command('set').addArgument(extensionArgument()), userFields)
    .description('change a user; pass "" to clear a value')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk user set 100 --forward-busy 101 --ring-seconds 15\n  hotdesk user set 100 --forward-busy ""',
    )
    .option(...asJson)
    .action((extension: Extension, named: Named & Form) => set(command(extension, named), extension, named))
  user
    .command('pin')
    .description('give a user a new PIN, which is shown once')
    .addHelpText('after', '\nExamples:\n  hotdesk user pin 100\n  hotdesk user pin 100 --json')
    .addArgument(extensionArgument())
    .option(...fromStdin)
    .option(...asJson)
    .action((extension: Extension, option: PinOption & Form) => renewPin(command(extension, option), extension, sourceOf(option)))
  user
    .command('rm')
    .description('log out and remove a user, with the call log')
    .addHelpText('after', '\nExamples:\n  hotdesk user rm 100\n  hotdesk user rm 100 --yes')
    .addArgument(extensionArgument())
    .option(...yesOption)
    .option(...asJson)
    .action((extension: Extension, form: Form & Confirmation) => remove(command(extension, form), extension, form))
}

async function add(command: RecordCommand, extension: Extension, options: Named & PinOption): Promise<void> {
  const config = command.needs.config('look')
  const dialplan = readDialplan(config)
  const reserved = reservedBy(dialplan, config)(extension)
  if (reserved !== null) return reportRefusal(command, [reserved])
  await withDirectory(
    config,
    async (directory) => {
      const present = directory.user(extension)
      if (present) return reportRefusal(command, [existsText('user', nameOf(present))])
      const edit: UserEdit = { home: config.site, ...mergedUserEdit(editsIn(userFields, options)) }
      const save = (pinHash: string) => directory.putUser(extension, { ...edit, pinHash }, 'new')
      if (await savePin(command, extension, sourceOf(options), save))
        printWarnings(command.needs, [
          ...siteWarnings([edit.home], directory, config),
          ...numberWarnings([extension], dialplan),
          ...namesOf(extension, directory, dialplan),
        ])
    },
    [`user:${extension}`],
  )
}

const nameFields = ['home', 'rights', 'outOfHoursRights', 'timeProfile', 'profile'] as const

/** Names in the record that the user's site does not define. */
function namesOf(extension: Extension, directory: Directory, dialplan: Dialplan): readonly string[] {
  const user = directory.user(extension)
  return user ? nameDoubts([user], dialplan).map(doubtText) : []
}

function nameOf({ extension, name }: User): string {
  return name === extension ? extension : `${extension} (${name})`
}

function sourceOf({ pinStdin }: PinOption): PinSource {
  return pinStdin ? 'given' : 'issued'
}

async function set(command: RecordCommand, extension: Extension, named: Named): Promise<void> {
  const config = command.needs.config('look')
  const edit = mergedUserEdit(editsIn(userFields, named))
  if (Object.keys(edit).length === 0) return reportRefusal(command, ['no changes given; hotdesk user set --help shows what there is'])
  await withDirectory(
    config,
    async (directory) => {
      const reserved = reservedBy(readDialplan(config), config)(extension)
      if (reserved !== null && directory.user(extension)) return reportRefusal(command, [`${reserved}: give this user another extension`])
      const isSaved = reportSaved(command, await directory.putUser(extension, edit, 'known'))
      const names = nameFields.some((field) => edit[field] !== undefined) ? namesOf(extension, directory, readDialplan(config)) : []
      if (isSaved) printWarnings(command.needs, [...siteWarnings([edit.home], directory, config), ...names])
    },
    [`user:${extension}`],
  )
}

async function renewPin(command: RecordCommand, extension: Extension, source: PinSource): Promise<void> {
  await withDirectory(
    command.needs.config('look'),
    async (directory) => {
      if (directory.user(extension) === null) return reportRefusal(command, [unknownText('user')])
      await savePin(command, extension, source, (pinHash) => directory.putUser(extension, { pinHash }, 'known'))
    },
    [`user:${extension}`],
  )
}

async function remove(command: RecordCommand, extension: Extension, confirmation: Confirmation): Promise<void> {
  await withDirectory(
    command.needs.config('look'),
    async (directory) => {
      const user = directory.user(extension)
      if (user) {
        const objection = await objectionTo(`user ${nameOf(user)}`, confirmation, command.needs)
        if (objection !== null) return reportRefusal(command, [objection])
      }
      const phones = directory.ownedBy(extension)
      const removed = await directory.removeUser(extension)
      reportRemoved(command, removed)
      if (removed.outcome === 'REMOVED') printWarnings(command.needs, ownerWarnings(phones))
    },
    [`user:${extension}`],
  )
}

/** The whole record, and where the user is logged in. */
function showing(extension: Extension, { json, at }: Showing, needs: CommandNeeds): (directory: Directory, store: Store) => Promise<void> {
  return async (directory, store) => {
    const { replica } = store
    const user = directory.user(extension)
    if (!user) return printRefusal(needs, extension, [unknownText('user')])
    const devices = (replica.hash('users')?.get(extension) ?? '').split(' ').filter((device) => device !== '')
    const { print, paint } = needs.terminal
    const entries = entriesOf(userFields, user)
    const messages = messagesOf(extension, replica)
    const pin = user.pinHash === null ? 'none' : 'set'
    const keys = at === undefined ? null : await keysAt(user, at, { directory, store, config: needs.config('look') })
    const keysThere = keys === null ? {} : { deadKeys: keys.dead, breakOutKeys: keys.breakOut }
    const profile = at === undefined ? null : profileAt(user, at, directory)
    if (json)
      return print(
        JSON.stringify(
          {
            extension,
            ...plainRecord(userFields, user),
            pin,
            devices,
            messages,
            ...keysThere,
            ...(profile ? { profileThere: profile.json } : {}),
          },
          null,
          2,
        ),
      )
    print(paint.strong(extension))
    for (const line of recordLines(
      [
        ...entries,
        ...(keys === null || at === undefined ? [] : keyRows(keys, at)),
        ...(profile ? [[`profile at ${at}`, profile.words] as const] : []),
        ['pin', pin],
        ['logged in at', devices.join(' ')],
        ['messages', messagesText(messages)],
      ],
      paint,
    ))
      print(line)
  }
}

interface ProfileThere {
  readonly words: string
  readonly json: { readonly includes: readonly string[]; readonly unknown: string | null }
}

/** What the profile means to a user who is logged in there; null: the user has none. */
function profileAt(user: User, site: SiteName, directory: Directory): ProfileThere | null {
  const [host, home] = [directory.site(site)?.profiles ?? noProfiles, directory.site(user.home)?.profiles ?? null]
  const profile = profileInForce(user, { site, host, home, user: 'visiting' })
  if (!profile) return null
  const { words, included, unknown } = profile
  return { words: `${words} includes ${included.join(', ') || 'nothing'}`, json: { includes: included, unknown } }
}

interface Showing extends Form {
  readonly at?: SiteName
}

function siteOf(text: string): SiteName {
  const site = parseSiteName(text)
  if (site === null) throw new InvalidArgumentError('Expected a site, such as paris.')
  return site
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
  const lines = json ? [JSON.stringify(rows, null, 2)] : table([['USER', 'NAME', 'HOME', 'MAY HOT-DESK', 'PIN'], ...cells])
  for (const line of lines) needs.terminal.print(line)
}
