import type { Redis } from 'ioredis'
import { type Alarm, type Clock, every, type Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { isExpiring, isReplicated, type Keys } from './keys.js'
import type { WritableReplica } from './replica.js'

/** Brings hashes from Redis into the copy: all of them at a (re)connect, single ones when Redis says that they changed. */
export interface Reader {
  snapshot(): Promise<void>
  /** Full keys that may have changed. Read soon; a failure is told to `onFault`, and only a new snapshot heals it. */
  changed(fullKeys: readonly string[]): void
  close(): void
}

export interface ReaderNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly clock: Clock
  readonly log: Logger
  readonly onFault: (fault: unknown) => void
}

const batchSize = 500
/** A large hash that changes all the time is read less often, but within a second. */
const largeHash = 1_000

export function createReader({ redis, keys, replica, clock, log, onFault }: ReaderNeeds): Reader {
  const waiting = new Set<string>()
  const notBefore = new Map<string, Milliseconds>()
  const expiries = new Map<string, Milliseconds>()
  const complained = new Set<string>()
  let draining = false
  let later: Alarm | null = null

  // Redis tells of an expired key only when it comes across it, which can take minutes among many: look after it in time.
  const expiryWatch = every(clock, 500, () => enqueue([...expiries].filter(([, at]) => at <= clock.now()).map(([key]) => key)), onFault)

  function enqueue(shortKeys: Iterable<string>): void {
    for (const key of shortKeys) waiting.add(key)
    drain().catch(onFault)
  }

  async function drain(): Promise<void> {
    if (draining) return
    draining = true
    try {
      // What one step in Redis changed is told of in one go: read it in one go as well.
      await Promise.resolve()
      for (let due = takeDue(); due.length > 0; due = takeDue()) await read(due)
    } finally {
      draining = false
    }
  }

  function takeDue(): readonly string[] {
    const now = clock.now()
    const due = [...waiting].filter((key) => (notBefore.get(key) ?? 0) <= now).slice(0, batchSize)
    for (const key of due) waiting.delete(key)
    if (due.length === 0 && waiting.size > 0 && !later) {
      later = clock.after(20, () => {
        later = null
        drain().catch(onFault)
      })
    }
    return due
  }

  async function read(shortKeys: readonly string[]): Promise<void> {
    const pipeline = redis.pipeline()
    for (const key of shortKeys) {
      pipeline.call('HGETALL', keys.full(key))
      if (isExpiring(key)) pipeline.call('PTTL', keys.full(key))
    }
    const replies = ((await pipeline.exec()) ?? []).values()
    const news: [string, ReadonlyMap<string, string>][] = []
    for (const key of shortKeys) {
      const hash = toHash(key, replies.next().value)
      const ttl = isExpiring(key) ? Number(replies.next().value?.[1] ?? -1) : -1
      if (hash.size > 0 && ttl >= 0) expiries.set(key, clock.now() + ttl)
      else expiries.delete(key)
      if (hash.size < largeHash) notBefore.delete(key)
      else notBefore.set(key, clock.now() + Math.min(hash.size / 50, 700))
      news.push([key, hash])
    }
    replica.put(news)
  }

  function toHash(key: string, reply: readonly [Error | null, unknown] | undefined): ReadonlyMap<string, string> {
    const [fault, value] = reply ?? [new Error('no reply'), null]
    if (fault && !fault.message.startsWith('WRONGTYPE')) throw fault
    if (!fault) {
      complained.delete(key)
      return pairs(value)
    }
    if (!complained.has(key)) log.warn({ event: 'store.stale', key }, `${keys.full(key)} is not a hash and is ignored; delete or rename it`)
    complained.add(key)
    return new Map()
  }

  return {
    async snapshot() {
      const unseen = new Set<string>([...replica.entries()].map(([key]) => key))
      for await (const page of pages(redis, `${keys.tag}:*`)) {
        const found = page.map((key) => keys.short(key)).filter((key) => key !== null && isReplicated(key)) as string[]
        for (const key of found) unseen.delete(key)
        for (let from = 0; from < found.length; from += batchSize) await read(found.slice(from, from + batchSize))
      }
      const gone = [...unseen]
      for (let from = 0; from < gone.length; from += batchSize) await read(gone.slice(from, from + batchSize))
    },
    changed(fullKeys) {
      enqueue(fullKeys.map((key) => keys.short(key)).filter((key) => key !== null && isReplicated(key)) as string[])
    },
    close() {
      expiryWatch.cancel()
      later?.cancel()
      waiting.clear()
      expiries.clear()
    },
  }
}

async function* pages(redis: Redis, match: string): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', match, 'COUNT', 1_000)
    yield page
    cursor = next
  } while (cursor !== '0')
}

function pairs(reply: unknown): ReadonlyMap<string, string> {
  const flat = Array.isArray(reply) ? reply.map(String) : []
  const hash = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) hash.set(flat[index] ?? '', flat[index + 1] ?? '')
  return hash
}
