import { type Alarm, type Clock, spread } from '../../base/clock.js'
import type { NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import { nodeUri } from '../../sip/uri/node-uri.js'
import type { SipApplication, SipDialog, SipReply } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'

/** Detects legs to other nodes whose far end is lost. */
export interface NodeLegs {
  /** The current process of the node. Call this when a leg begins: the leg belongs to that process. */
  current(name: NodeName): FarNode
  /** Watches a leg that is up. `onDead` runs once, when the node no longer knows the dialog. Returns the function that stops watching. */
  watchDialog(node: FarNode, dialog: Pick<SipDialog, 'request'>, onDead: () => void): () => void
  /** The same for a leg in set-up. It has no dialog yet, so the node as a whole is probed. */
  watchSetUp(node: FarNode, onDead: () => void): () => void
  close(): void
}

/** One process of a node. `boot` is null if its heartbeat is missing. */
export interface FarNode {
  readonly name: NodeName
  readonly boot: string | null
}

export interface NodeLegsNeeds {
  readonly directory: Pick<Directory, 'node' | 'onNodeChange'>
  readonly store: Pick<Store, 'state' | 'onState'>
  readonly srf: Pick<SipApplication, 'request'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/**
 * A node without a heartbeat may have lost only Redis. Its legs are probed at this interval until the heartbeat returns. When Redis itself is
 * lost, the first probe waits as long, so a failover of Redis costs no probes.
 */
const probeEveryMs = 10_000

/** The probes of many legs are spread over this time. */
const roundMs = 5_000

/** OPTIONS is sent four times in this time (RFC 3261 §17.1.2.2). */
const responseWithinMs = 5_000

/** The heartbeat of the node is missing, or shows another process. */
type Suspicion = 'missing' | 'restarted'

interface Leg {
  /** The process that the leg belongs to; null until a heartbeat shows one. */
  boot: string | null
  readonly isAlive: (suspicion: Suspicion) => Promise<boolean>
  readonly onDead: () => void
}

/** The legs to one node. */
interface NodeState {
  readonly legs: Set<Leg>
  /** The rest of this round of probes. */
  round: Alarm | null
  /** The next round. */
  next: Alarm | null
}

/**
 * A node that dies leaves its legs up at other nodes. When its heartbeat is missing, unreadable because Redis is lost, or shows another
 * process, each leg is probed with OPTIONS inside its dialog: a process that has lost the dialog responds 481, a dead one not at all
 * (RFC 3261 §12.2.1.2).
 */
export function createNodeLegs({ directory, store, srf, clock, log, metrics }: NodeLegsNeeds): NodeLegs {
  const nodes = new Map<NodeName, NodeState>()
  const stops = [
    directory.onNodeChange((name) => {
      const state = nodes.get(name)
      if (state && store.state === 'connected') check(name, state)
    }),
    store.onState((state) => {
      const react = state === 'lost' ? checkLater : check
      for (const [name, node] of nodes) react(name, node)
    }),
  ]

  function current(name: NodeName): FarNode {
    return { name, boot: store.state === 'lost' ? null : (directory.node(name)?.boot ?? null) }
  }

  function check(name: NodeName, state: NodeState): void {
    stopProbes(state)
    const { boot } = current(name)
    const doubtful = [...state.legs].filter((leg) => boot === null || leg.boot !== boot)
    state.round = spread(clock, doubtful, roundMs, (leg) => void probe(name, state, leg))
    if (boot === null) checkLater(name, state)
  }

  function checkLater(name: NodeName, state: NodeState): void {
    state.next ??= clock.after(probeEveryMs, () => check(name, state))
  }

  function stopProbes(state: NodeState): void {
    state.round?.cancel()
    state.next?.cancel()
    state.round = null
    state.next = null
  }

  async function probe(name: NodeName, state: NodeState, leg: Leg): Promise<void> {
    if (!state.legs.has(leg) || (await leg.isAlive(suspicionOf(name, leg))) || !forget(name, state, leg)) return
    metrics.orphanedCallsTotal.inc()
    log.warn({ event: 'call.orphaned', peer: name }, `call ended: node ${name} at its other end has died`)
    leg.onDead()
  }

  /** From now on the leg belongs to the process that the heartbeat shows. */
  function suspicionOf(name: NodeName, leg: Leg): Suspicion {
    const { boot } = current(name)
    const suspicion = boot !== null && leg.boot !== null && boot !== leg.boot ? 'restarted' : 'missing'
    leg.boot = boot ?? leg.boot
    return suspicion
  }

  function forget(name: NodeName, state: NodeState, leg: Leg): boolean {
    const wasWatched = state.legs.delete(leg)
    if (state.legs.size === 0 && nodes.get(name) === state) {
      stopProbes(state)
      nodes.delete(name)
    }
    return wasWatched
  }

  function watch(name: NodeName, leg: Leg): () => void {
    const state = nodes.get(name) ?? { legs: new Set(), round: null, next: null }
    nodes.set(name, state)
    state.legs.add(leg)
    const { boot } = current(name)
    if (store.state === 'lost') checkLater(name, state)
    else if (boot === null && !state.next) check(name, state)
    else if (boot !== null && boot !== leg.boot) void probe(name, state, leg)
    return () => void forget(name, state, leg)
  }

  /** Null if no response arrived in time. */
  function responseTo(sent: Promise<SipReply>): Promise<SipReply | null> {
    return new Promise((resolve) => {
      const late = clock.after(responseWithinMs, () => resolve(null))
      void sent.then((response) => {
        late.cancel()
        resolve(response)
      })
    })
  }

  return {
    current,
    watchDialog: ({ name, boot }, dialog, onDead) =>
      watch(name, { boot, isAlive: async () => knowsDialog(await responseTo(dialog.request('OPTIONS'))), onDead }),
    watchSetUp({ name, boot }, onDead) {
      const node = directory.node(name)
      const isAlive = async (suspicion: Suspicion): Promise<boolean> =>
        suspicion === 'missing' && (node === null || isFromFarEnd(await responseTo(srf.request('OPTIONS', nodeUri(node)))))
      return watch(name, { boot, isAlive, onDead })
    },
    close() {
      for (const stop of stops) stop()
      for (const state of nodes.values()) stopProbes(state)
      nodes.clear()
    },
  }
}

/** When our own SIP server is lost, its dialogs end anyway. */
function isFromFarEnd(response: SipReply | null): boolean {
  return response !== null && response.madeHere !== 'server'
}

function knowsDialog(response: SipReply | null): boolean {
  return isFromFarEnd(response) && response?.status !== 481 && response?.status !== 408
}
