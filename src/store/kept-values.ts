import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Store } from './contract.js'

/** Values that a node keeps for its next start, each a field of one hash, as JSON. */
export interface KeptValues<Value> {
  put(field: string, value: Value): void
  remove(field: string): void
  /** Those of before; what has another form is removed. @throws AppError STORE_UNAVAILABLE */
  all(): Promise<readonly Value[]>
  close(): void
}

export interface KeptValuesNeeds<Value> {
  readonly store: Pick<Store, 'read' | 'putFields' | 'state' | 'onState'>
  readonly key: string
  readonly keepSeconds: number
  /** Null: not of this form. */
  readonly parse: (read: unknown) => Value | null
  readonly log: Logger
}

/** While Redis is away, changes wait until it is back. Nobody waits for them. */
export function createKeptValues<Value>({ store, key, keepSeconds, parse, log }: KeptValuesNeeds<Value>): KeptValues<Value> {
  let pending = new Map<string, string | null>()
  let isWriting = false

  /** Changes that come while one is written are written together. */
  async function write(): Promise<void> {
    if (isWriting || store.state === 'lost') return
    isWriting = true
    while (pending.size > 0) {
      const batch = pending
      pending = new Map()
      try {
        await store.putFields(key, Object.fromEntries(batch), keepSeconds)
      } catch (fault) {
        pending = new Map([...batch, ...pending])
        log.debug({ event: 'store.lost', cause: messageOf(fault) }, `${key} is not written yet`)
        break
      }
    }
    isWriting = false
  }

  function change(field: string, text: string | null): void {
    pending.set(field, text)
    void write()
  }

  const offState = store.onState((state) => {
    if (state === 'connected') void write()
  })

  const remove = (field: string): void => change(field, null)

  return {
    put: (field, value) => change(field, JSON.stringify(value)),
    remove,
    async all() {
      const read = Array.from(await store.read(key), ([field, text]) => [field, parse(jsonIn(text))] as const)
      for (const [field, value] of read) if (value === null) remove(field)
      return read.flatMap(([, value]) => (value === null ? [] : [value]))
    },
    close: offState,
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
