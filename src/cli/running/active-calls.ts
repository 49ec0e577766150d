import { systemClock } from '../../base/clock.js'
import type { CommandNeeds } from '../needs.js'
import { chosenNodes } from '../operator/asked-nodes.js'
import { withDirectory } from '../operator/network.js'
import { table } from '../output/terminal.js'
import { left } from '../output/time-spans.js'
import { type NetworkCall, nodesOf } from './joined-calls.js'
import { networkCalls } from './network-calls.js'

export interface ActiveOptions {
  readonly json?: boolean | undefined
  readonly reverse?: boolean
}

/** `hotdesk calls --active`, of every node; of one user if an extension is given. */
export async function showActiveCalls(extension: string | undefined, { json, reverse }: ActiveOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const { calls, silent } = await withDirectory(config, (directory, store) =>
    networkCalls(store, chosenNodes({ all: true }, directory, config)),
  )
  const wanted = calls.filter(
    (call) => extension === undefined || [call.caller, call.dialled].includes(extension) || call.to === `user ${extension}`,
  )
  const shown = reverse ? wanted.toReversed() : wanted
  const { print, complain, paint } = needs.terminal
  if (json) print(JSON.stringify({ calls: shown, silent }, null, 2))
  else {
    const [head = '', ...rows] = table([['CALL', 'STATE', 'FOR', 'CALLER', 'FROM', 'CALLED', 'TO', 'NODES'], ...shown.map(cellsOf)])
    print(paint.faint(head.trimEnd()))
    for (const row of rows) print(row)
  }
  if (shown.length === 0 && silent.length === 0)
    complain(extension === undefined ? 'no call is in progress' : `${extension} has no call in progress`)
  for (const { node, reason } of silent) complain(`${paint.bad('warning:')} the calls of ${node} are missing: ${reason}`)
  needs.exit(silent.length === 0 ? 0 : 1)
}

function cellsOf({ at, kind, state, since, caller, from, dialled, to, phones }: NetworkCall): string[] {
  const seconds = Math.max(Math.round((systemClock.now() - Date.parse(since)) / 1_000), 0)
  const target = to === '' ? '-' : to
  return [
    at[0]?.id ?? '',
    kind === 'emergency' ? `${state} (emergency)` : state,
    left(seconds),
    caller || '-',
    from,
    dialled || '-',
    phones.length > 0 ? `${target} at ${phones.join(' ')}` : target,
    nodesOf(at),
  ]
}
