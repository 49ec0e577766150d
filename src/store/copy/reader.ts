import type { ChainableCommander, Redis } from 'ioredis'
import { type Alarm, type Clock, every, type Milliseconds } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { Integrity } from '../integrity/integrity.js'
import type { Losses } from '../integrity/losses.js'
import { isFragment } from '../integrity/watched-records.js'
import { isExpiring, isReplicated, type Keys } from '../keys.js'
import { fieldsIn, hashIn, noReply, type Reply } from './hash-replies.js'
import { createHashScan } from './hash-scan.js'
import { createHeartbeatGrace } from './heartbeat-grace.js'
import { createRefetchQueue, type Due } from './refetch-queue.js'
import { type Fields, type Hash, presentFields, type WritableReplica } from './replica.js'
import type { ChangeNotice } from './tracking.js'

/** Reads hashes from Redis into the copy: all at each (re)connect, then those that Redis reports as changed. */
export interface Reader {
  snapshot(cause: SnapshotCause): Promise<void>
  lost(): void
  /** A failed read calls `onFault`; only a new snapshot recovers from it. */
  changed(notice: ChangeNotice): void
  close(): void
}

type SnapshotCause = 'loss' | 'flush'

export interface ReaderNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly integrity: Pick<Integrity, 'wrongTypes'> & {
    readonly losses: Pick<Losses, 'isMissing' | 'resolve' | 'notePresent' | 'noteEnded' | 'withLost' | 'withLostFields'>
  }
  readonly clock: Clock
  readonly log: Logger
  readonly onFault: (fault: unknown) => void
}

const batchSize = 500
/** A hash with fewer fields is read as a whole at each change. */
const largeHash = 1_000
/** Pause between two readings of the same large hash, by its size. */
const rereadDelay = (size: number): Milliseconds => Math.min(size / 50, 700)

