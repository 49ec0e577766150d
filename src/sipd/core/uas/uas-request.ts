import type { SipRequest } from '../../../sip/message/message.js'
import type { StatefulProxy } from '../../proxy/proxy.js'
import type { Flow, ServerTransaction } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import type { Dialog } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import type { PendingRequests } from '../pending-requests.js'
import type { InDialogRequests } from './in-dialog-request.js'
import type { ServerInvites } from './invites.js'
import type { NewRequests } from './new-request.js'
import { refuse } from './server-response.js'

/** Requests from the network (RFC 3261 §8.2). */
export interface UasRequests {
  receive(transaction: ServerTransaction): void
  /** Responds to the requests that wait for an application that is gone. */
  abandon(application: Application): void
}

export interface UasRequestsNeeds {
  readonly dialogs: Pick<Dialogs, 'of'>
  readonly pending: PendingRequests
  readonly invites: Pick<ServerInvites, 'cancel' | 'abandon'>
  readonly newRequests: NewRequests
  readonly inDialogRequests: InDialogRequests
  readonly proxy: Pick<StatefulProxy, 'cancel' | 'forward'>
  /** Creates the dialog for a NOTIFY that arrives before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4). */
  readonly adopt: (notify: SipRequest, flow: Flow) => Dialog | null
}

/** Methods without a meaning outside a dialog (RFC 3261 §15.1.2, RFC 3311 §5.2, RFC 3262 §3). */
const dialogOnly: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'PRACK'])
/** Methods that are never in a dialog, even with a To tag. */
const neverInDialog: ReadonlySet<string> = new Set(['REGISTER', 'PUBLISH'])

export function createUasRequests(needs: UasRequestsNeeds): UasRequests {
  const { dialogs, pending, invites, newRequests, inDialogRequests, proxy, adopt } = needs
  return {
    receive(transaction) {
      const { request, flow } = transaction
      if (request.method === 'CANCEL') {
        // RFC 3261 §9.2.
        if (!proxy.cancel(transaction) && !invites.cancel(transaction)) refuse(transaction, 481)
      } else if (request.to.tag !== '' && !neverInDialog.has(request.method)) {
        const dialog = dialogs.of(request) ?? adopt(request, flow)
        if (dialog) inDialogRequests.receive(transaction, dialog)
        else if (!proxy.forward(transaction)) refuse(transaction, 481)
      } else if (dialogOnly.has(request.method)) refuse(transaction, 481)
      else newRequests.receive(transaction)
    },
    abandon(application) {
      for (const request of pending.ofApplication(application)) {
        if (invites.abandon(request)) continue
        pending.settle(request)
        refuse(request.transaction, request.dialog ? 481 : 480)
      }
    },
  }
}
