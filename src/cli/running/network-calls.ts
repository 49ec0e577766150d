import { isAppError } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { askNode, type Reply } from '../../control/control.js'
import type { Store } from '../../store/store.js'

type NodeCall = Reply<'calls'>['calls'][number]

/** A call in progress. If nodes have handed it on, it is one call with several nodes. */
export interface NetworkCall extends Omit<NodeCall, 'id' | 'legA' | 'legB'> {
  /** Its id at each node, first the node where the caller is. */
  readonly at: readonly { readonly node: NodeName; readonly id: string }[]
}

export interface NetworkCalls {
  /** Oldest first. */
  readonly calls: readonly NetworkCall[]
  /** Nodes that did not answer, with the reason. */
  readonly silent: readonly { readonly node: NodeName; readonly reason: string }[]
}

/** Asks every node at once, so that one that is away delays the answer only by its time-out. */
export async function networkCalls(store: Pick<Store, 'mailbox'>, nodes: readonly NodeName[]): Promise<NetworkCalls> {
  const answers = await Promise.all(nodes.map((node) => callsAt(store, node)))
  const all = answers.flatMap((answer) => ('calls' in answer ? answer.calls.map((call) => ({ node: answer.node, call })) : []))
  const silent = answers.flatMap((answer) => ('reason' in answer ? [answer] : []))
  return { calls: joined(all).toSorted((one, other) => one.since.localeCompare(other.since)), silent }
}

type Answer = { readonly node: NodeName } & ({ readonly calls: readonly NodeCall[] } | { readonly reason: string })

async function callsAt(store: Pick<Store, 'mailbox'>, node: NodeName): Promise<Answer> {
  try {
    return { node, calls: (await askNode(store, node, { kind: 'calls', asked: {} })).calls }
  } catch (fault) {
    if (!isAppError(fault)) throw fault
    return { node, reason: fault.says }
  }
}

interface Part {
  readonly node: NodeName
  readonly call: NodeCall
}

/** A part whose leg A is leg B of another continues that call. */
function joined(parts: readonly Part[]): readonly NetworkCall[] {
  const next = new Map(parts.flatMap((part) => (part.call.from.startsWith('node ') ? [[part.call.legA, part] as const] : [])))
  const continued = new Set(parts.flatMap(({ call }) => (call.legB === null ? [] : [next.get(call.legB)])))
  return parts.filter((part) => !continued.has(part)).map((first) => chainOf(first, next))
}

function chainOf(first: Part, next: ReadonlyMap<string, Part>): NetworkCall {
  const chain: Part[] = []
  for (let part: Part | undefined = first; part && !chain.includes(part); part = next.get(part.call.legB ?? '')) chain.push(part)
  const last = chain.at(-1) ?? first
  const { id: _id, legA: _legA, legB: _legB, ...shown } = first.call
  return { ...shown, to: last.call.to, phones: last.call.phones, at: chain.map(({ node, call }) => ({ node, id: call.id })) }
}
