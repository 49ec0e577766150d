import type { LiveNode } from '../../directory/directory.js'

type Candidate = Pick<LiveNode, 'name' | 'isDraining' | 'takes'>

/**
 * The node of a site that registers at its trunks: the first one by name that is not draining. Null: all are draining, and each keeps its
 * registrations. Nodes of an earlier version leave the registrations to the first by name, also while that one is draining.
 */
export function registeringNode<Node extends Candidate>(nodes: readonly Node[]): Node | null {
  const isMixed = nodes.some(({ takes }) => !takes.includes('registrations'))
  const able = isMixed ? nodes : nodes.filter(({ isDraining }) => !isDraining)
  return able.reduce<Node | null>((first, node) => (first === null || node.name < first.name ? node : first), null)
}
