import type { Clock, Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { Replica } from './contract.js'

export type Hash = ReadonlyMap<string, string>

/** The copy in memory, and what fills it. */
export interface WritableReplica extends Replica {
  /** Listeners hear of those that differ, when all are in place. An empty hash is no hash, as in Redis. */
  put(hashes: Iterable<readonly [key: string, hash: Hash]>): void
  entries(): Iterable<readonly [string, Hash]>
  /** `fresh`: Redis tells of every change from now on. `stale`: it no longer does. `at`: a copy from then was put. */
  mark(freshness: 'fresh' | 'stale' | { readonly at: Milliseconds }): void
}

export interface ReplicaNeeds {
  readonly clock: Clock
  readonly onFault: (fault: unknown) => void
}

export function createReplica({ clock, onFault }: ReplicaNeeds): WritableReplica {
  const hashes = new Map<string, Hash>()
  const changes = createEmitter<[string]>(onFault)
  let fresh = false
  let freshAt = clock.now()

  return {
    hash: (key) => hashes.get(key),
    *keysUnder(prefix) {
      for (const key of hashes.keys()) if (key.startsWith(prefix)) yield key
    },
    onChange: changes.on,
    ageMs: () => (fresh ? 0 : clock.now() - freshAt),
    put(news) {
      const changed: string[] = []
      for (const [key, hash] of news) {
        if (same(hashes.get(key), hash)) continue
        if (hash.size > 0) hashes.set(key, hash)
        else hashes.delete(key)
        changed.push(key)
      }
      for (const key of changed) changes.emit(key)
    },
    entries: () => hashes,
    mark(freshness) {
      if (freshness !== 'fresh' && freshness !== 'stale') freshAt = freshness.at
      else if (fresh || freshness === 'fresh') freshAt = clock.now()
      fresh = freshness === 'fresh'
    },
  }
}

function same(before: Hash | undefined, after: Hash): boolean {
  if ((before?.size ?? 0) !== after.size) return false
  for (const [field, value] of after) if (before?.get(field) !== value) return false
  return true
}
