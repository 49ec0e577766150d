import type { Trunk } from '../../dialplan/dialplan.js'
import type { LiveNode } from '../../directory/directory.js'
import type { CallKind } from '../../hotdesk/hotdesk.js'
import { registeringNode } from '../../trunks/trunks.js'
import type { Destination, Knowledge } from '../routing/contract.js'
import { trunkWords } from '../routing/trunk-words.js'

/**
 * How a call reaches a trunk. `own`: from this node. `sister`: from the node of this site that is registered there, because many carriers take
 * calls only from the address that has registered. `fallback`: from this node, although that one is registered.
 */
export type TrunkWay =
  | { readonly kind: 'own' | 'fallback'; readonly trunk: Trunk }
  | { readonly kind: 'sister'; readonly trunk: Trunk; readonly node: LiveNode }

type WaysKnowledge = Pick<Knowledge, 'node' | 'dialplan' | 'directory' | 'trunks'>

/**
 * The ways to these trunks, in the order in which they are tried. An ordinary call keeps the order of the trunks. An emergency call does not
 * wait for another node while a trunk of this node works.
 */
export function trunkWays(trunks: readonly Trunk[], kind: CallKind, knowledge: WaysKnowledge): readonly TrunkWay[] {
  const ways = trunks.map((trunk) => waysTo(trunk, knowledge))
  if (kind === 'ordinary') return ways.flat()
  const [first, others] = parted(ways, ([way, other]) => other === undefined && way !== undefined && knowledge.trunks.isUp(way.trunk))
  const [bySister, direct] = parted(others.flat(), (way) => way.kind === 'sister')
  return [...first.flat(), ...bySister, ...direct]
}

function waysTo(trunk: Trunk, knowledge: WaysKnowledge): readonly TrunkWay[] {
  const node = registrarOf(trunk, knowledge)
  if (node === null) return [{ kind: 'own', trunk }]
  const fallback = { kind: 'fallback', trunk } as const
  return node.takes.includes('trunk') ? [{ kind: 'sister', trunk, node }, fallback] : [fallback]
}

/** The other node that registers at the trunk; null: this one does, or no node has to. */
function registrarOf(trunk: Trunk, { node, dialplan, directory, trunks }: WaysKnowledge): LiveNode | null {
  if (!trunk.registration || trunks.isRegistered(trunk)) return null
  const found = registeringNode(directory.nodes().filter(({ site }) => site === dialplan.site))
  return found?.name === node ? null : found
}

function parted<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): readonly [readonly Item[], readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

// ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function trunksOf(to: Destination): readonly Trunk[] {
  if (to.kind === 'voicemail') return [to.trunk]
  return to.kind === 'outside' || to.kind === 'emergency' ? to.trunks : []
}

function waysOf(to: Destination, knowledge: WaysKnowledge): readonly TrunkWay[] {
  return trunkWays(trunksOf(to), to.kind === 'emergency' ? 'emergency' : 'ordinary', knowledge)
}

/** Which node calls the trunks; null if it is this one, as usual. */
export function registrarWords(to: Destination, knowledge: WaysKnowledge): string | null {
  const ways = waysOf(to, knowledge)
  if (ways.every(({ kind }) => kind === 'own')) return null
  const words = ways.map((way) => {
    if (way.kind === 'sister') return `${way.node.name} is registered at ${way.trunk.name} and calls it`
    return `this node calls ${way.trunk.name}${way.kind === 'fallback' ? ', at which it is not registered' : ''}`
  })
  return words.join('; then ')
}

/** `backup, then carrier by paris-1, then carrier`: the order in which the trunks of a destination are tried. */
export function orderWords(to: Destination, knowledge: WaysKnowledge): string {
  const ways = waysOf(to, knowledge)
  if (ways.every(({ kind }) => kind === 'own')) return trunkWords(trunksOf(to))
  return ways.map((way) => `${way.trunk.name}${way.kind === 'sister' ? ` by ${way.node.name}` : ''}`).join(', then ')
}
