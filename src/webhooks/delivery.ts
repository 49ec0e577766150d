import type { Clock, Milliseconds } from '../base/clock.js'
import { messageOf as faultText, isAppError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Store, StreamEntry } from '../store/store.js'
import { type Hook, isWanted } from './hook.js'
import { messageOf } from './message.js'
import { post } from './post.js'

export interface DeliveryNeeds {
  readonly store: Pick<Store, 'network' | 'state' | 'replica' | 'clock' | 'recent' | 'following' | 'putFields'>
  /** Whether this node posts to the receiver; one node does. */
  readonly isOwner: () => boolean
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'webhookPostsTotal'>
}

const lookEveryMs: Milliseconds = 500
const pageSize = 100
const firstRetryMs: Milliseconds = 1_000
const longestRetryMs: Milliseconds = 60_000
/** A stopping node gives a post in progress this time. Aborted at once, an accepted event would be posted again by the next node. */
const finishWithinMs: Milliseconds = 2_000

/** Progress of a receiver in Redis: `cursor` is the last event that it has; `failing` since when, in seconds, and `reason`, why. */
export const progressKey = ({ id }: Pick<Hook, 'id'>): string => `webhook:${id}`

export interface Delivery {
  /** Why events wait in Redis although it is there; null: they do not, or another node posts them. */
  readonly trouble: string | null
  close(): Promise<void>
}

/**
 * Posts the events of the stream to one receiver, in order, each until it is accepted. The cursor moves after the post, so an event may be
 * posted twice but none is left out. A new receiver begins with the next event.
 */
export function createDelivery(hook: Hook, { store, isOwner, clock, log, metrics }: DeliveryNeeds): Delivery {
  const key = progressKey(hook)
  const aborting = new AbortController()
  let isStopping = false
  let cursor: string | null = null
  let failures = 0
  let trouble: string | null = null
  let round = Promise.resolve()
  let alarm = clock.after(0, begin)

  function begin(): void {
    round = work()
      .then(noteSuccess)
      .catch(reportFault)
      .then((isMore) => {
        if (!isStopping) alarm = clock.after(failures > 0 ? retryMs(failures) : isMore ? 0 : lookEveryMs, begin)
      })
  }

  /** One page of events. True: there are more. @throws AppError STORE_UNAVAILABLE, also if the node lacks a right */
  async function work(): Promise<boolean> {
    if (store.state !== 'connected' || !isOwner()) {
      // Another node goes on from here; its cursor counts when this node is the owner again.
      cursor = null
      failures = 0
      return false
    }
    cursor ??= store.replica.hash(key)?.get('cursor') ?? (await startOfNew())
    const page = await store.following('events', cursor, pageSize)
    for (const entry of page) {
      if (isStopping || !(await isDone(entry))) return false
      cursor = entry.id
    }
    const isSkipped = page.length > 0 && store.replica.hash(key)?.get('cursor') !== cursor
    if (isSkipped) await store.putFields(key, { cursor })
    return page.length === pageSize
  }

  async function startOfNew(): Promise<string> {
    const [newest] = await store.recent('events', 1)
    const start = newest?.id ?? '0-0'
    await store.putFields(key, { cursor: start })
    return start
  }

  async function isDone(entry: StreamEntry): Promise<boolean> {
    if (!isWanted(entry.fields.get('event') ?? '', hook.events)) return true
    const message = messageOf(entry, { network: store.network, secret: hook.secret, now: store.clock.now() })
    const sent = await post(hook.url, message, { clock, stopping: aborting.signal })
    if (aborting.signal.aborted && sent.outcome === 'failed') return false
    metrics.webhookPostsTotal.inc({ outcome: sent.outcome })
    if (sent.outcome === 'failed') await noteFailure(sent.reason)
    else await noteDelivery(entry.id)
    return sent.outcome === 'delivered'
  }

  async function noteFailure(reason: string): Promise<void> {
    failures += 1
    if (failures === 1) log.warn({ event: 'webhook.failed', hook: hook.name, reason }, `${hook.name} did not accept an event: ${reason}`)
    const known = store.replica.hash(key)
    const since = known?.get('failing') || String(Math.floor(store.clock.now() / 1_000))
    if (known?.get('reason') !== reason) await store.putFields(key, { failing: since, reason })
  }

  async function noteDelivery(id: string): Promise<void> {
    const wasFailing = failures > 0 || (store.replica.hash(key)?.get('failing') ?? '') !== ''
    failures = 0
    if (wasFailing) log.info({ event: 'webhook.accepted', hook: hook.name }, `${hook.name} accepts events again`)
    await store.putFields(key, { cursor: id, ...(wasFailing ? { failing: '', reason: '' } : {}) })
  }

  function noteSuccess(isMore: boolean): boolean {
    trouble = null
    return isMore
  }

  function reportFault(fault: unknown): false {
    cursor = null
    // While Redis is away, the events wait there. A right that the node lacks stays away.
    const reason = isAppError(fault) && store.state !== 'connected' ? null : faultText(fault)
    const line = isAppError(fault) ? { event: 'webhook.failed', hook: hook.name, reason } : { event: 'node.fault', err: fault }
    if (reason !== null && reason !== trouble) log.error(line, `events for ${hook.name} wait in Redis: ${reason}`)
    trouble = reason
    return false
  }

  return {
    get trouble() {
      return trouble
    },
    async close() {
      isStopping = true
      alarm.cancel()
      const late = clock.after(finishWithinMs, () => aborting.abort())
      await round
      late.cancel()
    },
  }
}

function retryMs(failures: number): Milliseconds {
  return Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs)
}
