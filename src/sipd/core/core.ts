import type { Alarm, Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import { maxDeltaSeconds, parseInteger } from '../../sip/syntax/integer.js'
import type { ClientTransaction, Flow, ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.js'
import type { Application, Applications, CallRecords, Passage } from './application.js'
import type { Dialog } from './dialogs/dialog.js'
import type { DialogTable } from './dialogs/dialogs.js'
import type { UnresponsiveHops } from './uac/unresponsive-hops.js'

/** Longest delay of a timer in Node. */
const longestAlarmMs = 2 ** 31 - 1

/** A request from the network that waits for its application's response. */
export interface Pending {
  /** The transaction id on the admin wire. */
  readonly id: string
  readonly transaction: ServerTransaction
  application: Application
  /** The dialog of the request; for a request that creates one, null until the first response. */
  dialog: Dialog | null
  /** Local tag; `''` until it is chosen. */
  tag: string
  /** The application's time-out. */
  alarm: Alarm | null
}

/** How a response arrived. `flow` is null for a local response; `protocol` is null if no transport was chosen. */
export interface Origin {
  readonly protocol: Flow['protocol'] | null
  readonly flow: Flow | null
  readonly size: number
}

/** A request that was sent. */
export interface Sent {
  readonly txnId: string
  /** The current transaction; null before the first, and if no hop was found. */
  readonly transaction: ClientTransaction | null
  /** The flow it was sent over; null until then. */
  readonly flow: Flow | null
  /** Cancels every attempt of an INVITE and tries no other hop. */
  cancel(reason: string | null): void
}

/** The dependencies and state that the parts of the UA core share. */
export interface Core {
  readonly clock: Clock
  readonly log: Logger
  readonly timers: { readonly t1: number; readonly t2: number; readonly t4: number }
  readonly layer: TransactionLayer
  readonly applications: Applications
  readonly dialogs: DialogTable
  readonly records: CallRecords
  readonly unresponsiveHops: UnresponsiveHops
  /** Also reports 100 Trying to the application. */
  readonly tellsTrying: boolean
  /** Requests refused with 503 because their application did not read fast enough, since the start. */
  readonly shed: { requests: number }
  /** By transaction id. */
  readonly pending: Map<string, Pending>
}

/** Passage of a received message or a sent response. */
export function passageOf(core: Core, flow: Flow, size: number): Passage {
  return { size, protocol: flow.protocol, remote: flow.remote, at: core.clock.now() }
}

/** Passage of a sent request: `remote` is the local socket, as on drachtio's wire. */
export function sentPassage(core: Core, flow: Pick<Flow, 'protocol' | 'local'>, size: number): Passage {
  return { size, protocol: flow.protocol, remote: flow.local, at: core.clock.now() }
}

/** Passage of a received or local response. */
export function passageOfOrigin(core: Core, { protocol, flow, size }: Origin): Passage {
  return { size, protocol, remote: flow?.remote ?? null, at: core.clock.now() }
}

/** Removes a subscription's dialog when it expires without a refresh (RFC 6665 §4.1.2.2). */
export function expireWith(core: Core, dialog: Dialog, response: SipResponse): void {
  const seconds = parseInteger(response.first('Expires') ?? '', maxDeltaSeconds) ?? 3600
  dialog.expiry?.cancel()
  if (!core.dialogs.has(dialog)) return
  dialog.expiry = core.clock.after(Math.min(seconds * 1000 + 64 * core.timers.t1, longestAlarmMs), () => core.dialogs.remove(dialog))
}

/** The request no longer waits for its application. */
export function settle(core: Core, pending: Pending): void {
  pending.alarm?.cancel()
  pending.alarm = null
  core.pending.delete(pending.id)
  if (pending.dialog && pending.transaction.request.method === 'UPDATE') pending.dialog.updating.them = false
}

/** True for a request whose 2xx (for INVITE also a tagged 1xx) creates a dialog. */
export function makesDialog(request: SipRequest): boolean {
  return request.method === 'INVITE' || request.method === 'SUBSCRIBE' || request.method === 'REFER'
}

/** True for the NOTIFY that ends a subscription (RFC 6665 §4.4.1). */
export function endsSubscription(notify: SipRequest): boolean {
  return /^terminated\b/i.test(notify.first('Subscription-State') ?? '')
}
