import type { Alarm, Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { maxDeltaSeconds, parseInteger } from '../../sip/headers.js'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import type { ClientTransaction, Flow, ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.js'
import type { Application, Applications, CallRecords, Passage } from './application.js'
import type { Dialog } from './dialogs/dialog.js'
import type { DialogTable } from './dialogs/dialogs.js'
import type { UnresponsiveHops } from './uac/unresponsive-hops.js'

/** The longest that an alarm can be set to. */
const longestAlarmMs = 2 ** 31 - 1

/** A request from the network that an application has to answer. */
export interface Pending {
  /** What the application calls it. */
  readonly id: string
  readonly transaction: ServerTransaction
  application: Application
  /** The dialog it came in; for a request that makes one: from the first response on. */
  dialog: Dialog | null
  /** `''` until it is chosen; of a request in a dialog: the dialog's. */
  tag: string
  /** Ends the wait for the application. */
  alarm: Alarm | null
}

/** How a response came; `flow` is null for one that was made here, `protocol` too where none was chosen. */
export interface Origin {
  readonly protocol: Flow['protocol'] | null
  readonly flow: Flow | null
  readonly size: number
}

/** A request on its way. */
export interface Sent {
  readonly txnId: string
  /** The transaction that is tried now; null before the first and where no hop was found. */
  readonly transaction: ClientTransaction | null
  /** What it went out over; null as long as it has not. */
  readonly flow: Flow | null
  /** Of an INVITE: what has gone out is cancelled, and it goes to no other hop. */
  cancel(reason: string | null): void
}

/** What all parts of the UA core share. */
export interface Core {
  readonly clock: Clock
  readonly log: Logger
  readonly timers: { readonly t1: number; readonly t2: number; readonly t4: number }
  readonly layer: TransactionLayer
  readonly applications: Applications
  readonly dialogs: DialogTable
  readonly records: CallRecords
  readonly silentPlaces: UnresponsiveHops
  /** Of 100 too. */
  readonly tellsTrying: boolean
  /** Answered 503 because an application did not read fast enough, since the start. */
  readonly shed: { requests: number }
  /** By transaction id. */
  readonly pending: Map<string, Pending>
}

/** How a message came in, or a response went out. */
export function passageOf(core: Core, flow: Flow, size: number): Passage {
  return { size, protocol: flow.protocol, remote: flow.remote, at: core.clock.now() }
}

/** How a request went out: our own socket. */
export function sentPassage(core: Core, flow: Pick<Flow, 'protocol' | 'local'>, size: number): Passage {
  return { size, protocol: flow.protocol, remote: flow.local, at: core.clock.now() }
}

/** How a response came in, or would have if it had not been made here. */
export function passageOfOrigin(core: Core, { protocol, flow, size }: Origin): Passage {
  return { size, protocol, remote: flow?.remote ?? null, at: core.clock.now() }
}

/** A subscription that nobody ends or refreshes is forgotten when it has run out (RFC 6665 §4.1.2.2). */
export function expireWith(core: Core, dialog: Dialog, response: SipResponse): void {
  const seconds = parseInteger(response.first('Expires') ?? '', maxDeltaSeconds) ?? 3600
  dialog.expiry?.cancel()
  if (!core.dialogs.has(dialog)) return
  dialog.expiry = core.clock.after(Math.min(seconds * 1000 + 64 * core.timers.t1, longestAlarmMs), () => core.dialogs.remove(dialog))
}

/** Takes the request off the list of those that wait for an application. */
export function settle(core: Core, pending: Pending): void {
  pending.alarm?.cancel()
  pending.alarm = null
  core.pending.delete(pending.id)
  if (pending.dialog && pending.transaction.request.method === 'UPDATE') pending.dialog.updating.them = false
}

/** True for a request that makes a dialog when it is answered with 2xx, or INVITE with a tagged 1xx. */
export function makesDialog(request: SipRequest): boolean {
  return request.method === 'INVITE' || request.method === 'SUBSCRIBE' || request.method === 'REFER'
}

/** True for the NOTIFY that ends a subscription (RFC 6665 §4.4.1). */
export function endsSubscription(notify: SipRequest): boolean {
  return /^terminated\b/i.test(notify.first('Subscription-State') ?? '')
}
