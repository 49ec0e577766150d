import type { SipResponse } from '../../../sip/message/message.js'
import type { TransactionLayer } from '../../transaction/transaction-layer.js'
import { contactOf } from '../compose.js'
import { createsDialog, type Dialog, newDialog } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { flowOfRequest } from '../dialogs/flow-choice.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import { type SubscriptionTimers, secondsGranted } from '../dialogs/subscription-timers.js'
import type { PendingRequest } from '../pending-requests.js'
import type { ServerInvite, ServerInvites } from './invites.js'

/** The dialogs that responses of applications create (RFC 3261 §12.1.1). */
export interface UasDialogs {
  /** A 2xx, or for INVITE a tagged 1xx, creates the dialog; the 2xx confirms it. */
  establish(pending: PendingRequest, response: SipResponse, invite: ServerInvite | undefined): void
  /** The far end proved itself with the request that created the dialog: the application accepted its password. */
  unpin(pending: PendingRequest): void
}

export interface UasDialogsNeeds {
  readonly layer: Pick<TransactionLayer, 'isUnknownSource' | 'mayBeEmergency'>
  readonly dialogs: Dialogs
  readonly invites: Pick<ServerInvites, 'bind'>
  readonly subscriptionTimers: SubscriptionTimers
}

export function createUasDialogs({ layer, dialogs, invites, subscriptionTimers }: UasDialogsNeeds): UasDialogs {
  function create(pending: PendingRequest, response: SipResponse): Dialog {
    const { transaction, tag, application } = pending
    const { request, flow } = transaction
    const isPinned = layer.isUnknownSource(flow)
    const dialog = newDialog({
      callId: request.callId,
      fromTag: request.from.tag,
      localTag: tag,
      remoteTag: request.from.tag,
      local: response.first('To') ?? '',
      remote: request.first('From') ?? '',
      creator: request.method,
      application,
      // As with drachtio, our first request has the number after that of the request that created the dialog.
      localSeq: request.cseq.number,
      remoteSeq: request.cseq.number,
      routeSet: request.list('Record-Route'),
      remoteTarget: contactOfDialog(request)?.uri ?? request.from.uri,
      flow: isPinned ? flow : flowOfRequest(request, flow),
      followsFlow: false,
      socket: flow.local,
      isPinned,
      isEmergency: request.method === 'INVITE' && layer.mayBeEmergency(request),
      contact: response.first('Contact') ?? contactOf(flow),
    })
    dialog.inviting.them = request.method === 'INVITE'
    dialogs.add(dialog)
    return dialog
  }

  return {
    establish(pending, response, invite) {
      const { request } = pending.transaction
      const { status } = response
      if (!createsDialog(request) || status <= 100 || status >= 300 || (status < 200 && request.method !== 'INVITE')) return
      if (request.method === 'REFER' && refusesSubscription(response)) return
      pending.dialog ??= create(pending, response)
      const { dialog } = pending
      if (invite) invites.bind(invite, dialog)
      dialog.contact = response.first('Contact') ?? dialog.contact
      if (status >= 200) dialogs.confirm(dialog)
      if (request.method !== 'INVITE' && dialog.creator === request.method) subscriptionTimers.restart(dialog, secondsGranted(response))
    },
    unpin({ dialog, transaction: { request, flow } }) {
      if (!dialog?.isPinned || layer.isUnknownSource(flow)) return
      dialog.isPinned = false
      dialog.flow = flowOfRequest(request, flow)
    },
  }
}

/** RFC 4488 §4: a REFER without a subscription needs no dialog. */
function refusesSubscription(response: SipResponse): boolean {
  return /^\s*false\b/i.test(response.first('Refer-Sub') ?? '')
}
