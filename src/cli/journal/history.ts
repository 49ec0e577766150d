import type { Command } from 'commander'
import type { CommandNeeds } from '../needs.js'
import { eitherArgument } from '../operator/arguments.js'
import { withStore } from '../operator/network.js'
import { linesOption, plainEntry } from './entries.js'
import { concerns, eventLines } from './event-lines.js'

/** More than the stream of events keeps. */
const all = 20_000

/** `hotdesk history` */
export function historyCommand(program: Command, needs: CommandNeeds): void {
  program
    .command('history')
    .description('what happened to a user or a phone, newest first')
    .addArgument(eitherArgument())
    .addOption(linesOption(50))
    .option('--json', 'the answer as JSON')
    .addHelpText('after', '\nExamples:\n  hotdesk history HD0001\n  hotdesk history 100 --lines 5 --json')
    .action(async (subject: string, { lines, json }: { lines: number; json?: boolean }) => {
      const entries = await withStore(needs.config('look'), (store) => store.recent('events', all))
      const wanted = entries.filter((entry) => concerns(entry, subject)).slice(0, lines)
      const { print, paint } = needs.terminal
      if (json) return print(JSON.stringify(wanted.map(plainEntry), null, 2))
      for (const line of eventLines(wanted, paint)) print(line)
    })
}
