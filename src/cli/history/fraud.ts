import { type Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '../../base/clock.js'
import type { Store, StreamEntry } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { withStore } from '../operator/network.js'
import { type Paint, table, wrapped } from '../output/terminal.js'
import { localTime, timeOf } from './entries.js'
import { type Refused, refusedIn, type Suspicion, suspicionsIn } from './fraud-patterns.js'

interface FraudOptions {
  readonly days: number
  readonly json?: boolean
}

/** Entries per request. Redis answers at once, however many there are. */
const pageSize = 2_000
const dayMs = 24 * 60 * 60 * 1_000

/** `hotdesk fraud` */
export function fraudCommand(command: Command, needs: CommandNeeds): void {
  command
    .addOption(new Option('--days <number>', 'how many days to show').default(7).argParser(daysOf))
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nIt shows what rights, limits and profiles have refused, and calls that look like an attack: a number abroad or a premium number that',
        'was never called before, at night (20:00 to 7:00 at the site); many different such numbers within an hour; many refusals within an hour.',
        '\nExamples:',
        '  hotdesk fraud',
        '  hotdesk fraud --days 30 --json',
        '  hotdesk why 00155512345 --from HD0001              which rights and limits count now',
      ].join('\n'),
    )
    .action(async ({ days, json }: FraudOptions) => {
      const entries = await withStore(needs.config('look'), allEvents)
      const since = systemClock.now() - days * dayMs
      const refused = refusedIn(entries.filter((entry) => timeOf(entry) >= since))
      const suspicious = suspicionsIn(entries).filter(({ at }) => at >= since)
      const { print, paint } = needs.terminal
      if (json)
        return print(JSON.stringify({ days, refused: refused.map(plainRefused), suspicious: suspicious.map(plainSuspicion) }, null, 2))
      for (const line of [...refusedLines(refused, days, paint), '', ...suspicionLines(suspicious, days, paint)]) print(line)
    })
}

function daysOf(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 to 9999.')
  return Number(text)
}

/** Oldest first. */
async function allEvents({ recent }: Pick<Store, 'recent'>): Promise<readonly StreamEntry[]> {
  const found: StreamEntry[] = []
  let page: readonly StreamEntry[] = []
  do {
    page = await recent('events', pageSize, page.at(-1)?.id)
    found.push(...page)
  } while (page.length === pageSize)
  return found.reverse()
}

function plainRefused({ last, ...rest }: Refused) {
  return { ...rest, last: new Date(last).toISOString() }
}

function plainSuspicion({ at, ...rest }: Suspicion) {
  return { at: new Date(at).toISOString(), ...rest }
}

function refusedLines(refused: readonly Refused[], days: number, paint: Paint): string[] {
  if (refused.length === 0) return [`Nothing was refused by rights, limits or profiles in ${daysText(days)}.`]
  const rows = refused.map(({ last, user, device, calls, what, lastNumber, reason }) => ({
    cells: [localTime(last), user || '-', device || '-', String(calls), what],
    words: lastNumber === '' ? reason : `${lastNumber}: ${reason}`,
  }))
  return explained(['LAST', 'USER', 'DEVICE', 'CALLS', 'REFUSED'], rows, paint.faint)
}

function suspicionLines(suspicions: readonly Suspicion[], days: number, paint: Paint): string[] {
  if (suspicions.length === 0) return [`Nothing suspicious in ${daysText(days)}.`]
  const rows = suspicions.map(({ at, user, device, words }) => ({ cells: [localTime(at), user || '-', device || '-'], words }))
  return explained(['SUSPICIOUS', 'USER', 'DEVICE'], rows, paint.bad)
}

interface Explained {
  readonly cells: readonly string[]
  readonly words: string
}

/** Width of a line on any terminal. */
const columns = 80

/** A table whose rows have an explanation below them, so that it fits the width. */
function explained(headings: readonly string[], rows: readonly Explained[], paintHead: Paint['faint']): string[] {
  const [head = '', ...lines] = table([headings, ...rows.map(({ cells }) => cells)])
  return [
    paintHead(head),
    ...lines.flatMap((line, index) => [line, ...table(wrapped(rows[index]?.words ?? '', columns - 2).map((part) => ['', part]))]),
  ]
}

function daysText(days: number): string {
  return days === 1 ? 'the last day' : `the last ${days} days`
}
