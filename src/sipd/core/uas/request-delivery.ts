import type { Clock, Milliseconds } from '../../../base/clock.js'
import type { ServerTransaction } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import type { Application, Arrival, CallRecords } from '../application.js'
import type { Dialog } from '../dialogs/dialog.js'
import { passageOver } from '../passage.js'
import type { PendingRequest, PendingRequests } from '../pending-requests.js'
import type { ServerInvites } from './invites.js'
import { refuse } from './server-response.js'

/** Delivers requests to applications and waits for their responses. */
export interface RequestDelivery {
  /** `dialog`: null outside a dialog. */
  deliver(transaction: ServerTransaction, application: Application, dialog: Dialog | null): void
}

export interface RequestDeliveryNeeds {
  readonly clock: Clock
  readonly t1: Milliseconds
  readonly pending: PendingRequests
  readonly invites: Pick<ServerInvites, 'start'>
  readonly records: CallRecords
}

/**
 * A request right after an ACK is delivered a moment later. drachtio-srf handles all messages that it reads from the socket at once, so a
 * BYE or INFO would be handled before the application that awaits its dialog could listen to it.
 */
const pauseAfterAckMs = 20

export function createRequestDelivery({ clock, t1, pending, invites, records }: RequestDeliveryNeeds): RequestDelivery {
  /** Messages that wait for the end of the pause, by dialog. */
  const delayed = new WeakMap<Dialog, (() => void)[]>()

  /** Shortly before the far end gives up by itself: a later response must not be sent, and 408 never (RFC 4320 §4.2). */
  function giveUp(request: PendingRequest): void {
    pending.settle(request)
    refuse(request.transaction, 504)
  }

  function send(application: Application, dialog: Dialog | null, arrival: Arrival): void {
    const waiting = dialog && delayed.get(dialog)
    if (waiting) {
      waiting.push(() => application.arrived(arrival))
      return
    }
    const pauseMs = dialog ? dialog.acknowledgedAt + pauseAfterAckMs - clock.now() : 0
    if (!dialog || pauseMs <= 0) {
      application.arrived(arrival)
      return
    }
    const queue = [() => application.arrived(arrival)]
    delayed.set(dialog, queue)
    clock.after(pauseMs, () => {
      delayed.delete(dialog)
      for (const run of queue) run()
    })
  }

  return {
    deliver(transaction, application, dialog) {
      const { request, flow, size } = transaction
      const { method } = request
      const waiting: PendingRequest = {
        id: newWireId(),
        transaction,
        application,
        dialog: method === 'BYE' ? null : dialog,
        tag: request.to.tag,
        alarm: null,
      }
      pending.add(waiting)
      if (method === 'INVITE') invites.start(waiting)
      else waiting.alarm = clock.after(60 * t1, () => giveUp(waiting))
      const message = request.toBuffer()
      send(application, dialog, {
        txnId: waiting.id,
        dialogId: dialog?.id ?? '',
        passage: passageOver(flow, size, clock.now()),
        receivedOn: dialog ? null : flow.local,
        message,
      })
      if (method === 'INVITE' && !dialog) records.attempt('network', message)
    },
  }
}
