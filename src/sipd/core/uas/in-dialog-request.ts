import { randomInt } from 'node:crypto'
import type { SipRequest } from '../../../sip/message/message.js'
import type { ServerTransaction } from '../../transaction/transaction-layer.js'
import type { CallRecords } from '../application.js'
import type { Dialog } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { intervalTooSmall } from '../session/session-terms.js'
import type { ServerInvites } from './invites.js'
import type { LoadShedding } from './load-shedding.js'
import type { RequestDelivery } from './request-delivery.js'
import { refuse, refuseInterval } from './server-response.js'

/** Requests from the network in dialogs (RFC 3261 §12.2.2). */
export interface InDialogRequests {
  receive(transaction: ServerTransaction, dialog: Dialog): void
}

export interface InDialogRequestsNeeds {
  readonly dialogs: Pick<Dialogs, 'end'>
  readonly invites: Pick<ServerInvites, 'ofDialog' | 'bye'>
  readonly delivery: RequestDelivery
  readonly shedding: LoadShedding
  readonly records: CallRecords
}

export function createInDialogRequests({ dialogs, invites, delivery, shedding, records }: InDialogRequestsNeeds): InDialogRequests {
  /** Refuses a request that the application need not see; false if the application gets it. */
  function refuses(transaction: ServerTransaction, dialog: Dialog): boolean {
    const { request } = transaction
    const { method } = request
    if (crossesOurs(request, dialog)) refuse(transaction, 491)
    else if (followsTooSoon(request, dialog)) refuse(transaction, 500, [['Retry-After', String(randomInt(0, 11))]])
    else if ((method === 'INVITE' || method === 'UPDATE') && intervalTooSmall(request) && !dialog.isEmergency) refuseInterval(transaction)
    // The 503 uses up the request's CSeq number; the dialog continues (RFC 5057 §5.2).
    else if (method !== 'BYE' && method !== 'PRACK' && !dialog.application.takes('in dialog')) shedding.refuse(transaction)
    else if (method === 'PRACK' && !invites.ofDialog(dialog)?.reliable?.expects(request)) refuse(transaction, 481)
    else return false
    return true
  }

  function accept(transaction: ServerTransaction, dialog: Dialog): void {
    const { request } = transaction
    if (request.method === 'UPDATE') dialog.updating.them = true
    if (request.method === 'INVITE') dialog.inviting.them = true
    if (request.method === 'BYE') {
      end(transaction, dialog)
      return
    }
    delivery.deliver(transaction, dialog.application, dialog)
    if (request.method === 'PRACK') invites.ofDialog(dialog)?.reliable?.acknowledge()
  }

  /** The dialog ends at once (RFC 3261 §15.1.2). If its INVITE has no final response, the INVITE gets 487 and the application a CANCEL only. */
  function end(transaction: ServerTransaction, dialog: Dialog): void {
    dialogs.end(dialog)
    if (invites.bye(dialog)) {
      refuse(transaction, 200)
      return
    }
    delivery.deliver(transaction, dialog.application, dialog)
    if (dialog.creator === 'INVITE') records.stop('network', 'normal-release', transaction.request)
  }

  return {
    receive(transaction, dialog) {
      const { request } = transaction
      if (dialog.state === 'terminating') refuse(transaction, request.method === 'BYE' ? 200 : 481)
      // RFC 3261 §12.2.2: a lower number is out of order.
      else if (dialog.remoteSeq !== null && request.cseq.number < dialog.remoteSeq) refuse(transaction, 500)
      else {
        dialog.remoteSeq = request.cseq.number
        if (!refuses(transaction, dialog)) accept(transaction, dialog)
      }
    },
  }
}

/**
 * Only one INVITE or offer at a time (RFC 3261 §14.2, RFC 3311 §5.2): ours has no final response yet. In an early dialog the application
 * decides.
 */
function crossesOurs({ method, body }: SipRequest, { inviting, updating, state }: Dialog): boolean {
  if (method === 'INVITE') return inviting.us || updating.us
  return method === 'UPDATE' && body.length > 0 && state === 'confirmed' && (inviting.us || updating.us)
}

/** The far end's own INVITE or UPDATE has no final response yet (the same sections). */
function followsTooSoon({ method, body }: SipRequest, { inviting, updating, state }: Dialog): boolean {
  if (method === 'INVITE') return inviting.them || updating.them
  return method === 'UPDATE' && state === 'confirmed' && (updating.them || (body.length > 0 && inviting.them))
}
