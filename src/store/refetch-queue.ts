import type { Milliseconds } from '../base/clock.js'

/** What of Redis is to be read again: fields of a hash at once, a whole hash not before its time. */
export interface RefetchQueue {
  /** Where the hash is noted already, the earlier of the two times counts. */
  whole(key: string, notBefore: Milliseconds): void
  fields(key: string, fields: Iterable<string>): void
  /** What is due, and is not noted any more. */
  take(now: Milliseconds): Due
  /** When something falls due; null when nothing is noted. */
  next(): Milliseconds | null
  clear(): void
}

export interface Due {
  readonly whole: readonly string[]
  /** Never of a hash that is to be read as a whole. */
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
      const noted = parts.get(key) ?? new Set()
      for (const field of fields) noted.add(field)
      parts.set(key, noted)
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
      const fields = Array.from(parts, ([key, noted]) => [key, [...noted]] as const)
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
