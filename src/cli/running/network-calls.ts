import { isAppError } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { askNode } from '../../control/control.js'
import type { Store } from '../../store/store.js'
import { joinCalls, type NetworkCall, type Part } from './joined-calls.js'

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
  return { calls: joinCalls(all).toSorted((one, other) => one.since.localeCompare(other.since)), silent }
}

type Answer = { readonly node: NodeName } & ({ readonly calls: readonly Part['call'][] } | { readonly reason: string })

async function callsAt(store: Pick<Store, 'mailbox'>, node: NodeName): Promise<Answer> {
  try {
    return { node, calls: (await askNode(store, node, { kind: 'calls', asked: {} })).calls }
  } catch (fault) {
    if (!isAppError(fault)) throw fault
    return { node, reason: fault.says }
  }
}
