import type { Milliseconds } from '../base/clock.js'

/** Redis hashes of the network as they were last seen, by key without the network's prefix: `users`, `user:100`, `reg:HD0001`. */
export interface Replica {
  hash(key: string): ReadonlyMap<string, string> | undefined
  /** Keys that begin so, in no order. */
  keysUnder(prefix: string): Iterable<string>
  /** `key` was written, edited by hand, deleted or has expired; the replica already holds the new state. Also fired once per key by a new snapshot that differs. */
  onChange(listener: (key: string) => void): () => void
  /** How long ago the copy was last known to be fresh; 0 while Redis keeps it so. */
  ageMs(): Milliseconds
}

export type StoreState = 'connected' | 'lost'

/** The network's Redis: functions, plain records and a copy in memory. Keys never carry the network's prefix here. */
export interface Store {
  readonly network: string
  readonly state: StoreState
  readonly replica: Replica
  onState(listener: (state: StoreState) => void): () => void
  /**
   * Calls a function of the library: `call('hotdesk_logout', 'HD0001')` → `LOGGED_OUT 100`.
   * @throws AppError STORE_UNAVAILABLE (no answer in time), STORE_PROTOCOL (the function refused its arguments)
   */
  call(functionName: string, ...args: readonly string[]): Promise<string>
  /** Replaces the named fields of a hash; `ttlSeconds` renews its expiry. @throws AppError STORE_UNAVAILABLE */
  putFields(key: string, fields: Readonly<Record<string, string>>, ttlSeconds?: number): Promise<void>
  /** Writes the whole hash, removing what it held before. @throws AppError STORE_UNAVAILABLE */
  replaceHash(key: string, fields: Readonly<Record<string, string>>, ttlSeconds?: number): Promise<void>
  removeFields(key: string, fields: readonly string[]): Promise<void>
  remove(key: string): Promise<void>
  /** Appends to a capped stream. */
  append(stream: string, fields: Readonly<Record<string, string>>): Promise<void>
  close(): Promise<void>
}
