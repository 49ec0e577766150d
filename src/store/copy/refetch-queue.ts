import type { Milliseconds } from '../../base/clock.js'

/** What must be read from Redis again: fields at once, a whole hash not before a given time. */
export interface RefetchQueue {
  /** If the hash is queued already, the earlier time counts. */
  whole(key: string, notBefore: Milliseconds): void
  fields(key: string, fields: Iterable<string>): void
  /** Removes what is due from the queue. */
  take(now: Milliseconds): Due
  /** The next due time; null: the queue is empty. */
  next(): Milliseconds | null
  clear(): void
}

export interface Due {
  readonly whole: readonly string[]
  /** Never fields of a hash that is read as a whole. */
  readonly fields: readonly (readonly [key: string, fields: readonly string[]])[]
}

const mostAtOnce = 500

export function createRefetchQueue(): RefetchQueue {
  const times = new Map<string, Milliseconds>()
  const parts = new Map<string, Set<string>>()

  return {
    whole(key, notBefore) {
      times.set(key, Math.min(times.get(key) ?? notBefore, notBefore))
    },
    fields(key, fields) {
      const queued = parts.get(key) ?? new Set()
      for (const field of fields) queued.add(field)
      parts.set(key, queued)
    },
    take(now) {
      const whole: string[] = []
      for (const [key, notBefore] of times) {
        if (whole.length === mostAtOnce) break
        if (notBefore <= now) whole.push(key)
      }
      for (const key of whole) {
        times.delete(key)
        parts.delete(key)
      }
      const fields = Array.from(parts, ([key, queued]) => [key, [...queued]] as const)
      parts.clear()
      return { whole, fields }
    },
    next() {
      if (parts.size > 0) return 0
      let first: Milliseconds | null = null
      for (const time of times.values()) first = Math.min(first ?? time, time)
      return first
    },
    clear() {
      times.clear()
      parts.clear()
    },
  }
}
