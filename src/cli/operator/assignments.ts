import type { Command } from 'commander'
import { parseExtension } from '../../base/identity.js'
import type { Store } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { deviceArgument, eitherArgument, extensionArgument } from './arguments.js'
import { withStore } from './network.js'
import { type Action, verdictOf } from './replies.js'

type Ask = (action: Action, subject: string, call: (store: Store) => Promise<string>) => Promise<void>

/** `hotdesk login`, `logout`, `who`, `unlock`: the same functions that a dial code or redis-cli calls. */
export function assignmentCommands(program: Command, needs: CommandNeeds): void {
  const ask: Ask = async (action, subject, call) => {
    const { done, sentence } = verdictOf(action, await withStore(needs.config('look'), call))
    const { print, complain, paint } = needs.terminal
    if (done) print(`${paint.strong(subject)}: ${sentence}`)
    else complain(`${paint.bad('refused:')} ${subject}: ${sentence}`)
    needs.exit(done ? 0 : 1)
  }
  transitionCommands(program, ask)
  whoCommand(program, needs, ask)
}

function transitionCommands(program: Command, ask: Ask): void {
  program
    .command('login')
    .description('log a user in at a phone, without a PIN')
    .addArgument(extensionArgument())
    .addArgument(deviceArgument())
    .addHelpText('after', '\nExample:\n  hotdesk login 100 HD0001')
    .action((extension: string, device: string) =>
      ask('login', `${extension} at ${device}`, (store) => store.call('hotdesk_login', extension, device, 'cli')),
    )
  program
    .command('logout')
    .description('log a phone out, or a user wherever they sit; a call in progress ends first')
    .addArgument(eitherArgument())
    .option('--now', 'do not wait for a call in progress: end it')
    .addHelpText('after', '\nExamples:\n  hotdesk logout HD0001\n  hotdesk logout 100 --now')
    .action((target: string, { now }: { now?: boolean }) =>
      ask('logout', target, (store) => store.call('hotdesk_logout', target, now ? 'now' : 'drain', 'cli')),
    )
  program
    .command('unlock')
    .description('forget the failed PIN attempts of a user or a phone')
    .addArgument(eitherArgument())
    .addHelpText('after', '\nExample:\n  hotdesk unlock 100')
    .action((target: string) => ask('unlock', target, (store) => store.call('hotdesk_unlock', target, 'cli')))
}

function whoCommand(program: Command, needs: CommandNeeds, ask: Ask): void {
  program
    .command('who')
    .description('who sits at a phone, or where a user sits')
    .addArgument(eitherArgument())
    .option('--json', 'the answer as JSON')
    .addHelpText('after', '\nExamples:\n  hotdesk who HD0001\n  hotdesk who 100 --json')
    .action(async (target: string, { json }: { json?: boolean }) => {
      const call = (store: Store): Promise<string> => store.call(parseExtension(target) ? 'hotdesk_where' : 'hotdesk_who', target)
      if (!json) return ask('who', target, call)
      const [word = '', ...detail] = (await withStore(needs.config('look'), call)).split(' ')
      needs.terminal.print(JSON.stringify({ subject: target, word, detail }))
      needs.exit(word.startsWith('UNKNOWN') ? 1 : 0)
    })
}