export function createReader({ redis, keys, replica, integrity, clock, log, onFault }: ReaderNeeds): Reader {
  const queue = createRefetchQueue()
  const heartbeatGrace = createHeartbeatGrace({ replica, clock })
  const hashScan = createHashScan({ redis, keys, replica, clock, onMissed, onFailed })
  /** Fields that a function has announced; Redis will report the change of the hash next. */
  const written = new Map<string, readonly string[]>()
  const nextReadAt = new Map<string, Milliseconds>()
  const expiries = new Map<string, Milliseconds>()
  const { losses, wrongTypes } = integrity
  let isDraining = false
  let later: Alarm | null = null

  // Redis expires keys lazily: among many keys, the notice can be minutes late.
  const expiryWatch = every(clock, 500, refetchExpired, onFault)

  function refetchExpired(): void {
    const now = clock.now()
    for (const [key, at] of expiries) if (at <= now) queue.whole(key, now)
    drain().catch(onFault)
  }

  function enqueue(key: string): void {
    const size = replica.hash(key)?.size ?? 0
    const fields = written.get(key)
    written.delete(key)
    if (fields && size >= largeHash) {
      queue.fields(key, fields)
      hashScan.scanLater(key)
    } else queue.whole(key, nextReadAt.get(key) ?? 0)
  }

  function onMissed(key: string, fields: readonly string[]): void {
    // If most fields are gone, only the whole hash shows whether this is a loss.
    if (fields.length * 2 >= (replica.hash(key)?.size ?? 0)) queue.whole(key, 0)
    else queue.fields(key, fields)
    drain().catch(onFault)
  }

  function onFailed(key: string): void {
    queue.whole(key, 0)
    drain().catch(onFault)
  }

  async function drain(): Promise<void> {
    if (isDraining) return
    isDraining = true
    try {
      // Redis reports the changes of one step together: read them together.
      await Promise.resolve()
      for (let due = queue.take(clock.now()); due.whole.length + due.fields.length > 0; due = queue.take(clock.now())) await refetch(due)
    } finally {
      isDraining = false
    }
    later?.cancel()
    const next = queue.next()
    later = next === null ? null : clock.after(Math.max(next - clock.now(), 1), () => void drain().catch(onFault))
  }

  async function refetch(due: Due): Promise<void> {
    await read(due)
    const refetched = [...due.whole, ...due.fields.map(([key]) => key)]
    log.debug({ event: 'store.followed', keys: refetched }, `re-read ${refetched.length} changed keys`)
  }

  async function read({ whole, fields }: Due): Promise<void> {
    const pipeline = redis.pipeline()
    for (const key of whole) ask(pipeline, key)
    for (const [key, names] of fields) pipeline.call('HMGET', keys.full(key), ...names)
    const replies = ((await pipeline.exec()) ?? []).values()
    const hashes = whole.map((key) => [key, take(key, replies)] as const).filter(([key, hash]) => !isDeferred(key, hash))
    const patches = fields.map(([key, names]) => [key, fieldsIn(names, replies.next().value)] as const)
    const gone = hashes.filter(([key, hash]) => losses.isMissing(key, hash))
    const there = gone.length === 0 ? hashes : hashes.filter((each) => !gone.includes(each))
    const ended = endedAssignments(there, patches)
    losses.notePresent([...hashes, ...patches.flatMap(([key, names]) => (key === 'devices' ? [[key, presentFields(names)] as const] : []))])
    replica.put(
      there.map(([key, hash]) => [key, losses.withLost(key, hash)] as const),
      patches.map(([key, names]) => [key, losses.withLostFields(key, names)] as const),
    )
    if (ended.size > 0) await losses.noteEnded(ended)
    if (gone.length > 0) replica.put(await losses.resolve(gone.map(([key]) => key)))
  }

  /** Assignments of the copy that Redis no longer has, except those whose user has another phone by now. */
  function endedAssignments(hashes: readonly (readonly [string, Hash])[], patches: readonly (readonly [string, Fields])[]): Hash {
    const before = replica.hash('devices') ?? noHash
    const ended = new Map<string, string>()
    const reassigned = new Set<string>()
    function compare(device: string, now: string | null): void {
      const user = before.get(device)
      if (now === null && user !== undefined) ended.set(device, user)
      if (now !== null && now !== user) reassigned.add(now)
    }
    for (const [key, hash] of hashes)
      if (key === 'devices') for (const device of [...before.keys(), ...hash.keys()]) compare(device, hash.get(device) ?? null)
    for (const [key, fields] of patches) if (key === 'devices') for (const [device, user] of fields) compare(device, user)
    for (const [device, user] of ended) if (reassigned.has(user)) ended.delete(device)
    return ended
  }

  async function readAll(whole: readonly string[]): Promise<void> {
    for (let from = 0; from < whole.length; from += batchSize) await read({ whole: whole.slice(from, from + batchSize), fields: [] })
  }

  function isDeferred(key: string, hash: Map<string, string>): boolean {
    const until = heartbeatGrace.awaitedUntil(key, hash)
    if (until !== null && Number.isFinite(until)) queue.whole(key, until)
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
    replica.setTtl(key, isExpiringNow ? ttl : null)
    if (hash.size < largeHash) nextReadAt.delete(key)
    else nextReadAt.set(key, clock.now() + rereadDelay(hash.size))
    return hash
  }

  function toHash(key: string, reply: Reply | undefined): Map<string, string> {
    const [fault, value] = reply ?? noReply
    if (fault && !fault.message.startsWith('WRONGTYPE')) throw fault
    if (!fault) {
      wrongTypes.delete(key)
      return hashIn(value)
    }
    const words = `${keys.full(key)} is not a hash and is ignored; delete or rename it`
    if (!wrongTypes.has(key)) log.warn({ event: 'store.stale', key }, words)
    wrongTypes.set(key, words)
    return new Map()
  }

  return {
    async snapshot(cause) {
      written.clear()
      const unseen = new Set(replica.keys())
      // Overlaps the next SCAN with the reading of this page.
      let reading = Promise.resolve()
      for await (const page of pages(redis, `${keys.tag}:*`)) {
        const found = replicatedOf(page, keys)
        for (const key of found) unseen.delete(key)
        await reading
        reading = readAll(found)
        reading.catch(ignoreRejection)
      }
      await reading
      const gone = [...unseen]
      await readAll(gone)
      if (cause === 'flush') return
      const { keys: awaited, at } = heartbeatGrace.resume()
      for (const key of awaited) queue.whole(key, at)
      drain().catch(onFault)
    },
    lost: heartbeatGrace.suspend,
    changed(notice) {
      if (notice.kind === 'written') {
        for (const [key, field] of notice.fields) written.set(key, [...(written.get(key) ?? []), field])
        return
      }
      for (const key of replicatedOf(notice.fullKeys, keys)) enqueue(key)
      drain().catch(onFault)
    },
    close() {
      expiryWatch.cancel()
      hashScan.close()
      later?.cancel()
      queue.clear()
      expiries.clear()
    },
  }
}

const noHash: Hash = new Map()

function ignoreRejection(): void {
  // The error is handled where the promise is awaited.
}

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
