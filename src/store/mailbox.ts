import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { asAppError, unconnected } from './commands.js'
import type { Mailbox, NetworkClock, StoreState } from './contract.js'
import type { ChangeNotice } from './copy/tracking.js'
import { mapOf } from './flat-reply.js'
import { type Keys, mailPrefix } from './keys.js'

export interface MailboxNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly isConnected: () => boolean
  readonly onState: (listener: (state: StoreState) => void) => () => void
  /** The node's own. */
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly log: Logger
}

/** Mail is kept for this long. The time in which a request is valid is shorter. */
const keptSeconds = 60
const maxRequests = 100
/** In case a notice was lost while this side reconnected. */
const lookEveryMs: Milliseconds = 1_000

/**
 * A request is an entry of the stream `control:ask:<node>`, its reply the text `control:reply:<id>`. A node that reconnects finds the requests
 * that are still valid. It claims each by setting the reply, which only one process can do, so no request is carried out twice.
 */
export function createMailbox(needs: MailboxNeeds): Mailbox & { onNotice(notice: ChangeNotice): void } {
  const { redis, keys, isConnected, onState, clock, networkClock } = needs
  /** Key → who looks at it when it has changed. */
  const watchers = new Map<string, () => void>()

  function onNotice(notice: ChangeNotice): void {
    if (notice.kind === 'changed') for (const key of notice.fullKeys) watchers.get(key)?.()
  }

  async function send(node: string, request: string, { id, withinMs }: { id: string; withinMs: Milliseconds }): Promise<void> {
    const key = keys.full(`${mailPrefix}ask:${node}`)
    const until = String(Math.ceil(networkClock.now() + withinMs))
    const transaction = redis.multi().xadd(key, 'MAXLEN', '~', maxRequests, '*', 'id', id, 'until', until, 'request', request)
    for (const [fault] of (await transaction.expire(key, keptSeconds).exec()) ?? []) if (fault) throw fault
  }

  return {
    onNotice,
    async ask(node, request, withinMs) {
      if (!isConnected()) throw unconnected()
      const id = randomUUID()
      const key = replyKey(keys, id)
      const reply = firstText(() => redis.get(key), { clock, withinMs, onLook: (look) => void watchers.set(key, look) })
      try {
        await send(node, request, { id, withinMs }).catch((fault: unknown) => {
          throw asAppError(fault)
        })
        const found = await reply.text
        // It may be large, and about people's calls. The key stays: it shows that the request was carried out.
        if (found !== null) await redis.set(key, readMark, 'EX', keptSeconds).catch(() => undefined)
        return found
      } finally {
        watchers.delete(key)
        reply.cancel()
      }
    },
    serve(node, answer) {
      const key = keys.full(`${mailPrefix}ask:${node}`)
      const desk = createDesk(key, answer, needs)
      watchers.set(key, desk.look)
      const offState = onState((state) => {
        if (state === 'connected') desk.look()
      })
      desk.look()
      return () => {
        offState()
        watchers.delete(key)
        desk.close()
      }
    },
  }
}

interface Looking {
  readonly clock: Clock
  readonly withinMs: Milliseconds
  /** Receives the function that looks at once. */
  readonly onLook: (look: () => void) => void
}

/** The first reply that is complete, or null after that time. */
function firstText(read: () => Promise<string | null>, { clock, withinMs, onLook }: Looking) {
  let settle: (text: string | null) => void = () => undefined
  const text = new Promise<string | null>((resolve) => {
    settle = resolve
  })
  async function look(): Promise<void> {
    const found = await read()
    if (found !== null && !isClaim(found)) settle(found)
  }
  // While Redis is away there is nothing to read; the time runs on.
  const ignore = (): void => undefined
  onLook(() => void look().catch(ignore))
  const round = every(clock, lookEveryMs, look, ignore)
  const end = clock.after(withinMs, () => settle(null))
  function cancel(): void {
    round.cancel()
    end.cancel()
  }
  return { text, cancel }
}

/** Reads the requests to one node, and writes the replies. */
function createDesk(key: string, answer: (request: string) => Promise<string>, needs: MailboxNeeds) {
  const { redis, keys, isConnected, clock, networkClock, log } = needs
  const claim = `${claimMark}${randomUUID()}`
  /** Requests carried out here → when they are no longer valid. */
  const begun = new Map<string, Milliseconds>()
  /** Replies that Redis does not have yet. */
  const unsent = new Map<string, string>()
  let isReading = false
  let isClosed = false
  let again = false

  async function readAll(): Promise<void> {
    isReading = true
    try {
      while (again && isConnected()) {
        again = false
        await readOnce()
      }
    } finally {
      isReading = false
    }
  }

  async function readOnce(): Promise<void> {
    for (const [id, reply] of unsent) await sendReply(id, reply)
    const entries = await redis.xrevrange(key, '+', '-', 'COUNT', maxRequests)
    const now = networkClock.now()
    for (const [id, until] of begun) if (until < now) begun.delete(id)
    for (const [, flat] of entries.toReversed()) await consider(mapOf(flat), now)
  }

  async function consider(entry: ReadonlyMap<string, string>, now: Milliseconds): Promise<void> {
    const [id = '', request = ''] = [entry.get('id'), entry.get('request')]
    const until = Number(entry.get('until'))
    if (begun.has(id) || !(until > now)) return
    const isClaimed = (await redis.set(replyKey(keys, id), claim, 'EX', keptSeconds, 'NX')) === 'OK'
    // The claim may be our own, if its acknowledgement was lost.
    if (!isClaimed && (await redis.get(replyKey(keys, id))) !== claim) return
    begun.set(id, until)
    void answer(request).then(
      (reply) => sendReply(id, reply).catch(() => log.debug({ event: 'store.lost' }, 'a reply waits until Redis is back')),
      (fault: unknown) => log.error({ event: 'node.fault', err: fault }, `a request failed: ${messageOf(fault)}`),
    )
  }

  async function sendReply(id: string, reply: string): Promise<void> {
    unsent.set(id, reply)
    await redis.set(replyKey(keys, id), reply, 'EX', keptSeconds)
    unsent.delete(id)
  }

  function look(): void {
    again = true
    if (!isReading) readAll().catch(retry)
  }

  function retry(fault: unknown): void {
    log.debug({ event: 'store.lost', cause: messageOf(fault) }, 'requests to this node could not be read')
    clock.after(lookEveryMs, () => {
      if (!isClosed && isConnected()) look()
    })
  }

  return {
    look,
    close(): void {
      isClosed = true
    },
  }
}

const claimMark = 'claimed by '
const readMark = 'read'

function isClaim(reply: string): boolean {
  return reply.startsWith(claimMark)
}

function replyKey(keys: Keys, id: string): string {
  return keys.full(`${mailPrefix}reply:${id}`)
}
