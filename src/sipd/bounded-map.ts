/** A map that forgets its oldest entry rather than grow: what strangers fill must have an end. */
export interface BoundedMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  readonly size: number
}

export function createBoundedMap<Value>(most: number): BoundedMap<Value> {
  const entries = new Map<string, Value>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (!entries.has(key) && entries.size >= most) dropOldest(entries)
      entries.set(key, value)
    },
    delete: (key) => void entries.delete(key),
    get size() {
      return entries.size
    },
  }
}

function dropOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next().value
  if (oldest !== undefined) entries.delete(oldest)
}
