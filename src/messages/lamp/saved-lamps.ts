import type { Milliseconds } from '../../base/clock.js'
import { type DeviceId, type NodeName, parseDeviceId } from '../../base/identity.js'
import type { SipSource } from '../../srf/srf.js'
import { createKeptValues, type KeptValues, type KeptValuesNeeds } from '../../store/store.js'

/** What a node needs to continue a subscription after its restart. No secrets. */
export interface SavedLamp {
  /** The dialog, as the SIP application writes it. */
  readonly dialog: string
  readonly device: DeviceId
  /** Where the phone was. */
  readonly began: SipSource
  readonly until: Milliseconds
}

export interface SavedLampsNeeds extends Pick<KeptValuesNeeds<SavedLamp>, 'store' | 'log'> {
  readonly node: NodeName
}

const keepSeconds = 24 * 60 * 60

/** The subscriptions to messages at this node, in Redis. */
export function createSavedLamps({ store, node, log }: SavedLampsNeeds): KeptValues<SavedLamp> {
  return createKeptValues({ store, key: `message-subs:${node}`, keepSeconds, log, parse: parseSaved })
}

function parseSaved(read: unknown): SavedLamp | null {
  const { dialog, device: name, began, until } = (read ?? {}) as Partial<Record<keyof SavedLamp, unknown>>
  const device = parseDeviceId(String(name))
  if (typeof dialog !== 'string' || device === null || typeof until !== 'number' || typeof began !== 'object' || began === null) return null
  return { dialog, device, began: began as SipSource, until }
}
