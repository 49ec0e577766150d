import type { Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type DeviceId, type Extension, type NodeName, parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { SipSource } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import type { LampEvent } from './lamp.js'

/** What a node needs to continue a subscription after its restart. No secrets. */
export interface SavedSubscription {
  /** The dialog, as the SIP application writes it. */
  readonly dialog: string
  readonly event: LampEvent
  readonly device: DeviceId
  /** The user of the phone then. */
  readonly user: Extension | null
  /** The address watched, and its user part. */
  readonly uri: string
  readonly name: string
  /** Where the phone was. */
  readonly began: SipSource
  readonly until: Milliseconds
  /** Of the next document, when this was written. */
  readonly version: number
}

/** The subscriptions at this node, in Redis. */
export interface SavedSubscriptions {
  put(id: string, saved: SavedSubscription): void
  remove(id: string): void
  /** @throws AppError STORE_UNAVAILABLE */
  all(): Promise<readonly SavedSubscription[]>
  close(): void
}

export interface SavedSubscriptionsNeeds {
  readonly store: Pick<Store, 'read' | 'putFields' | 'state' | 'onState'>
  readonly node: NodeName
  readonly log: Logger
}

const keepSeconds = 24 * 60 * 60

export function createSavedSubscriptions({ store, node, log }: SavedSubscriptionsNeeds): SavedSubscriptions {
  const key = `subs:${node}`
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
        log.debug({ event: 'store.lost', cause: messageOf(fault) }, 'subscriptions are not written yet')
        break
      }
    }
    isWriting = false
  }

  function change(id: string, text: string | null): void {
    pending.set(id, text)
    void write()
  }

  const offState = store.onState((state) => {
    if (state === 'connected') void write()
  })

  return {
    put: (id, saved) => change(id, JSON.stringify(saved)),
    remove: (id) => change(id, null),
    async all() {
      const fields = await store.read(key)
      const read = [...fields].map(([id, text]) => [id, parseSaved(text)] as const)
      for (const [id, saved] of read) if (saved === null) change(id, null)
      return read.flatMap(([, saved]) => saved ?? [])
    },
    close: offState,
  }
}

/** Null for text of another form. */
function parseSaved(text: string): SavedSubscription | null {
  try {
    const read = JSON.parse(text) as Partial<Record<keyof SavedSubscription, unknown>> | null
    const { dialog, event, uri, name, began, until, version } = read ?? {}
    const device = parseDeviceId(String(read?.device))
    const isWhole = [dialog, uri, name].every((each) => typeof each === 'string') && Number.isFinite(until) && Number.isSafeInteger(version)
    if (!isWhole || device === null || typeof began !== 'object' || began === null || (event !== 'dialog' && event !== 'presence'))
      return null
    return { ...(read as SavedSubscription), device, user: parseExtension(String(read?.user)) }
  } catch {
    return null
  }
}
