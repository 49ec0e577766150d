import type { Command } from 'commander'
import { errors } from '../../base/errors.js'
import type { Extension } from '../../base/identity.js'
import { counted } from '../../base/output/counted.js'
import { bookKey, type Directory, type User } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { extensionArgument } from '../operator/arguments.js'
import { withDirectory } from '../operator/network.js'
import { byThisOperator } from '../operator/operator-identity.js'
import { reservedBy } from '../operator/reservations.js'
import { sitesIn } from '../operator/site-overview.js'
import { listed, numberWarnings } from '../operator/site-warnings.js'
import { readDialplan } from '../settings.js'
import { type Confirmation, type Form, printWarnings, type RecordCommand, reportRefusal, unknownText, yesOption } from './outcome.js'
import { planLinesWith } from './plan-lines.js'
import { userFields } from './user-fields.js'

/** `hotdesk user rename` */
export function renameCommand(user: Command, needs: CommandNeeds): void {
  user
    .command('rename')
    .description('give a user another extension, with everything that belongs to it; logins stay')
    .addArgument(extensionArgument())
    .addArgument(extensionArgument('new', 'the new extension'))
    .option(...yesOption)
    .option(...asJson)
    .addHelpText(
      'after',
      '\nForwards of other users follow, after a question. Lines of dial plans are printed, not changed.\n\nExample:\n  hotdesk user rename 100 105',
    )
    .action((old: Extension, extension: Extension, form: Form & Confirmation) =>
      withDirectory(needs.config('look'), (directory, store) =>
        rename({ needs, kind: 'user', subject: old, form }, { old, extension, directory, store }, form),
      ),
    )
}

interface Renaming {
  readonly old: Extension
  readonly extension: Extension
  readonly directory: Directory
  readonly store: Store
}

/** A field of a record that holds the extension. */
interface Reference {
  readonly record: string
  readonly field: string
}

async function rename(command: RecordCommand, renaming: Renaming, { yes }: Confirmation): Promise<void> {
  const { old, extension, directory, store } = renaming
  const user = directory.user(old)
  if (!user) return reportRefusal(command, [unknownText('user')])
  const obstacles = obstaclesTo(user, renaming, command.needs)
  if (obstacles.length > 0) return reportRefusal(command, obstacles)
  const owned = directory.ownedBy(old).map(({ id }): Reference => ({ record: `device:${id}`, field: 'owner' }))
  const forwards = forwardsTo(old, directory)
  const objection = await objectionTo(forwards, renaming, { yes, needs: command.needs })
  if (objection !== null) return reportRefusal(command, [objection])
  const references = [...owned, ...forwards].flatMap(({ record, field }) => [record, field])
  const { certainty, reply } = await store.transition('hotdesk_rename', old, extension, 'cli', ...references, byThisOperator())
  if (reply !== 'RENAMED' || certainty !== 'safe') return reportRefusal(command, [refusalWords(reply, renaming)])
  await moveContacts(renaming)
  report(command, { ...renaming, owned, forwards })
}

/** The personal phone book follows the user. */
async function moveContacts({ old, extension, store }: Renaming): Promise<void> {
  const fields = store.replica.hash(bookKey(old))
  if (!fields) return
  const moved = { key: bookKey(extension), fields: Object.fromEntries(fields) }
  await store.writeAll([{ key: moved.key, fields: null }, moved, { key: bookKey(old), fields: null }])
}

/** Why the user cannot have the new extension. Redis decides about a user who is added at the same moment. */
function obstaclesTo(user: User, { old, extension, directory }: Renaming, needs: CommandNeeds): readonly string[] {
  if (old === extension) return ['the new extension is the present one']
  const present = directory.user(extension)
  if (present) return [`${extension} is already the extension of ${present.name}`]
  const config = needs.config('look')
  const reserved = reservedBy(readDialplan(config), config)(extension)
  if (reserved !== null) return [reserved]
  const prepared = directory.prepareUser(extension, { home: user.home })
  if (prepared.outcome === 'REFUSED') return prepared.reasons
  const isOwn = Object.values(user.forwards).includes(extension)
  return isOwn ? [`the user's calls are forwarded to ${extension}; clear that forward first`] : []
}

function forwardsTo(extension: Extension, directory: Directory): readonly Reference[] {
  const fields = userFields.filter(({ name }) => name.startsWith('forward'))
  return directory
    .users()
    .flatMap((user) =>
      fields.flatMap((field) => (field.write(user) === extension ? [{ record: `user:${user.extension}`, field: field.name }] : [])),
    )
}

/** Other users' forwards change too, so a person confirms them. */
async function objectionTo(
  forwards: readonly Reference[],
  { old, extension }: Renaming,
  { yes, needs }: Confirmation & { readonly needs: CommandNeeds },
): Promise<string | null> {
  if (yes || forwards.length === 0) return null
  const { terminal } = needs
  const named = listed(forwards.map(({ record, field }) => `${record.replace('user:', '')} (${field})`))
  if (terminal.ask === null)
    return `forwards of other users lead to ${old}: ${named}. They would lead to ${extension}; pass --yes to rename it`
  const question = `Forwards of ${named} lead to ${old}, and will lead to ${extension}. Rename? [y/N] `
  return (await terminal.ask(question)) ? null : 'nothing was renamed'
}

function refusalWords(reply: string | null, { old, extension }: Renaming): string {
  switch (reply) {
    case null:
      return `Redis did not answer, so it may or may not have been done; check with \`hotdesk user show ${extension}\``
    case 'RENAMED':
      return `renamed, but no replica has confirmed it, so a failover could undo it; check with \`hotdesk user show ${extension}\``
    case 'EXISTS':
      return `another operator has just given ${extension} to a user`
    case 'UNKNOWN_USER':
      return unknownText('user')
    case 'EMERGENCY':
      return `a phone where ${old} is logged in is in an emergency call, or in the quiet time after one`
    default:
      throw errors.STORE_PROTOCOL.replyAbout({ what: 'hotdesk_rename', reply })
  }
}

function report(
  command: RecordCommand,
  done: Renaming & { readonly owned: readonly Reference[]; readonly forwards: readonly Reference[] },
): void {
  const { old, extension, directory, store, owned, forwards } = done
  const { needs, form } = command
  const config = needs.config('look')
  const plans = planLinesWith(old, sitesIn(directory, store.replica, config))
  const { terminal } = needs
  if (form.json) terminal.print(JSON.stringify({ subject: extension, done: true, from: old, owned: namesOf(owned), forwards, plans }))
  else {
    const also = [...counts(owned, 'owned phone'), ...counts(forwards, 'forward')]
    terminal.print(`${terminal.paint.strong(old)}: renamed to ${extension}${also.length > 0 ? `, with ${also.join(' and ')}` : ''}`)
  }
  const unchanged = plans.map((line) => `this line of a dial plan still names ${old}: ${line}`)
  printWarnings(needs, [...(form.json ? [] : unchanged), ...numberWarnings([extension], readDialplan(config))])
  needs.exit(0)
}

function namesOf(references: readonly Reference[]): readonly string[] {
  return references.map(({ record }) => record.replace(/^\w+:/, ''))
}

function counts(references: readonly Reference[], noun: string): readonly string[] {
  return references.length === 0 ? [] : [counted(references.length, noun)]
}
