import type { Clock, Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { Replica } from './contract.js'

export type Hash = ReadonlyMap<string, string>
/** Some fields of a hash as they are now; null: there is no such field. */
export type Fields = ReadonlyMap<string, string | null>

/** The copy in memory, and what fills it. */
export interface WritableReplica extends Replica {
  /** The maps are the copy's from now on. Listeners hear of those that differ, when all are in place. An empty hash is no hash, as in Redis. */
  put(hashes: Iterable<readonly [key: string, hash: Map<string, string>]>, patches?: Iterable<readonly [key: string, fields: Fields]>): void
  keys(): Iterable<string>
  /** How everything stands now; no later change reaches it. */
  moment(): ReadonlyMap<string, Hash>
  /** `fresh`: Redis tells of every change from now on. `stale`: it no longer does. `at`: a copy from then was put. */
  mark(freshness: 'fresh' | 'stale' | { readonly at: Milliseconds }): void
  /** Its time to live; null: it has none. */
  lives(key: string, ms: Milliseconds | null): void
}

export interface ReplicaNeeds {
  /** The node's own. */
  readonly clock: Clock
  /** By which the time of a saved copy is told; the node's own if absent. */
  readonly networkClock?: Clock
  readonly onFault: (fault: unknown) => void
}

export function createReplica({ clock, networkClock = clock, onFault }: ReplicaNeeds): WritableReplica {
  const hashes = new Map<string, Map<string, string>>()
  const changes = createEmitter<[string, readonly string[]]>(onFault)
  /** Keys whose hash is changed in place; others are replaced by new ones. */
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
    leftMs(key) {
      const end = ends.get(key)
      return end === undefined ? null : end - clock.now()
    },
    lives(key, ms) {
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
    moment() {
      const copy = new Map<string, Hash>(hashes)
      for (const key of patched) {
        const hash = hashes.get(key)
        if (hash) copy.set(key, new Map(hash))
      }
      return copy
    },
    mark(freshness) {
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
