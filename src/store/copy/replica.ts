import type { Clock, Milliseconds } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import type { Replica } from '../contract.js'

export type Hash = ReadonlyMap<string, string>
/** Some fields of a hash with their current values; null: there is no such field. */
export type Fields = ReadonlyMap<string, string | null>

/** The copy in memory, with the operations that fill it. */
export interface WritableReplica extends Replica {
  /** Takes over the maps. Listeners are called for those that differ, once all are in place. An empty hash removes the key, as in Redis. */
  put(hashes: Iterable<readonly [key: string, hash: Map<string, string>]>, patches?: Iterable<readonly [key: string, fields: Fields]>): void
  keys(): Iterable<string>
  /** The current state; later changes do not affect it. */
  snapshot(): ReadonlyMap<string, Hash>
  /** `fresh`: Redis reports every change from now on. `stale`: it no longer does. `at`: the time of a saved copy. */
  setFreshness(freshness: 'fresh' | 'stale' | { readonly at: Milliseconds }): void
  /** null: the key does not expire. */
  setTtl(key: string, ms: Milliseconds | null): void
}

export interface ReplicaNeeds {
  /** The node's own. */
  readonly clock: Clock
  /** The clock of a saved copy's time; the node's own by default. */
  readonly networkClock?: Clock
  readonly onFault: (fault: unknown) => void
}

export function createReplica({ clock, networkClock = clock, onFault }: ReplicaNeeds): WritableReplica {
  const hashes = new Map<string, Map<string, string>>()
  const changes = createEmitter<[string, readonly string[]]>(onFault)
  /** Keys whose hash was changed in place; the hashes of other keys were replaced. */
  const patched = new Set<string>()
  let fresh = false
  let freshAt = { ms: clock.now(), by: clock }
  const ends = new Map<string, Milliseconds>()

  function replace(key: string, hash: Map<string, string>): readonly string[] {
    const differing = differences(hashes.get(key), hash)
    if (differing.length === 0) return differing
    if (hash.size > 0) hashes.set(key, hash)
    else hashes.delete(key)
    patched.delete(key)
    return differing
  }

  function patch(key: string, fields: Fields): readonly string[] {
    const hash = hashes.get(key) ?? new Map<string, string>()
    const differing = [...fields].flatMap(([field, value]) => ((hash.get(field) ?? null) === value ? [] : [field]))
    for (const field of differing) {
      const value = fields.get(field) ?? null
      if (value === null) hash.delete(field)
      else hash.set(field, value)
    }
    if (hash.size > 0) hashes.set(key, hash)
    else hashes.delete(key)
    patched.add(key)
    return differing
  }

  return {
    hash: (key) => hashes.get(key),
    *keysUnder(prefix) {
      for (const key of hashes.keys()) if (key.startsWith(prefix)) yield key
    },
    onChange: changes.on,
    ageMs: () => (fresh ? 0 : freshAt.by.now() - freshAt.ms),
    ttlMs(key) {
      const end = ends.get(key)
      return end === undefined ? null : end - clock.now()
    },
    setTtl(key, ms) {
      if (ms === null) ends.delete(key)
      else ends.set(key, clock.now() + ms)
    },
    put(whole, patches = []) {
      const changed: (readonly [string, readonly string[]])[] = []
      for (const [key, hash] of whole) changed.push([key, replace(key, hash)])
      for (const [key, fields] of patches) changed.push([key, patch(key, fields)])
      for (const [key, fields] of changed) if (fields.length > 0) changes.emit(key, fields)
    },
    keys: () => hashes.keys(),
    snapshot() {
      const copy = new Map<string, Hash>(hashes)
      for (const key of patched) {
        const hash = hashes.get(key)
        if (hash) copy.set(key, new Map(hash))
      }
      return copy
    },
    setFreshness(freshness) {
      if (freshness !== 'fresh' && freshness !== 'stale') freshAt = { ms: freshness.at, by: networkClock }
      else if (fresh || freshness === 'fresh') freshAt = { ms: clock.now(), by: clock }
      fresh = freshness === 'fresh'
    },
  }
}

function differences(before: Hash | undefined, after: Hash): readonly string[] {
  const differing: string[] = []
  for (const [field, value] of after) if (before?.get(field) !== value) differing.push(field)
  for (const field of before?.keys() ?? []) if (!after.has(field)) differing.push(field)
  return differing
}

/** The fields that exist. */
export function presentFields(fields: Fields): Map<string, string> {
  return new Map([...fields].flatMap(([field, value]) => (value === null ? [] : [[field, value] as const])))
}
