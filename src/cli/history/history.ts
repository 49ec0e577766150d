import type { Command } from 'commander'
import type { Store, StreamEntry } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { eitherArgument } from '../operator/arguments.js'
import { withStore } from '../operator/network.js'
import { printRefusal } from '../records/outcome.js'
import { inOrder, linesOption, newestFirst, type Order, plainEntry } from './entries.js'
import { concerns, eventLines } from './event-lines.js'

/** Entries per request. Redis answers at once, however many there are. */
const pageSize = 2_000

/** `hotdesk history` */
export function historyCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(eitherArgument())
    .addOption(linesOption(50))
    .option(...newestFirst)
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk history HD0001\n  hotdesk history 100 --lines 5 --json')
    .action(async (subject: string, { lines, json, reverse = false }: { lines: number; json?: boolean } & Order) => {
      const { found, isKnown } = await withStore(needs.config('look'), async (store) => ({
        found: await historyOf(subject, lines, store),
        isKnown: ['user', 'device'].some((kind) => store.replica.hash(`${kind}:${subject}`) !== undefined),
      }))
      const wanted = inOrder(found, { reverse })
      if (wanted.length === 0 && !isKnown) return printRefusal(needs, subject, ['there is no such user or phone, and no event mentions it'])
      const { print, paint } = needs.terminal
      if (json) return print(JSON.stringify(wanted.map(plainEntry), null, 2))
      for (const line of eventLines(wanted, paint)) print(line)
    })
}

/** Newest first, until there are enough or no more. */
async function historyOf(subject: string, lines: number, { recent }: Pick<Store, 'recent'>): Promise<readonly StreamEntry[]> {
  const wanted: StreamEntry[] = []
  // A user who was renamed had an earlier extension before that event.
  const subjects = [subject]
  let page: readonly StreamEntry[] = []
  do {
    page = await recent('events', pageSize, page.at(-1)?.id)
    for (const entry of page) {
      if (!subjects.some((name) => concerns(entry, name))) continue
      wanted.push(entry)
      const previous = entry.fields.get('event') === 'renamed' ? entry.fields.get('from') : undefined
      if (previous !== undefined && subjects.includes(entry.fields.get('user') ?? '')) subjects.push(previous)
    }
  } while (page.length === pageSize && wanted.length < lines)
  return wanted.slice(0, lines)
}
