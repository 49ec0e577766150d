import type { Command } from 'commander'
import type { Extension } from '../../base/identity.js'
import type { StreamEntry } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { extensionArgument } from '../operator/arguments.js'
import { withStore } from '../operator/network.js'
import { table } from '../output/terminal.js'
import { printRefusal } from '../records/outcome.js'
import { showActiveCalls } from '../running/active-calls.js'
import { inOrder, linesOption, localTime, newestFirst, type Order, plainEntry } from './entries.js'

interface LogOptions extends Order {
  readonly active?: boolean
  readonly lines: number
  readonly json?: boolean | undefined
}

/** `hotdesk calls` */
export function callsCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(extensionArgument().argOptional())
    .option('--active', 'list the calls in progress at all nodes instead, of one user or of all')
    .addOption(linesOption(20))
    .option(...newestFirst)
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk calls 100\n  hotdesk calls --active\n  hotdesk calls 100 --lines 5 --json')
    .action(async (extension: Extension | undefined, { active, lines, json, reverse = false }: LogOptions) => {
      if (active) return showActiveCalls(extension, { json, reverse }, needs)
      if (extension === undefined) return command.error('error: name a user, or pass --active')
      const { found, isKnown } = await withStore(needs.config('look'), async ({ recent, replica }) => ({
        found: await recent(`calls:${extension}`, lines),
        isKnown: replica.hash(`user:${extension}`) !== undefined,
      }))
      const entries = inOrder(found, { reverse })
      if (entries.length === 0 && !isKnown) return printRefusal(needs, extension, ['there is no such user'])
      const { print, paint } = needs.terminal
      if (json) return print(JSON.stringify(entries.map(plainEntry), null, 2))
      const [head = '', ...rows] = table([['TIME', '', 'WITH', 'TALK', 'RESULT', 'AT'], ...entries.map(cellsOf)])
      print(paint.faint(head))
      for (const row of rows) print(row)
    })
}

/** `→` is an outgoing call. */
function cellsOf({ fields }: StreamEntry): string[] {
  const said = (name: string): string => fields.get(name) ?? ''
  const isOut = said('side') === 'out'
  return [
    localTime(Date.parse(said('began'))),
    isOut ? '→' : '←',
    isOut ? said('dialled') : callerOf(said),
    said('talkSeconds') === '0' ? '-' : minutes(Number(said('talkSeconds'))),
    said('reason'),
    said('at') || '-',
  ]
}

function callerOf(said: (name: string) => string): string {
  return said('callerName') ? `${said('callerName')} (${said('caller')})` : said('caller') || '-'
}

/** `1:05` */
function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
