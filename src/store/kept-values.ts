import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Store } from './contract.js'

/** Texts that a node keeps for its next start, each a field of one hash. */
export interface KeptTexts {
  put(field: string, text: string): void
  remove(field: string): void
  /** Those of before. @throws AppError STORE_UNAVAILABLE */
  all(): Promise<ReadonlyMap<string, string>>
  close(): void
}

export interface KeptTextsNeeds {
  readonly store: Pick<Store, 'read' | 'putFields' | 'state' | 'onState'>
  readonly key: string
  readonly keepSeconds: number
  readonly log: Logger
}

/** While Redis is away, changes wait until it is back. Nobody waits for them. */
export function createKeptTexts({ store, key, keepSeconds, log }: KeptTextsNeeds): KeptTexts {
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

  return {
    put: change,
    remove: (field) => change(field, null),
    all: () => store.read(key),
    close: offState,
  }
}
