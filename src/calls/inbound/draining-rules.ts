import type { LiveNode } from '../../directory/directory.js'
import type { Decision, Destination, Knowledge, Question, Ruling } from '../routing/contract.js'

/** Names the draining nodes that get the call. They take it, because no other node reaches the phones that are registered there. */
export function drainingRuling(_question: Question, { to }: Ruling, knowledge: Knowledge): DrainingRuling | null {
  if (to?.kind !== 'phones') return null
  const own = to.bindings.length > 0 ? knowledge.directory.node(knowledge.node) : null
  const draining = [...(own ? [own] : []), ...to.nodes].filter(({ isDraining }) => isDraining)
  if (draining.length === 0) return null
  return { words: `${namesOf(draining)} draining, and still taking calls for the phones registered there`, notices: [] }
}

interface DrainingRuling extends Pick<Ruling, 'words'>, Pick<Decision, 'notices'> {
  readonly to?: never
}

/** `paris-1 is`, `paris-1 and paris-2 are` */
function namesOf(nodes: readonly LiveNode[]): string {
  const names = nodes.map(({ name }) => name).join(' and ')
  return `${names} ${nodes.length === 1 ? 'is' : 'are'}`
}

/** What an operator should know about a call that arrives at this node; null: the node is not draining. */
export function arrivalRemark(
  to: Pick<Destination, 'kind'>,
  from: 'phone' | 'trunk',
  { node, directory }: { readonly node: Knowledge['node']; readonly directory: Pick<Knowledge['directory'], 'node'> },
): string | null {
  if (directory.node(node)?.isDraining !== true) return null
  if (to.kind === 'emergency') return `${node} is draining, and still takes emergency calls`
  if (to.kind === 'psap-callback') return `${node} is draining, and still takes callbacks from the emergency centre`
  const exception = from === 'phone' ? ', unless the phone has a call there' : ''
  return `${node} is draining: it refuses this call with 503${exception}; this shows what would happen if it took the call`
}
