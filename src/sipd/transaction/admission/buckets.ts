import type { Clock, Milliseconds } from '../../../base/clock.js'
import { createBoundedMap } from '../../bounded-map.js'

/** Requests per second, and how many may arrive at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Token buckets by key. If there are too many, the oldest is forgotten. A forgotten key starts with a full bucket. */
export interface Buckets {
  /** Takes a token; false if none is left. */
  take(key: string): boolean
  readonly size: number
}

interface Bucket {
  tokens: number
  at: Milliseconds
}

export function createBuckets(clock: Clock, { perSecond, burst }: Rate, most: number): Buckets {
  const buckets = createBoundedMap<Bucket>(most)
  return {
    take(key) {
      const now = clock.now()
      let bucket = buckets.get(key)
      if (!bucket) {
        bucket = { tokens: burst, at: now }
        buckets.set(key, bucket)
      }
      bucket.tokens = Math.min(bucket.tokens + ((now - bucket.at) / 1_000) * perSecond, burst)
      bucket.at = now
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
    get size() {
      return buckets.size
    },
  }
}

/** A limit for each source, and one for all together. */
export interface RequestQuota {
  /** Takes one request of this source; false if a limit is reached. */
  enter(source: string): boolean
  readonly size: number
}

export function createRequestQuota(clock: Clock, rates: { readonly source: Rate; readonly total: Rate }, most: number): RequestQuota {
  const sources = createBuckets(clock, rates.source, most)
  const total = createBuckets(clock, rates.total, 1)
  return {
    // In this order, a flooding source stops at its own limit and uses no more of the total.
    enter: (source) => sources.take(source) && total.take(''),
    get size() {
      return sources.size
    },
  }
}
