import type { Command } from 'commander'
import { errors } from '../../base/errors.js'
import { parseExtension } from '../../base/identity.js'
import type { Store, Transition } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import type { Paint } from '../output/terminal.js'
import { messagesOf, messagesText } from '../output/waiting-messages.js'
import { deviceArgument, eitherArgument, extensionArgument } from './arguments.js'
import { withStore } from './network.js'
import { byThisOperator } from './operator-identity.js'
import { refusalOf } from './refusals.js'
import { type Action, verdictOf } from './replies.js'

// These commands call the same Redis functions as the feature codes of a phone.

type Form = { readonly json?: boolean }

interface Request {
  readonly action: Action
  readonly args: readonly [first: string, second?: string]
  /** A text: the reply of a read or of a function whose effect needs no confirmation. */
  readonly call: (store: Store) => Promise<string | Transition>
}

/** With `durability: replicated`, if only the primary is known to have the change. */
const unconfirmed = 'no replica has confirmed it, so a failover could undo it; check with `hotdesk who`'
const unanswered = 'Redis did not answer, so it may or may not have been done; check with `hotdesk who`'

/** `hotdesk login` */
export function loginCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(extensionArgument())
    .addArgument(deviceArgument())
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk login 100 HD0001')
    .action((extension: string, device: string, form: Form) => {
      const call = (store: Store) => store.transition('hotdesk_login', extension, device, 'cli', byThisOperator())
      return run({ action: 'login', args: [extension, device], call }, form, needs)
    })
}

/** `hotdesk logout` */
export function logoutCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(eitherArgument())
    .option('--now', 'end calls in progress instead of waiting for them')
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk logout HD0001\n  hotdesk logout 100 --now')
    .action((target: string, { now, ...form }: Form & { now?: boolean }) => {
      const call = (store: Store) => store.transition('hotdesk_logout', target, now ? 'now' : 'drain', 'cli', byThisOperator())
      return run({ action: 'logout', args: [target], call }, form, needs)
    })
}

/** `hotdesk unlock` */
export function unlockCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(eitherArgument())
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk unlock 100')
    .action((target: string, form: Form) =>
      run(
        { action: 'unlock', args: [target], call: (store) => store.call('hotdesk_unlock', target, 'cli', byThisOperator()) },
        form,
        needs,
      ),
    )
}

/** `hotdesk refresh` */
export function refreshCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(eitherArgument())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk refresh HD0001\n  hotdesk refresh 100')
    .action((target: string, form: Form) =>
      run(
        { action: 'refresh', args: [target], call: (store) => store.call('hotdesk_refresh', target, 'cli', byThisOperator()) },
        form,
        needs,
      ),
    )
}

/** `hotdesk replace` */
export function replaceCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(deviceArgument('the phone to take out of use', 'old'))
    .addArgument(deviceArgument('the phone that takes its place', 'new'))
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk replace HD0001 HD0002')
    .action((old: string, replacement: string, form: Form) => {
      if (old === replacement) throw errors.COMMAND_REFUSED.replaceItself({ device: old })
      const call = (store: Store) => store.transition('hotdesk_replace', old, replacement, 'cli', byThisOperator())
      return run({ action: 'replace', args: [old, replacement], call }, form, needs)
    })
}

/** `hotdesk who` */
export function whoCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(eitherArgument())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk who HD0001\n  hotdesk who 100 --json')
    .action((target: string, form: Form) =>
      run({ action: 'who', args: [target], call: (store) => store.call(whoFunction(target), target) }, form, needs),
    )
}

/** Messages of the user who was asked for, or who is logged in at the phone; null: there are none, or another action. */
function messagesFor({ action, args: [target] }: Request, reply: string, { replica }: Store) {
  if (action !== 'who') return null
  const [word, user = ''] = reply.split(' ')
  return messagesOf(word === 'OCCUPIED' || word === 'DRAINING' ? user : target, replica)
}

function whoFunction(target: string) {
  return parseExtension(target) ? 'hotdesk_where' : 'hotdesk_who'
}

async function run(request: Request, { json }: Form, needs: CommandNeeds): Promise<void> {
  const { word, detail, done, isCertain, sentence, messages } = await withStore(needs.config('look'), (store) => outcomeOf(request, store))
  const { print, complain, hint, paint } = needs.terminal
  const subject = subjectOf(request)
  const also = request.action === 'who' ? { messages } : {}
  if (json) print(JSON.stringify({ subject, done, certain: isCertain, word, detail, sentence, ...also }))
  else if (done) print(hint([sentence, ...(messages ? [`messages: ${messagesText(messages)}`] : [])].join('\n')))
  else if (isCertain) complain(refusedText(word, sentence, paint))
  else complain(`${paint.bad('not certain:')} ${sentence}`)
  if (done && !isCertain && !json) complain(`${paint.bad('not certain:')} ${subject}: ${unconfirmed}`)
  needs.exit(done && isCertain ? 0 : 1)
}

/** With the word of the function, which can be searched, and the next step. */
function refusedText(word: string, sentence: string, paint: Paint): string {
  const refusal = refusalOf(word)
  const [code, todo] = refusal ? [` ${paint.faint(`(${word})`)}`, refusal.todo] : ['', 'run `hotdesk doctor`']
  return `${paint.bad('refused:')} ${sentence}${code}\n  ${paint.faint('→')} ${todo}`
}

function subjectOf({ action, args: [first, second] }: Request): string {
  if (second === undefined) return first
  return action === 'replace' ? `${first} by ${second}` : `${first} at ${second}`
}

async function outcomeOf(request: Request, store: Store) {
  const { action, args, call } = request
  const other = action === 'logout' ? await counterpartOf(args[0], store) : args[1]
  const answer = await call(store)
  const { certainty, reply } = typeof answer === 'string' ? { certainty: 'safe', reply: answer } : answer
  const [word = '', ...words] = (reply ?? '').split(' ')
  // A draining logout names the number of calls; every other reply names users and phones.
  const detail = action === 'logout' && word === 'DRAINING' ? words.map(Number) : words
  if (reply === null)
    return { word, detail, done: false, isCertain: false, sentence: `${subjectOf(request)}: ${unanswered}`, messages: null }
  const verdict = verdictOf(action, reply, other === undefined ? [args[0]] : [args[0], other])
  // A refusal changed nothing, so no failover can undo it.
  const messages = messagesFor(request, reply, store)
  return { word, detail, ...verdict, isCertain: certainty === 'safe' || !verdict.done, messages }
}

/** Where this user is logged in, or who is logged in at this phone. */
async function counterpartOf(target: string, { call }: Pick<Store, 'call'>): Promise<string | undefined> {
  const [word = '', ...names] = (await call(whoFunction(target), target)).split(' ')
  return ['AT', 'OCCUPIED', 'DRAINING'].includes(word) ? names.join(', ') : undefined
}
