import { createResponse } from '../../../sip/message/builder.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { ServerTransaction, TransactionLayer } from '../../transaction/transaction-layer.js'
import type { Applications } from '../application.js'
import { contactOf } from '../compose.js'
import { createsDialog } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import { intervalTooSmall } from '../session/session-terms.js'
import type { LoadShedding } from './load-shedding.js'
import type { RequestDelivery } from './request-delivery.js'
import { refuse, refuseForNow, refuseInterval, tryToSend } from './server-response.js'

/** Requests from the network outside dialogs. */
export interface NewRequests {
  receive(transaction: ServerTransaction): void
}

export interface NewRequestsNeeds {
  readonly layer: Pick<TransactionLayer, 'isUrgent' | 'mayBeEmergency'>
  readonly applications: Applications
  readonly dialogs: Pick<Dialogs, 'hasRoom'>
  readonly delivery: RequestDelivery
  readonly shedding: LoadShedding
}

/** The methods that drachtio offers to applications. If no application asked for one, it gets 503; any other method gets 405. */
const offered: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH'])

export function createNewRequests({ layer, applications, dialogs, delivery, shedding }: NewRequestsNeeds): NewRequests {
  function refuseUnhandled(transaction: ServerTransaction): void {
    const { request } = transaction
    if (request.method === 'INVITE') tryToSend(createResponse(request, 100), transaction)
    if (offered.has(request.method)) {
      refuse(transaction, 503)
      return
    }
    // RFC 3261 §8.2.1.
    const allowed = [...applications.methods(), 'ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE'].join(', ')
    refuse(transaction, 405, [['Allow', allowed]])
  }

  /**
   * An emergency call without a Contact is not refused (RFC 3261 §8.1.1.8), nor is any call whose Contact no request can be sent to:
   * requests in the dialog go back to the source.
   */
  function lacksContact(request: SipRequest): boolean {
    if (request.method !== 'INVITE' || contactOfDialog(request)) return false
    return request.contacts.length > 0 || layer.mayBeEmergency(request)
  }

  /** An emergency call is not refused for its interval: our 2xx lengthens it. */
  function refusesInterval(request: SipRequest): boolean {
    return request.method === 'INVITE' && intervalTooSmall(request) && !layer.mayBeEmergency(request)
  }

  return {
    receive(transaction) {
      const { request, flow } = transaction
      const isUrgent = layer.isUrgent(request)
      if (createsDialog(request) && !dialogs.hasRoom(isUrgent)) {
        refuseForNow(transaction)
        return
      }
      const application = applications.choose(request.method)
      if (!application) refuseUnhandled(transaction)
      else if (!application.takes(isUrgent ? 'emergency' : 'new')) shedding.refuse(transaction)
      else if (refusesInterval(request)) refuseInterval(transaction)
      else {
        if (lacksContact(request)) request.set('Contact', contactOf({ protocol: flow.protocol, advertised: flow.remote }))
        delivery.deliver(transaction, application, null)
      }
    },
  }
}
