import { type Alarm, type Clock, spread } from '../../base/clock.js'
import type { NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import type { SipAnswer, SipApplication, SipDialog } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import { sipUriOf } from '../dial/node-uri.js'

/** Finds out which legs to other nodes have lost their far end. */
export interface Peers {
  /** The node as it is seen now. Ask when a leg to it begins: the leg belongs to this start of the node. */
  current(name: NodeName): FarNode
  /** Watches a leg that is up. `onDead` runs once, when the node no longer knows the dialog. Answers the function that stops watching. */
  watchDialog(node: FarNode, dialog: Pick<SipDialog, 'request'>, onDead: () => void): () => void
  /** The same for a leg that is being set up, for which the node as a whole is asked. */
  watchSetUp(node: FarNode, onDead: () => void): () => void
  close(): void
}

/** One start of a node. `boot` is null when no heartbeat of it can be seen. */
export interface FarNode {
  readonly name: NodeName
  readonly boot: string | null
}

export interface PeerNeeds {
  readonly directory: Pick<Directory, 'node' | 'onNodeChange'>
  readonly store: Pick<Store, 'state' | 'onState'>
  readonly srf: Pick<SipApplication, 'request'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/**
 * A node whose heartbeat cannot be seen may have lost Redis alone: until it is seen, its legs are probed this often. When Redis itself is
 * lost, the first probe waits as long: a failover of Redis costs none.
 */
const probeEveryMs = 10_000

/** The probes of many legs are spread over this time. */
const roundMs = 5_000

/** OPTIONS goes out four times in this time (RFC 3261 §17.1.2.2). */
const answerWithinMs = 5_000

/** The heartbeat of the node cannot be seen, or shows another process. */
type Sight = 'missing' | 'restarted'

interface Leg {
  /** The start of the node that it belongs to; null until one is seen. */
  boot: string | null
  readonly isAlive: (sight: Sight) => Promise<boolean>
  readonly onDead: () => void
}

/** The legs to one node. */
interface Peer {
  readonly legs: Set<Leg>
  /** The rest of this round of probes. */
  round: Alarm | null
  /** The next round. */
  next: Alarm | null
}

/**
 * A node that dies leaves its legs up at the nodes it had calls with. When its heartbeat is missing, cannot be seen because Redis is lost, or
 * shows another process, each leg is probed with OPTIONS inside its dialog: a process that has lost the dialog answers 481, a dead one
 * nothing (RFC 3261 §12.2.1.2).
 */
export function createPeers({ directory, store, srf, clock, log, metrics }: PeerNeeds): Peers {
  const peers = new Map<NodeName, Peer>()
  const stops = [
    directory.onNodeChange((name) => {
      const peer = peers.get(name)
      if (peer && store.state === 'connected') look(name, peer)
    }),
    store.onState((state) => {
      const react = state === 'lost' ? lookLater : look
      for (const [name, peer] of peers) react(name, peer)
    }),
  ]

  function current(name: NodeName): FarNode {
    return { name, boot: store.state === 'lost' ? null : (directory.node(name)?.boot ?? null) }
  }

  function look(name: NodeName, peer: Peer): void {
    rest(peer)
    const { boot } = current(name)
    const doubtful = [...peer.legs].filter((leg) => boot === null || leg.boot !== boot)
    peer.round = spread(clock, doubtful, roundMs, (leg) => void probe(name, peer, leg))
    if (boot === null) lookLater(name, peer)
  }

  function lookLater(name: NodeName, peer: Peer): void {
    peer.next ??= clock.after(probeEveryMs, () => look(name, peer))
  }

  function rest(peer: Peer): void {
    peer.round?.cancel()
    peer.next?.cancel()
    peer.round = null
    peer.next = null
  }

  async function probe(name: NodeName, peer: Peer, leg: Leg): Promise<void> {
    if (!peer.legs.has(leg) || (await leg.isAlive(sightOf(name, leg))) || !forget(name, peer, leg)) return
    metrics.orphanedCallsTotal.inc()
    log.warn({ event: 'call.orphaned', peer: name }, `a call is ended: node ${name} at its other end has died`)
    leg.onDead()
  }

  /** From now on the leg belongs to the process that is seen. */
  function sightOf(name: NodeName, leg: Leg): Sight {
    const { boot } = current(name)
    const sight = boot !== null && leg.boot !== null && boot !== leg.boot ? 'restarted' : 'missing'
    leg.boot = boot ?? leg.boot
    return sight
  }

  function forget(name: NodeName, peer: Peer, leg: Leg): boolean {
    const wasThere = peer.legs.delete(leg)
    if (peer.legs.size === 0 && peers.get(name) === peer) {
      rest(peer)
      peers.delete(name)
    }
    return wasThere
  }

  function watch(name: NodeName, leg: Leg): () => void {
    const peer = peers.get(name) ?? { legs: new Set(), round: null, next: null }
    peers.set(name, peer)
    peer.legs.add(leg)
    const { boot } = current(name)
    if (store.state === 'lost') lookLater(name, peer)
    else if (boot === null && !peer.next) look(name, peer)
    else if (boot !== null && boot !== leg.boot) void probe(name, peer, leg)
    return () => void forget(name, peer, leg)
  }

  /** Null when nothing came in time. */
  function answerOf(asked: Promise<SipAnswer>): Promise<SipAnswer | null> {
    return new Promise((resolve) => {
      const late = clock.after(answerWithinMs, () => resolve(null))
      void asked.then((answer) => {
        late.cancel()
        resolve(answer)
      })
    })
  }

  return {
    current,
    watchDialog: ({ name, boot }, dialog, onDead) =>
      watch(name, { boot, isAlive: async () => knowsDialog(await answerOf(dialog.request('OPTIONS'))), onDead }),
    watchSetUp({ name, boot }, onDead) {
      const node = directory.node(name)
      const isAlive = async (sight: Sight): Promise<boolean> =>
        sight === 'missing' && (node === null || isFromFarEnd(await answerOf(srf.request('OPTIONS', sipUriOf(node)))))
      return watch(name, { boot, isAlive, onDead })
    },
    close() {
      for (const stop of stops) stop()
      for (const peer of peers.values()) rest(peer)
      peers.clear()
    },
  }
}

/** When our own SIP server is lost, its dialogs end anyway. */
function isFromFarEnd(answer: SipAnswer | null): boolean {
  return answer !== null && answer.madeHere !== 'server'
}

function knowsDialog(answer: SipAnswer | null): boolean {
  return isFromFarEnd(answer) && answer?.status !== 481 && answer?.status !== 408
}
