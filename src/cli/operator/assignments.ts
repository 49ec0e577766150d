import type { Command } from 'commander'
import { AppError } from '../../base/errors.js'
import { parseExtension } from '../../base/identity.js'
import type { Store, Transition } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { deviceArgument, eitherArgument, extensionArgument } from './arguments.js'
import { withStore } from './network.js'
import { type Action, verdictOf } from './replies.js'

type Form = { readonly json?: boolean }

interface Question {
  readonly action: Action
  readonly subject: string
  /** A text: it is so, or nothing has changed that could be lost. */
  readonly call: (store: Store) => Promise<string | Transition>
}

type Ask = (question: Question, form: Form) => Promise<void>

/** What only the primary has, as far as anybody knows (`durability: replicated`). */
const unconfirmed = 'no replica of Redis has confirmed it: a failover could take it back; look again with `hotdesk who`'
const unanswered = 'Redis has not answered: it may have been done, or be done still; look again with `hotdesk who`'

/** `hotdesk login`, `logout`, `unlock`, `refresh`, `replace`, `who`: the same functions that a dial code or redis-cli calls. */
export function assignmentCommands(program: Command, needs: CommandNeeds): void {
  const ask: Ask = async ({ action, subject, call }, { json }) => {
    const { word, detail, done, isCertain, sentence } = outcomeOf(action, await withStore(needs.config('look'), call))
    const { print, complain, paint } = needs.terminal
    if (json) print(JSON.stringify({ subject, done, certain: isCertain, word, detail, sentence }))
    else if (done) print(`${paint.strong(subject)}: ${sentence}`)
    else complain(`${paint.bad(isCertain ? 'refused:' : 'not certain:')} ${subject}: ${sentence}`)
    if (done && !isCertain && !json) complain(`${paint.bad('not certain:')} ${subject}: ${unconfirmed}`)
    needs.exit(done && isCertain ? 0 : 1)
  }
  transitionCommands(program, ask)
  phoneCommands(program, ask)
  whoCommand(program, ask)
}

function outcomeOf(action: Action, answer: string | Transition) {
  const { certainty, reply } = typeof answer === 'string' ? { certainty: 'safe', reply: answer } : answer
  const [word = '', ...words] = (reply ?? '').split(' ')
  // Of a logout that waits, how many calls it waits for; else users and phones.
  const detail = action === 'logout' && word === 'DRAINING' ? words.map(Number) : words
  if (reply === null) return { word, detail, done: false, isCertain: false, sentence: unanswered }
  const verdict = verdictOf(action, reply)
  // What was refused cannot be lost.
  return { word, detail, ...verdict, isCertain: certainty === 'safe' || !verdict.done }
}

function transitionCommands(program: Command, ask: Ask): void {
  program
    .command('login')
    .description('log a user in at a phone, without a PIN')
    .addArgument(extensionArgument())
    .addArgument(deviceArgument())
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk login 100 HD0001')
    .action((extension: string, device: string, form: Form) =>
      ask(
        {
          action: 'login',
          subject: `${extension} at ${device}`,
          call: (store) => store.transition('hotdesk_login', extension, device, 'cli'),
        },
        form,
      ),
    )
  program
    .command('logout')
    .description('log a phone out, or a user wherever they sit; a call in progress ends first')
    .addArgument(eitherArgument())
    .option('--now', 'do not wait for a call in progress: end it')
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk logout HD0001\n  hotdesk logout 100 --now')
    .action((target: string, { now, ...form }: Form & { now?: boolean }) =>
      ask(
        { action: 'logout', subject: target, call: (store) => store.transition('hotdesk_logout', target, now ? 'now' : 'drain', 'cli') },
        form,
      ),
    )
  program
    .command('unlock')
    .description('forget the failed PIN attempts of a user or a phone')
    .addArgument(eitherArgument())
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk unlock 100')
    .action((target: string, form: Form) =>
      ask({ action: 'unlock', subject: target, call: (store) => store.call('hotdesk_unlock', target, 'cli') }, form),
    )
}

function phoneCommands(program: Command, ask: Ask): void {
  program
    .command('refresh')
    .description('have a phone show anew who sits there, or each phone where a user sits')
    .addArgument(eitherArgument())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk refresh HD0001\n  hotdesk refresh 100')
    .action((target: string, form: Form) =>
      ask({ action: 'refresh', subject: target, call: (store) => store.call('hotdesk_refresh', target, 'cli') }, form),
    )
  program
    .command('replace')
    .description('a phone was swapped for another: whoever sits at the old one sits at the new one')
    .addArgument(deviceArgument('the phone that goes', 'old'))
    .addArgument(deviceArgument('the one in its place', 'new'))
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk replace HD0001 HD0002')
    .action((old: string, fresh: string, form: Form) => {
      if (old === fresh)
        throw new AppError('COMMAND_REFUSED', `${old} cannot take its own place: name the phone that goes, then the new one`)
      return ask(
        { action: 'replace', subject: `${old} by ${fresh}`, call: (store) => store.transition('hotdesk_replace', old, fresh, 'cli') },
        form,
      )
    })
}

function whoCommand(program: Command, ask: Ask): void {
  program
    .command('who')
    .description('who sits at a phone, or where a user sits')
    .addArgument(eitherArgument())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk who HD0001\n  hotdesk who 100 --json')
    .action((target: string, form: Form) => {
      const name = parseExtension(target) ? 'hotdesk_where' : 'hotdesk_who'
      return ask({ action: 'who', subject: target, call: (store) => store.call(name, target) }, form)
    })
}
