import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import { maxDeltaSeconds, parseInteger } from '../../sip/syntax/integer.js'
import type { TransactionLayer } from '../transaction/transaction-layer.js'
import type { Applications, CallRecords } from './application.js'
import type { Dialog } from './dialogs/dialog.js'
import type { DialogTable } from './dialogs/dialogs.js'
import type { PendingRequests } from './pending-requests.js'
import type { Locator } from './uac/locator.js'
import type { RequestSender } from './uac/request-sender.js'
import type { UnresponsiveHops } from './uac/unresponsive-hops.js'

/** Longest delay of a timer in Node. */
const longestAlarmMs = 2 ** 31 - 1

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
  readonly pending: PendingRequests
  readonly sender: RequestSender
  readonly locator: Locator
}

/** Removes a subscription's dialog when it expires without a refresh (RFC 6665 §4.1.2.2). */
export function expireWith(core: Core, dialog: Dialog, response: SipResponse): void {
  const seconds = parseInteger(response.first('Expires') ?? '', maxDeltaSeconds) ?? 3600
  dialog.expiry?.cancel()
  if (!core.dialogs.has(dialog)) return
  dialog.expiry = core.clock.after(Math.min(seconds * 1000 + 64 * core.timers.t1, longestAlarmMs), () => core.dialogs.remove(dialog))
}

/** True for a request whose 2xx (for INVITE also a tagged 1xx) creates a dialog. */
export function makesDialog(request: SipRequest): boolean {
  return request.method === 'INVITE' || request.method === 'SUBSCRIBE' || request.method === 'REFER'
}

/** True for the NOTIFY that ends a subscription (RFC 6665 §4.4.1). */
export function endsSubscription(notify: SipRequest): boolean {
  return /^terminated\b/i.test(notify.first('Subscription-State') ?? '')
}
