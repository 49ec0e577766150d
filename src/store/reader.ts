import type { ChainableCommander, Redis } from 'ioredis'
import { type Alarm, type Clock, every, type Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { createSweeper } from './hash-scan.js'
import { createHeartbeats } from './heartbeat-grace.js'
import type { Integrity } from './integrity/integrity.js'
import type { Losses } from './integrity/losses.js'
import { isFragment } from './integrity/watched-records.js'
import { isExpiring, isReplicated, type Keys } from './keys.js'
import { createRefetchQueue, type Due } from './refetch-queue.js'
import type { Fields, Hash, WritableReplica } from './replica.js'
import type { News } from './tracking.js'

/** Brings hashes from Redis into the copy: all of them at a (re)connect, what Redis says has changed soon after. */
export interface Reader {
  snapshot(since: Since): Promise<void>
  lost(): void
  /** A failure to read it is told to `onFault`, and only a new snapshot heals it. */
  changed(news: News): void
  close(): void
}

/** What was before a snapshot. */
type Since = 'loss' | 'flush'

export interface ReaderNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly integrity: Pick<Integrity, 'misfits'> & {
    readonly losses: Pick<Losses, 'concerns' | 'sift' | 'found' | 'left' | 'kept' | 'keptFields'>
  }
  readonly clock: Clock
  readonly log: Logger
  readonly onFault: (fault: unknown) => void
}

const batchSize = 500
/** Of a hash with fewer fields the whole is read at each change. */
const largeHash = 1_000
/** How long one that is changed by hand again and again is left alone after it was read, by its size, within a second. */
const restMs = (size: number): Milliseconds => Math.min(size / 50, 700)

export function createReader({ redis, keys, replica, integrity, clock, log, onFault }: ReaderNeeds): Reader {
  const agenda = createRefetchQueue()
  const heartbeats = createHeartbeats({ replica, clock })
  const sweeper = createSweeper({ redis, keys, replica, clock, onMissed, onFailed })
  /** Fields that a function says it has written; Redis is about to say that the hash has changed. */
  const written = new Map<string, readonly string[]>()
  const restsUntil = new Map<string, Milliseconds>()
  const expiries = new Map<string, Milliseconds>()
  const { losses, misfits } = integrity
  let draining = false
  let later: Alarm | null = null

  // Redis tells of an expired key only when it comes across it, which can take minutes among many: look after it in time.
  const expiryWatch = every(clock, 500, lookAfterExpired, onFault)

  function lookAfterExpired(): void {
    const now = clock.now()
    for (const [key, at] of expiries) if (at <= now) agenda.whole(key, now)
    drain().catch(onFault)
  }

  function note(key: string): void {
    const size = replica.hash(key)?.size ?? 0
    const fields = written.get(key)
    written.delete(key)
    if (fields && size >= largeHash) {
      agenda.fields(key, fields)
      sweeper.sweepLater(key)
    } else agenda.whole(key, restsUntil.get(key) ?? 0)
  }

  function onMissed(key: string, fields: readonly string[]): void {
    // Most of a hash at once: whether that is a loss shows only in the whole.
    if (fields.length * 2 >= (replica.hash(key)?.size ?? 0)) agenda.whole(key, 0)
    else agenda.fields(key, fields)
    drain().catch(onFault)
  }

  function onFailed(key: string): void {
    agenda.whole(key, 0)
    drain().catch(onFault)
  }

  async function drain(): Promise<void> {
    if (draining) return
    draining = true
    try {
      // What one step in Redis changed is told of in one go: read it in one go as well.
      await Promise.resolve()
      for (let due = agenda.take(clock.now()); due.whole.length + due.fields.length > 0; due = agenda.take(clock.now())) await follow(due)
    } finally {
      draining = false
    }
    later?.cancel()
    const next = agenda.next()
    later = next === null ? null : clock.after(Math.max(next - clock.now(), 1), () => void drain().catch(onFault))
  }

  async function follow(due: Due): Promise<void> {
    await read(due)
    const followed = [...due.whole, ...due.fields.map(([key]) => key)]
    log.debug({ event: 'store.followed', keys: followed }, `${followed.length} changed keys of Redis read again`)
  }

  async function read({ whole, fields }: Due): Promise<void> {
    const pipeline = redis.pipeline()
    for (const key of whole) ask(pipeline, key)
    for (const [key, names] of fields) pipeline.call('HMGET', keys.full(key), ...names)
    const replies = ((await pipeline.exec()) ?? []).values()
    const hashes = whole.map((key) => [key, take(key, replies)] as const).filter(([key, hash]) => !isPutOff(key, hash))
    const patches = fields.map(([key, names]) => [key, toFields(names, replies.next().value)] as const)
    const gone = hashes.filter(([key, hash]) => losses.concerns(key, hash))
    const there = gone.length === 0 ? hashes : hashes.filter((each) => !gone.includes(each))
    const left = seatsLeft(there, patches)
    losses.found([...hashes, ...patches.flatMap(([key, names]) => (key === 'devices' ? [[key, presentIn(names)] as const] : []))])
    replica.put(
      there.map(([key, hash]) => [key, losses.kept(key, hash)] as const),
      patches.map(([key, names]) => [key, losses.keptFields(key, names)] as const),
    )
    if (left.size > 0) await losses.left(left)
    if (gone.length > 0) replica.put(await losses.sift(gone.map(([key]) => key)))
  }

  /** Logins that the copy has, and what was read has not; without those whose user was given another phone in the same moment. */
  function seatsLeft(hashes: readonly (readonly [string, Hash])[], patches: readonly (readonly [string, Fields])[]): Hash {
    const before = replica.hash('devices') ?? noHash
    const left = new Map<string, string>()
    const given = new Set<string>()
    function compare(device: string, now: string | null): void {
      const user = before.get(device)
      if (now === null && user !== undefined) left.set(device, user)
      if (now !== null && now !== user) given.add(now)
    }
    for (const [key, hash] of hashes)
      if (key === 'devices') for (const device of [...before.keys(), ...hash.keys()]) compare(device, hash.get(device) ?? null)
    for (const [key, fields] of patches) if (key === 'devices') for (const [device, user] of fields) compare(device, user)
    for (const [device, user] of left) if (given.has(user)) left.delete(device)
    return left
  }

  async function readAll(whole: readonly string[]): Promise<void> {
    for (let from = 0; from < whole.length; from += batchSize) await read({ whole: whole.slice(from, from + batchSize), fields: [] })
  }

  function isPutOff(key: string, hash: Map<string, string>): boolean {
    const until = heartbeats.awaitedUntil(key, hash)
    if (until !== null && Number.isFinite(until)) agenda.whole(key, until)
    return until !== null
  }

  function ask(pipeline: ChainableCommander, key: string): void {
    pipeline.call('HGETALL', keys.full(key))
    if (isExpiring(key)) pipeline.call('PTTL', keys.full(key))
  }

  function take(key: string, replies: ArrayIterator<Reply>): Map<string, string> {
    const found = toHash(key, replies.next().value)
    const hash = isFragment(key, found) ? new Map<string, string>() : found
    const ttl = isExpiring(key) ? Number(replies.next().value?.[1] ?? -1) : -1
    const isExpiringNow = hash.size > 0 && ttl >= 0
    if (isExpiringNow) expiries.set(key, clock.now() + ttl)
    else expiries.delete(key)
    replica.lives(key, isExpiringNow ? ttl : null)
    if (hash.size < largeHash) restsUntil.delete(key)
    else restsUntil.set(key, clock.now() + restMs(hash.size))
    return hash
  }

  function toHash(key: string, reply: Reply | undefined): Map<string, string> {
    const [fault, value] = reply ?? noReply
    if (fault && !fault.message.startsWith('WRONGTYPE')) throw fault
    if (!fault) {
      misfits.delete(key)
      return pairs(value)
    }
    const words = `${keys.full(key)} is not a hash and is ignored; delete or rename it`
    if (!misfits.has(key)) log.warn({ event: 'store.stale', key }, words)
    misfits.set(key, words)
    return new Map()
  }

  return {
    async snapshot(since) {
      written.clear()
      const unseen = new Set(replica.keys())
      // Redis looks for the next page while this one is on its way.
      let reading = Promise.resolve()
      for await (const page of pages(redis, `${keys.tag}:*`)) {
        const found = replicatedOf(page, keys)
        for (const key of found) unseen.delete(key)
        await reading
        reading = readAll(found)
        reading.catch(onceAwaited)
      }
      await reading
      const gone = [...unseen]
      await readAll(gone)
      if (since === 'flush') return
      const { keys: awaited, at } = heartbeats.found()
      for (const key of awaited) agenda.whole(key, at)
      drain().catch(onFault)
    },
    lost: heartbeats.lost,
    changed(news) {
      if (news.kind === 'written') {
        for (const [key, field] of news.fields) written.set(key, [...(written.get(key) ?? []), field])
        return
      }
      for (const key of replicatedOf(news.fullKeys, keys)) note(key)
      drain().catch(onFault)
    },
    close() {
      expiryWatch.cancel()
      sweeper.close()
      later?.cancel()
      agenda.clear()
      expiries.clear()
    },
  }
}

