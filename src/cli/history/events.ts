import { type Command, Option } from 'commander'
import { pause, systemClock } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import { type Store, type StreamEntry, troubleLine } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { absenceOf, withStore } from '../operator/network.js'
import type { Terminal } from '../output/terminal.js'
import { processEvents } from '../process-events.js'
import { inOrder, linesOption, newestFirst, type Order, plainEntry } from './entries.js'
import { eventLines } from './event-lines.js'

interface EventOptions extends Order {
  readonly follow?: boolean
  readonly lines: number
  readonly json?: boolean
}

/** A new event is shown within this time. */
const lookEveryMs = 250

/** `hotdesk events` */
export function eventsCommand(command: Command, needs: CommandNeeds): void {
  command
    .option('-f, --follow', 'print new events until Ctrl-C')
    .addOption(linesOption(20))
    .addOption(new Option(...newestFirst).conflicts('follow'))
    .option('--json', 'print one JSON value per line')
    .addHelpText('after', '\nExamples:\n  hotdesk events\n  hotdesk events --follow\n  hotdesk events --follow --json | jq .event')
    .action((options: EventOptions) => withStore(needs.config('look'), (store) => show(store, options, needs)))
}

async function show(store: Store, { follow, lines, json, reverse = false }: EventOptions, { terminal }: CommandNeeds): Promise<void> {
  const latest = await store.recent('events', lines)
  const [head = '', ...rows] = eventLines(inOrder(latest, { reverse }), terminal.paint)
  const print: Print = (entries) => {
    const printed = json ? entries.map((entry) => JSON.stringify(plainEntry(entry))) : eventLines(entries, terminal.paint).slice(1)
    for (const line of printed) terminal.print(line)
  }
  if (json) print(inOrder(latest, { reverse }))
  else for (const line of [head, ...rows]) terminal.print(line)
  if (follow) await followed(store, latest[0]?.id ?? '', print, terminal)
}

type Print = (entries: readonly StreamEntry[]) => void

/** Prints new events until Ctrl-C; waits while Redis is lost. */
async function followed(store: Store, from: string, print: Print, terminal: Terminal): Promise<void> {
  const events = processEvents()
  let stopped = false
  let shown = from
  let isAway = false
  events.onStop(() => {
    stopped = true
  })
  while (!stopped && !terminal.isGone) {
    try {
      const fresh = await freshIn(store, shown)
      print(fresh)
      shown = fresh.at(-1)?.id ?? shown
      isAway = false
    } catch (fault) {
      if (!isAppError(fault, 'STORE_UNAVAILABLE')) throw fault
      if (!isAway) terminal.complain(`${troubleLine(absenceOf(store))}. Waiting for Redis`)
      isAway = true
    }
    await pause(systemClock, lookEveryMs)
  }
  events.close()
}

/** Entries after `shown`, oldest first. Pages grow until one reaches back to it. */
async function freshIn(store: Store, shown: string): Promise<readonly StreamEntry[]> {
  for (let count = 50; ; count *= 10) {
    const page = await store.recent('events', count)
    const at = page.findIndex(({ id }) => !isLater(id, shown))
    if (at >= 0 || page.length < count) return page.slice(0, at < 0 ? page.length : at).toReversed()
  }
}

/** Ids are `<milliseconds>-<sequence>`. */
function isLater(id: string, than: string): boolean {
  const [[ms = 0, sequence = 0], [thanMs = 0, thanSequence = 0]] = [id, than].map((text) => text.split('-').map(Number)) as [
    number[],
    number[],
  ]
  return ms > thanMs || (ms === thanMs && sequence > thanSequence)
}
