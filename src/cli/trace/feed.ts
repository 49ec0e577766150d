import { type Milliseconds, systemClock } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { askNode, type Request } from '../../control/control.js'
import type { Store } from '../../store/store.js'
import type { TracedMessage, TraceSubject } from '../../trace/trace.js'

/** A message, and the node that has seen it. */
export interface Sighting {
  readonly node: NodeName
  readonly message: TracedMessage
  /** When it arrived here. */
  readonly arrived: Milliseconds
}

export interface FeedNeeds {
  readonly store: Pick<Store, 'mailbox'>
  readonly subject: TraceSubject
  readonly from: 'now' | 'recorded'
  /** When it is over: when all is read that the nodes have in memory, or not while one of the calls is in progress. */
  readonly until: 'read' | 'calls end'
  /** What a person should know: a node is silent, messages are missing. */
  readonly warn: (text: string) => void
}

/** The messages of a trace at every node. */
export interface Feed {
  /** Begins at a node, of which the first writes the event; its messages are fetched from then on. */
  begin(node: NodeName, place: 'first' | 'another'): Promise<'known' | 'not known' | 'unavailable' | 'silent'>
  /** New messages, in the order of their times. Those of the last moment wait, because another node may report an earlier one. */
  take(): readonly Sighting[]
  /** All nodes have reported everything so far; with `calls end`, none of the calls is in progress. */
  readonly isOver: boolean
  readonly nodes: ReadonlySet<NodeName>
  close(): void
}

const waitMs: Milliseconds = 2_000
/** For nodes that only wait for the last responses. */
const shortWaitMs: Milliseconds = 500
/** How long a message waits for an earlier one of another node. */
const orderMs: Milliseconds = 300

type Asked = Request<'traced'>['asked']

/** The most in one request. */
const mostCallIds = 200

/** `quiet`: the node has reported everything, and nothing more is expected of it. */
type Progress = 'busy' | 'quiet'

export function createFeed({ store, subject, from, until, warn }: FeedNeeds): Feed {
  const progress = new Map<NodeName, Progress>()
  const learnt = new Set<string>()
  /** The id of the trace at each node. */
  const traces = new Map<NodeName, string>()
  /** Requests for Call-IDs that another node has found. Their messages may be older than those that are here. */
  let pending = 0
  let waiting: Sighting[] = []
  let isClosed = false

  function share(finder: NodeName, callIds: readonly string[]): void {
    const fresh = callIds.filter((callId) => !learnt.has(callId))
    if (fresh.length === 0) return
    for (const callId of fresh) learnt.add(callId)
    for (const [node, trace] of traces) if (node !== finder) void follow(node, () => ask(node, trace, { callIds: fresh, waitMs: 0 }))
  }

  /** One request. `ended`: the node does not know the trace. */
  async function ask(node: NodeName, trace: string, asked: Omit<Asked, 'trace'>): Promise<'ended' | 'done'> {
    pending += asked.callIds.length > 0 ? 1 : 0
    progress.set(node, asked.callIds.length > 0 ? 'busy' : (progress.get(node) ?? 'busy'))
    try {
      const reply = await askNode(store, node, { kind: 'traced', asked: { trace, ...asked } })
      if (!reply.known) return 'ended'
      if (reply.missed > 0) warn(`${node} had more traffic than its memory holds: messages may be missing`)
      const arrived = systemClock.now()
      waiting.push(...reply.messages.map((message) => ({ node, message, arrived })))
      share(node, reply.callIds)
      progress.set(node, reply.more || (reply.open && until === 'calls end') || reply.messages.length > 0 ? 'busy' : 'quiet')
      return 'done'
    } finally {
      pending -= asked.callIds.length > 0 ? 1 : 0
    }
  }

  async function fetchAll(node: NodeName): Promise<void> {
    let callIds: readonly string[] = [...learnt]
    for (let trace = traces.get(node); trace !== undefined && !isClosed; trace = traces.get(node)) {
      const mayEnd = until === 'read' || [...progress.values()].every((each) => each === 'quiet')
      const outcome = await ask(node, trace, { callIds: callIds.slice(0, mostCallIds), waitMs: mayEnd ? shortWaitMs : waitMs })
      callIds = callIds.slice(mostCallIds)
      if (outcome === 'ended' && !isClosed) await renew(node)
    }
  }

  function follow(node: NodeName, run: () => Promise<unknown>): Promise<unknown> {
    return run().catch((fault: unknown) => lose(node, fault))
  }

  /** The node was restarted: what it had in memory is gone. */
  async function renew(node: NodeName): Promise<void> {
    warn(`${node} was restarted: messages may be missing`)
    const reply = await askNode(store, node, { kind: 'trace', asked: { subject, from: 'recorded', audit: false } })
    if (reply.outcome === 'begun') traces.set(node, reply.trace)
    else traces.delete(node)
  }

  function lose(node: NodeName, fault: unknown): 'silent' {
    if (!isAppError(fault)) throw fault
    traces.delete(node)
    progress.delete(node)
    if (!isClosed) warn(`the messages of ${node} are missing: ${fault.says}`)
    return 'silent'
  }

  return {
    async begin(node, place) {
      try {
        const reply = await askNode(store, node, { kind: 'trace', asked: { subject, from, audit: place === 'first' } })
        if (reply.outcome === 'unavailable') return 'unavailable'
        traces.set(node, reply.trace)
        progress.set(node, 'busy')
        void follow(node, () => fetchAll(node))
        return reply.known ? 'known' : 'not known'
      } catch (fault) {
        return lose(node, fault)
      }
    },
    take() {
      const settled = systemClock.now() - orderMs
      if (pending > 0 || waiting.length === 0 || (waiting[0]?.arrived ?? 0) > settled) return []
      const latest = waiting.reduce((most, { arrived, message }) => (arrived <= settled ? Math.max(most, message.at) : most), 0)
      const ready = waiting.filter(({ message }) => message.at <= latest)
      waiting = waiting.filter(({ message }) => message.at > latest)
      return ready.toSorted((one, other) => one.message.at - other.message.at)
    },
    get isOver() {
      return waiting.length === 0 && [...progress.values()].every((each) => each === 'quiet')
    },
    get nodes() {
      return new Set(traces.keys())
    },
    close() {
      isClosed = true
    },
  }
}