const noHash: Hash = new Map()

function presentIn(fields: Fields): Hash {
  return new Map([...fields].flatMap(([field, value]) => (value === null ? [] : [[field, value] as const])))
}

function onceAwaited(): void {
  // Its fault is met where it is awaited.
}

type Reply = readonly [Error | null, unknown]
const noReply: Reply = [new Error('no reply'), null]

function replicatedOf(fullKeys: readonly string[], keys: Keys): readonly string[] {
  return fullKeys.map((key) => keys.short(key)).filter((key) => key !== null && isReplicated(key)) as string[]
}

async function* pages(redis: Redis, match: string): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', match, 'COUNT', 1_000)
    yield page
    cursor = next
  } while (cursor !== '0')
}

function pairs(reply: unknown): Map<string, string> {
  const flat = Array.isArray(reply) ? reply.map(String) : []
  const nameOf = flat.length <= 2 * mostFields ? fieldName : (text: string) => text
  const hash = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) hash.set(nameOf(flat[index] ?? ''), flat[index + 1] ?? '')
  return hash
}

/** A record has no more fields; their names are few, and each is kept once for all records. */
const mostFields = 64
const fieldNames = new Map<string, string>()

function fieldName(text: string): string {
  const known = fieldNames.get(text)
  if (known !== undefined) return known
  if (fieldNames.size < 1_000) fieldNames.set(text, text)
  return text
}

/** A hash that is none any more has none of the fields. */
function toFields(names: readonly string[], [fault, values]: Reply = noReply): Fields {
  if (fault && !fault.message.startsWith('WRONGTYPE')) throw fault
  const found: readonly unknown[] = Array.isArray(values) ? values : []
  return new Map(names.map((name, index) => [name, typeof found[index] === 'string' ? found[index] : null]))
}
