import type { NodeName } from '../../base/identity.js'
import { askNode, type Reply } from '../../control/control.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { localTime } from '../history/entries.js'
import { type Asked, asked, type NodeToAsk } from '../operator/asked-nodes.js'

/** What a node has loaded, and how its trunks are. */
export interface NodeState {
  readonly node: NodeName
  readonly plan: Reply<'plan'>
  readonly trunks: Reply<'trunks'>['trunks']
}

/** A command about many nodes does not wait long for one. */
const withinMs = 2_000

export function stateOfNode(at: NodeToAsk, directory: Pick<Directory, 'node'>, store: Store): Promise<Asked<NodeState>> {
  return asked(at, directory, async (node) => {
    const [plan, { trunks }] = await Promise.all([
      askNode(store, node, { kind: 'plan', asked: {} }, { withinMs }),
      askNode(store, node, { kind: 'trunks', asked: {} }, { withinMs }),
    ])
    return { node, plan, trunks }
  })
}

/** What an operator should know about the nodes of a site, or of all sites, as sentences. */
export async function nodeWarnings(site: string | undefined, directory: Directory, store: Store): Promise<readonly string[]> {
  const nodes = directory.nodes().filter((node) => node.takes.includes('requests') && (site === undefined || node.site === site))
  const states = await Promise.all(nodes.map((node) => stateOfNode({ node: node.name, site: node.site }, directory, store)))
  return states.flatMap((state) => ('answer' in state ? warningsOf(state.answer) : [state.fault.says]))
}

function warningsOf({ node, plan, trunks }: NodeState): readonly string[] {
  const down = trunks.filter(({ state }) => state === 'down')
  return [
    ...plan.problems.map((problem) => `the dial plan of ${node}: ${problem}`),
    ...down.map((trunk) => `trunk ${trunk.name} of ${node} ${troubleOf(trunk)}`),
  ]
}

/** `is down since 2026-03-29 09:00:00` */
export function troubleOf({ since, trouble }: Pick<Reply<'trunks'>['trunks'][number], 'since' | 'trouble'>): string {
  if (since !== null) return `is down since ${localTime(Date.parse(since))}`
  return trouble === null ? 'is down' : `is not registered (${trouble})`
}
