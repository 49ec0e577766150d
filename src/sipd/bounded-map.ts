/** A map of limited size that drops its oldest entry when it is full, for entries that the network makes. */
export interface BoundedMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  readonly size: number
}

export function createBoundedMap<Value>(capacity: number): BoundedMap<Value> {
  const entries = new Map<string, Value>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (!entries.has(key) && entries.size >= capacity) dropOldest(entries)
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
