import type { Milliseconds } from '../../base/clock.js'
import { type DeviceId, type Extension, type NodeName, parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { SipSource } from '../../srf/srf.js'
import { createKeptTexts, type Store } from '../../store/store.js'
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
  const texts = createKeptTexts({ store, key: `subs:${node}`, keepSeconds, log })
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
