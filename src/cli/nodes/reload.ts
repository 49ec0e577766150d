import type { Command } from 'commander'
import { type AppError, isAppError } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { askNode, type Reply } from '../../control/control.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { addNodeOptions, chosenNodes, type NodeChoice } from '../operator/asked-nodes.js'
import { withDirectory } from '../operator/network.js'
import { errorLines, exitCodeOf } from '../output/error-lines.js'
import type { Paint } from '../output/terminal.js'

/** A slow disk, and prompts to read. */
const reloadMs = 20_000

type Outcome = { readonly node: NodeName; readonly reply: Reply<'reload'> } | { readonly node: NodeName; readonly fault: AppError }

/** `hotdesk reload` */
export function reloadCommand(command: Command, needs: CommandNeeds): void {
  addNodeOptions(command)
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nEach node reads its own files. If one of them is invalid, that node keeps what it has. Calls in progress keep the dial plan with',
        'which they began. Settings that need a restart are named.',
        '\nExamples:',
        '  hotdesk reload',
        '  hotdesk reload --site london',
        '  hotdesk reload --all --json',
      ].join('\n'),
    )
    .action(async ({ json, ...choice }: NodeChoice & { json?: boolean }) => {
      const config = needs.config('look')
      const outcomes = await withDirectory(config, (directory, store) =>
        Promise.all(chosenNodes(choice, directory, config).map((node) => reloadOne(store, node))),
      )
      needs.exit(outcomes.reduce<0 | 1 | 2>((code, outcome) => ('fault' in outcome ? worse(code, exitCodeOf(outcome.fault)) : code), 0))
      const { print, paint, hint } = needs.terminal
      if (json) print(JSON.stringify(outcomes.map(summaryOf), null, 2))
      else for (const outcome of outcomes) print(hint(linesFor(outcome, paint)))
    })
}

async function reloadOne(store: Store, node: NodeName): Promise<Outcome> {
  try {
    return { node, reply: await askNode(store, node, { kind: 'reload', asked: {} }, { withinMs: reloadMs }) }
  } catch (fault) {
    if (!isAppError(fault)) throw fault
    return { node, fault }
  }
}

function worse(one: 0 | 1 | 2, other: 1 | 2): 1 | 2 {
  return one > other ? 2 : other
}

function summaryOf(outcome: Outcome) {
  if (!('fault' in outcome)) return { node: outcome.node, ...outcome.reply }
  const { code, says, todo } = outcome.fault
  return { node: outcome.node, error: { code, says, todo } }
}

function linesFor(outcome: Outcome, paint: Paint): string {
  const { node } = outcome
  if ('fault' in outcome) return `${node}: nothing has changed\n${errorLines(outcome.fault, paint)}`
  const { changed, restart } = outcome.reply
  const words = changed.length === 0 ? 'nothing has changed' : `reloaded ${changed.join(', ')}`
  const rest = restart.length === 0 ? [] : [`  ${paint.bad('needs a restart:')} ${restart.join(', ')}`]
  return [`${node}: ${words}`, ...rest].join('\n')
}
