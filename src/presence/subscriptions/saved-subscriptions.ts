import type { Milliseconds } from '../../base/clock.js'
import { type DeviceId, type Extension, type NodeName, parseDeviceId, parseExtension } from '../../base/identity.js'
import type { SipSource } from '../../srf/srf.js'
import { createKeptValues, type KeptValues, type KeptValuesNeeds } from '../../store/store.js'
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

interface SavedSubscriptionsNeeds extends Pick<KeptValuesNeeds<SavedSubscription>, 'store' | 'log'> {
  readonly node: NodeName
}

const keepSeconds = 24 * 60 * 60

/** The subscriptions at this node, in Redis. */
export function createSavedSubscriptions({ store, node, log }: SavedSubscriptionsNeeds): KeptValues<SavedSubscription> {
  return createKeptValues({ store, key: `subs:${node}`, keepSeconds, log, parse: parseSaved })
}

function parseSaved(text: unknown): SavedSubscription | null {
  const read = (text ?? {}) as Partial<Record<keyof SavedSubscription, unknown>>
  const { dialog, event, uri, name, began, until, version } = read
  const device = parseDeviceId(String(read.device))
  const isWhole = [dialog, uri, name].every((each) => typeof each === 'string') && Number.isFinite(until) && Number.isSafeInteger(version)
  if (!isWhole || device === null || typeof began !== 'object' || began === null || (event !== 'dialog' && event !== 'presence'))
    return null
  return { ...(read as SavedSubscription), device, user: parseExtension(String(read.user)) }
}
