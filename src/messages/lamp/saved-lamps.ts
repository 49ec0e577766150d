import type { Milliseconds } from '../../base/clock.js'
import { type DeviceId, type NodeName, parseDeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { SipSource } from '../../srf/srf.js'
import { createKeptTexts, type Store } from '../../store/store.js'

/** What a node needs to continue a subscription after its restart. No secrets. */
export interface SavedLamp {
  /** The dialog, as the SIP application writes it. */
  readonly dialog: string
  readonly device: DeviceId
  /** Where the phone was. */
  readonly began: SipSource
  readonly until: Milliseconds
}

/** The subscriptions to messages at this node, in Redis. */
export interface SavedLamps {
  put(id: string, saved: SavedLamp): void
  remove(id: string): void
  /** @throws AppError STORE_UNAVAILABLE */
  all(): Promise<readonly SavedLamp[]>
  close(): void
}

export interface SavedLampsNeeds {
  readonly store: Pick<Store, 'read' | 'putFields' | 'state' | 'onState'>
  readonly node: NodeName
  readonly log: Logger
}

const keepSeconds = 24 * 60 * 60

export function createSavedLamps({ store, node, log }: SavedLampsNeeds): SavedLamps {
  const texts = createKeptTexts({ store, key: `message-subs:${node}`, keepSeconds, log })
  return {
    put: (id, saved) => texts.put(id, JSON.stringify(saved)),
    remove: texts.remove,
    async all() {
      const read = Array.from(await texts.all(), ([id, text]) => [id, parseSaved(text)] as const)
      for (const [id, saved] of read) if (saved === null) texts.remove(id)
      return read.flatMap(([, saved]) => saved ?? [])
    },
    close: texts.close,
  }
}

/** Null for text of another form. */
function parseSaved(text: string): SavedLamp | null {
  try {
    const { dialog, device: name, began, until } = JSON.parse(text) as Partial<Record<keyof SavedLamp, unknown>>
    const device = parseDeviceId(String(name))
    if (typeof dialog !== 'string' || device === null || typeof until !== 'number' || typeof began !== 'object' || began === null)
      return null
    return { dialog, device, began: began as SipSource, until }
  } catch {
    return null
  }
}
