import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Durability, RedisTarget } from '../config/config.js'
import type { Trouble } from './connections/connection-errors.js'

/** Redis hashes of the network as they were last seen, by key without the network's prefix: `users`, `user:100`, `reg:HD0001`. */
export interface Replica {
  hash(key: string): ReadonlyMap<string, string> | undefined
  /** Keys that begin so, in no order. */
  keysUnder(prefix: string): Iterable<string>
  /**
   * `key` was written, edited by hand, deleted or has expired; the replica already holds the new state. Also fired once per key by a
   * new snapshot that differs. `fields` are those that differ, at least one.
   */
  onChange(listener: (key: string, fields: readonly string[]) => void): () => void
  /** How long ago the copy was last known to be fresh; 0 while Redis keeps it so. */
  ageMs(): Milliseconds
  /** What is left of the time to live of a key, by the node's own clock; null: it has none, or it is not known. */
  leftMs(key: string): Milliseconds | null
}

/** The node's clock, set right by the one of Redis. Unlike the node's own clock it jumps when either clock is set. */
export interface NetworkClock extends Clock {
  /** What is added to the node's own clock now. A moment that is kept is noted by the own clock, and this is added when it is compared. */
  readonly aheadMs: Milliseconds
}

/** `connected`: Redis answers, has our functions, and the copy in memory is fresh. */
export type StoreState = 'connected' | 'lost'

/** Where the copy in memory comes from: `disk` until a node that started without Redis has reached it, `nowhere` where nothing was saved. */
export type CopySource = 'redis' | 'disk' | 'nowhere'

/** What an operator should know of Redis and of what it holds, in sentences. */
export interface StoreCondition {
  /** Logins are refused, or may not last, because of these. */
  readonly reasons: readonly string[]
  /** Nothing is refused yet. */
  readonly warnings: readonly string[]
}

/** A Redis Functions library: the code's `#!lua name=…` and its `<name>_version` must agree with `name` and `version`. */
export interface FunctionLibrary {
  readonly name: string
  readonly version: number
  readonly code: string
}

/**
 * When the function library is loaded into Redis. `check`: an operator does it (`hotdesk redis install`), but for a Redis without the library
 * and without a key of this network. `install`: also where it is missing or older, as long as no older node lives. `own`: the Redis belongs
 * to this node alone, so that another content of the same version is replaced as well.
 */
export type Loading = 'check' | 'install' | 'own'

export interface StoreNeeds {
  readonly redis: RedisTarget
  /** The hash tag of every key. */
  readonly network: string
  /** Directory of the embedded Redis and of the saved copy. */
  readonly data: string
  readonly functions: FunctionLibrary
  /** `own` if Redis is embedded, whatever is given. */
  readonly loading: Loading
  /** When a transition is `safe`. */
  readonly durability: Durability
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** How long the start waits for Redis before it goes on without; 3,000 ms. */
  readonly startWithinMs?: Milliseconds
  /** Aborted when the store is not needed any more: no wait for an embedded Redis outlives it. */
  readonly stopping?: AbortSignal
}

/**
 * The outcome of a function that a person hears of. `safe`: by the policy of `durability` no failover takes it back.
 * `unconfirmed`: it may not last, because a replica that could be promoted has not acknowledged it in time, or because the server may
 * not be the primary any longer. If `reply` is null, Redis has not answered: it may have done it, or may do it later. The copy shows
 * which, and phones follow the copy.
 */
export type Transition =
  | { readonly certainty: 'safe'; readonly reply: string }
  | { readonly certainty: 'unconfirmed'; readonly reply: string | null }

/** The network's Redis: functions, plain records and a copy in memory. Keys never carry the network's prefix here. */
export interface Store {
  readonly network: string
  readonly state: StoreState
  readonly copyFrom: CopySource
  readonly replica: Replica
  /** How a person reaches this Redis: `redis-cli -s data/redis/redis.sock`; without passwords. */
  readonly cli: string
  /** The node's clock, set right by the one of Redis where they differ by more than a second: for times that other nodes read. */
  readonly clock: NetworkClock
  /** Why Redis is not connected, as far as it is known. */
  trouble(): Trouble | null
  onState(listener: (state: StoreState) => void): () => void
  condition(): StoreCondition
  /** Replicated keys that are no hashes and are left out, each with a sentence that says what to do. */
  misfits(): ReadonlyMap<string, string>
  /** Redis has lost this record; the copy still holds it. */
  lacks(key: string): boolean
  /**
   * Calls a function of the library: `call('hotdesk_logout', 'HD0001')` → `LOGGED_OUT 100`.
   * A table (`hotdesk_status`) comes as lines joined by `\n`.
   * @throws AppError STORE_UNAVAILABLE (no answer in time), STORE_PROTOCOL (the function refused its arguments)
   */
  call(functionName: string, ...args: readonly string[]): Promise<string>
  /**
   * The same, for a function whose outcome somebody is told as a fact.
   * @throws AppError STORE_UNAVAILABLE (certainly nothing was done), STORE_PROTOCOL
   */
  transition(functionName: string, ...args: readonly string[]): Promise<Transition>
  /** Replaces the named fields of a hash; `ttlSeconds` renews its expiry. @throws AppError STORE_UNAVAILABLE */
  putFields(key: string, fields: Readonly<Record<string, string>>, ttlSeconds?: number): Promise<void>
  /** Writes the whole hash, removing what it held before. @throws AppError STORE_UNAVAILABLE */
  replaceHash(key: string, fields: Readonly<Record<string, string>>, ttlSeconds?: number): Promise<void>
  /** Sets a new expiry; writes nothing else. @throws AppError STORE_UNAVAILABLE */
  renew(key: string, ttlSeconds: number): Promise<void>
  /**
   * All changes in one moment, or none of them. `onQueued` hears how many are on their way.
   * @throws AppError STORE_UNAVAILABLE (where Redis went away in the last moment, it may have been done), STORE_PROTOCOL (a key is no hash)
   */
  writeTogether(changes: readonly RecordChange[], onQueued?: (count: number) => void): Promise<void>
  remove(key: string): Promise<void>
  /** Appends to a stream, of which so much is kept. */
  append(stream: string, fields: Readonly<Record<string, string>>, kept: Kept): Promise<void>
  /** Takes away what is older than so many days. */
  purge(stream: string, days: number): Promise<void>
  /** The newest entries of a stream, newest first; of those older than `before`, an id, where it is given. @throws AppError STORE_UNAVAILABLE */
  recent(stream: string, count: number, before?: string): Promise<readonly StreamEntry[]>
  close(): Promise<void>
}

/** About so many entries, and where `days` is given none that is older. */
export interface Kept {
  readonly entries: number
  readonly days?: number
}

/** A hash, and what is to be different in it. */
export interface RecordChange {
  readonly key: string
  /** Field → new text; null takes the field away. null: the whole hash goes. */
  readonly fields: FieldChanges | null
}

export type FieldChanges = Readonly<Record<string, string | null>>

export interface StreamEntry {
  /** `<epoch milliseconds>-<sequence>` */
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}
