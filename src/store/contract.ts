import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Durability, RedisTarget } from '../config/config.js'
import type { Trouble } from './connections/connection-errors.js'

/** This node's copy of the network's hashes, by key without the network's prefix: `users`, `user:100`, `reg:HD0001`. */
export interface Replica {
  hash(key: string): ReadonlyMap<string, string> | undefined
  /** Keys with this prefix, in no order. */
  keysUnder(prefix: string): Iterable<string>
  /**
   * `key` was written, edited by hand or deleted, or has expired; the copy already has the new state. A new snapshot also fires this once
   * for each key that differs. `fields` are the fields that differ, at least one.
   */
  onChange(listener: (key: string, fields: readonly string[]) => void): () => void
  /** Time since the copy was last known to be fresh; 0 while Redis keeps it fresh. */
  ageMs(): Milliseconds
  /** The remaining time to live of a key, by the node's own clock; null: it does not expire, or the time is unknown. */
  ttlMs(key: string): Milliseconds | null
}

/** The node's clock, corrected by Redis's clock. Unlike the node's own clock, it jumps when either clock is set. */
export interface NetworkClock extends Clock {
  /** The current correction. Keep times by the node's own clock, and add this when you compare them. */
  readonly aheadMs: Milliseconds
}

/** `connected`: Redis answers and has our functions, and the copy in memory is fresh. */
export type StoreState = 'connected' | 'lost'

/** Source of the copy in memory: `disk` until a node that started without Redis has reached it, `nowhere` if no copy was saved. */
export type CopySource = 'redis' | 'disk' | 'nowhere'

/** What an operator should know about Redis and its data, in sentences. */
export interface StoreCondition {
  /** Why logins are refused, or may be lost. */
  readonly reasons: readonly string[]
  /** Problems that do not refuse anything yet. */
  readonly warnings: readonly string[]
}

/** A Redis Functions library: the code's `#!lua name=…` and its `<name>_version` must agree with `name` and `version`. */
export interface FunctionLibrary {
  readonly name: string
  readonly version: number
  readonly code: string
}

/**
 * When a node loads the function library into Redis. `check`: only if Redis has neither the library nor a key of this network; otherwise an
 * operator runs `hotdesk redis install`. `install`: also if the library is missing or older, while no older node is alive. `own`: the Redis
 * belongs to this node, so other content of the same version is replaced as well.
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
  /** How long the start waits for Redis before it continues without it; 3,000 ms by default. */
  readonly startWithinMs?: Milliseconds
  /** Aborted when the store is no longer needed; ends the wait for an embedded Redis. */
  readonly stopping?: AbortSignal
}

/**
 * The outcome of a function that is announced to a user. `safe`: by the policy of `durability`, no failover undoes it. `unconfirmed`: it may
 * be lost, because a replica that could be promoted has not acknowledged it in time, or because the server may no longer be the primary. If
 * `reply` is null, Redis has not answered: it may have run the function, or may run it later. The copy will show the result.
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
  /** The command line that connects to this Redis: `redis-cli -s data/redis/redis.sock`. Contains no password. */
  readonly cli: string
  /** The node's clock, corrected if it differs from Redis's clock by more than a second. For times that other nodes read. */
  readonly clock: NetworkClock
  /** Why Redis is not connected, if known. */
  trouble(): Trouble | null
  onState(listener: (state: StoreState) => void): () => void
  condition(): StoreCondition
  /** Keys that are not hashes and are left out of the copy, each with a sentence about the next step. */
  wrongTypes(): ReadonlyMap<string, string>
  /** Redis has lost this record; the copy still has it. */
  isMissing(key: string): boolean
  /**
   * Calls a function of the library: `call('hotdesk_logout', 'HD0001')` → `LOGGED_OUT 100`.
   * A table (`hotdesk_status`) is returned as lines joined by `\n`.
   * @throws AppError STORE_UNAVAILABLE (no answer in time), STORE_PROTOCOL (the function refused its arguments)
   */
  call(functionName: string, ...args: readonly string[]): Promise<string>
  /**
   * The same, for a function whose outcome is announced to a user.
   * @throws AppError STORE_UNAVAILABLE (certainly nothing was done), STORE_PROTOCOL
   */
  transition(functionName: string, ...args: readonly string[]): Promise<Transition>
  /** Replaces the named fields of a hash, or removes those that are null; `ttlSeconds` renews its expiry. @throws AppError STORE_UNAVAILABLE */
  putFields(key: string, fields: FieldChanges, ttlSeconds?: number): Promise<void>
  /** Replaces the whole hash. @throws AppError STORE_UNAVAILABLE */
  replaceHash(key: string, fields: Readonly<Record<string, string>>, ttlSeconds?: number): Promise<void>
  /** Sets a new expiry only. @throws AppError STORE_UNAVAILABLE */
  renew(key: string, ttlSeconds: number): Promise<void>
  /**
   * Writes all changes, and all stream entries, in one transaction, or none. `onQueued` receives the number of changes queued so far.
   * @throws AppError STORE_UNAVAILABLE (if Redis was lost at the end, the changes may have been made), STORE_PROTOCOL (a key is not a hash)
   */
  writeAll(changes: readonly RecordChange[], onQueued?: (count: number) => void, entries?: readonly StreamWrite[]): Promise<void>
  remove(key: string): Promise<void>
  /** A hash as Redis has it now, for keys that are not in the copy. @throws AppError STORE_UNAVAILABLE */
  read(key: string): Promise<ReadonlyMap<string, string>>
  /** Appends to a stream, and trims it to `limit`. */
  append(stream: string, fields: Readonly<Record<string, string>>, limit: StreamLimit): Promise<void>
  /** Removes entries older than this number of days. */
  purge(stream: string, days: number): Promise<void>
  /** The newest entries of a stream, newest first; only entries older than `before`, an id, if it is given. @throws AppError STORE_UNAVAILABLE */
  recent(stream: string, count: number, before?: string): Promise<readonly StreamEntry[]>
  /** Requests to nodes, and their replies. */
  readonly mailbox: Mailbox
  /** The oldest entries after this id, oldest first. @throws AppError STORE_UNAVAILABLE */
  following(stream: string, id: string, count: number): Promise<readonly StreamEntry[]>
  close(): Promise<void>
}

/** A new entry of a stream. */
export interface StreamWrite {
  readonly stream: string
  readonly fields: Readonly<Record<string, string>>
  readonly limit: Pick<StreamLimit, 'entries'>
}

/** Texts between the processes of a network, through Redis. Each is kept for a minute at most. */
export interface Mailbox {
  /** The reply of the node; null if there is none within that time. @throws AppError STORE_UNAVAILABLE */
  ask(node: string, request: string, withinMs: Milliseconds): Promise<string | null>
  /** Replies to requests to this node from now on. `answer` does not reject. Answers a function that ends it. */
  serve(node: string, answer: (request: string) => Promise<string>): () => void
}

/** Maximum number of entries, approximate, and their maximum age. */
export interface StreamLimit {
  readonly entries: number
  readonly days?: number
}

/** Changes to one hash. */
export interface RecordChange {
  readonly key: string
  /** Field → new text, or null to remove the field. null: the whole hash is removed. */
  readonly fields: FieldChanges | null
}

export type FieldChanges = Readonly<Record<string, string | null>>

export interface StreamEntry {
  /** `<epoch milliseconds>-<sequence>` */
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}
