import type { Alarm, Clock } from '../../base/clock.js'
import type { NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import type { SipAnswer, SipApplication, SipDialog } from '../../srf/srf.js'
import { sipUriOf } from './node-address.js'

/** Finds out which legs to other nodes have lost their far end. */
export interface Peers {
  /** Watches a leg that is up. `onDead` runs once, when the node no longer knows the dialog. Answers the function that stops watching. */
  watchDialog(node: NodeName, dialog: Pick<SipDialog, 'request'>, onDead: () => void): () => void
  /** The same for a leg that is being set up, for which the node as a whole is asked. */
  watchSetUp(node: NodeName, onDead: () => void): () => void
  close(): void
}

export interface PeerNeeds {
  readonly directory: Pick<Directory, 'node' | 'onNodeChange'>
  readonly srf: Pick<SipApplication, 'request'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** A node whose heartbeat is missing may have lost Redis alone: while it is missing, its legs are probed this often. */
const probeEveryMs = 10_000

/** OPTIONS goes out four times in this time (RFC 3261 §17.1.2.2). */
const answerWithinMs = 5_000

/** Its heartbeat is missing, or shows another process. */
type Sight = 'missing' | 'restarted'

interface Leg {
  readonly isAlive: (sight: Sight) => Promise<boolean>
  readonly onDead: () => void
}

/** The legs to one node. */
interface Peer {
  readonly legs: Set<Leg>
  boot: string | null
  next: Alarm | null
}

/**
 * A node that dies leaves its legs up at the nodes it had calls with. When its heartbeat is missing, or shows another process, each leg is
 * probed with OPTIONS inside its dialog: a process that has lost the dialog answers 481, a dead one nothing (RFC 3261 §12.2.1.2).
 */
export function createPeers({ directory, srf, clock, log, metrics }: PeerNeeds): Peers {
  const peers = new Map<NodeName, Peer>()
  const offChange = directory.onNodeChange((name) => {
    const peer = peers.get(name)
    if (peer) look(name, peer)
  })

  function look(name: NodeName, peer: Peer): void {
    const boot = directory.node(name)?.boot ?? null
    if (boot !== null && boot === peer.boot) return
    const sight = boot !== null && peer.boot !== null ? 'restarted' : 'missing'
    if (boot !== null) peer.boot = boot
    for (const leg of peer.legs) void probe(name, peer, leg, sight)
    peer.next?.cancel()
    peer.next = boot === null ? clock.after(probeEveryMs, () => look(name, peer)) : null
  }

  async function probe(name: NodeName, peer: Peer, leg: Leg, sight: Sight): Promise<void> {
    if ((await leg.isAlive(sight)) || !forget(name, peer, leg)) return
    metrics.orphanedCallsTotal.inc()
    log.warn({ event: 'call.orphaned', peer: name }, `a call is ended: node ${name} at its other end has died`)
    leg.onDead()
  }

  function forget(name: NodeName, peer: Peer, leg: Leg): boolean {
    const wasThere = peer.legs.delete(leg)
    if (peer.legs.size === 0 && peers.get(name) === peer) {
      peer.next?.cancel()
      peers.delete(name)
    }
    return wasThere
  }

  function watch(name: NodeName, leg: Leg): () => void {
    const known = peers.get(name)
    const peer = known ?? { legs: new Set(), boot: directory.node(name)?.boot ?? null, next: null }
    peers.set(name, peer)
    peer.legs.add(leg)
    if (peer.boot === null && !peer.next) look(name, peer)
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
    watchDialog: (name, dialog, onDead) =>
      watch(name, { isAlive: async () => knowsDialog(await answerOf(dialog.request('OPTIONS'))), onDead }),
    watchSetUp(name, onDead) {
      const node = directory.node(name)
      const isAlive = async (sight: Sight): Promise<boolean> =>
        sight === 'missing' && (node === null || isFromFarEnd(await answerOf(srf.request('OPTIONS', sipUriOf(node)))))
      return watch(name, { isAlive, onDead })
    },
    close() {
      offChange()
      for (const { next } of peers.values()) next?.cancel()
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
