import type { Milliseconds } from '../base/clock.js'
import type { RecordChange, Store } from '../store/store.js'

const copiedWithinMs: Milliseconds = 1_000

/** Waits until the copy has the change, because the next edit is checked against the copy. Gives up after a second. */
export function untilCopied({ key, fields }: RecordChange, store: Pick<Store, 'replica' | 'clock'>): Promise<void> {
  function isThere(): boolean {
    const hash = store.replica.hash(key)
    if (fields === null) return hash === undefined
    return Object.entries(fields).every(([field, text]) => (hash?.get(field) ?? null) === text)
  }
  return new Promise((resolve) => {
    const late = store.clock.after(copiedWithinMs, done)
    const stop = store.replica.onChange(() => isThere() && done())
    function done(): void {
      late.cancel()
      stop()
      resolve()
    }
    if (isThere()) done()
  })
}
