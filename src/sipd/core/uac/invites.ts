import type { SipRequest } from '../../../sip/message/message.js'
import { cancelOf } from '../../transaction/client/generated-requests.js'
import { newWireId } from '../../wire-id.js'
import type { Application } from '../application.js'
import type { Core } from '../core.js'
import type { Dialog } from '../dialogs/dialog.js'
import { fieldOf, type RequestDraft } from '../draft.js'
import type { SentRequest } from './hop-failover.js'
import { acknowledgeClientCall, type ClientCall, type ClientCallUser, feedClientCall, newClientCall } from './invite.js'

/** The INVITEs of applications that are not over. */
export interface ClientCalls {
  start(parts: CallParts): ClientCall
  /** The application's ACK in a dialog; false where there is nothing to acknowledge. */
  acknowledge(dialog: Dialog, command: string, draft: RequestDraft): boolean
  cancel(application: Application, command: string, txnId: string, draft: RequestDraft): void
  /** Ends what the application has left behind. */
  abandon(application: Application): void
  /** INVITEs that are not answered or not acknowledged. */
  readonly size: number
}

interface CallParts {
  readonly sent: SentRequest
  readonly application: Application
  readonly request: SipRequest
  /** Null for an INVITE that makes dialogs. */
  readonly dialog: Dialog | null
  /** The INVITE goes over the flow of a phone. */
  readonly overFlow: boolean
}

export interface ClientCallsNeeds extends Pick<ClientCallUser, 'repeatAck' | 'sendBye' | 'pass'> {
  readonly core: Core
  readonly sendAck: (dialog: Dialog, invite: SipRequest, by: ClientCall['ack']) => void
}

interface Live {
  readonly call: ClientCall
  readonly sent: SentRequest
  /** The Reason of the CANCEL. */
  reason: string | null
}

export function createClientCalls({ core, sendAck, ...needs }: ClientCallsNeeds): ClientCalls {
  const live = new Map<string, Live>()
  const byDialog = new WeakMap<Dialog, ClientCall>()
  const user: ClientCallUser = {
    ...needs,
    sendCancel({ txnId }) {
      const found = live.get(txnId)
      found?.sent.cancel(found.reason)
    },
    sendAck({ request, ack, txnId }, dialog) {
      // Acknowledged, it cannot be cancelled any more.
      if (ack) live.delete(txnId)
      sendAck(dialog, request, ack)
    },
    inDialog: (call, dialog) => byDialog.set(dialog, call),
    forget: ({ txnId }) => live.delete(txnId),
  }

  return {
    start({ sent, application, request, dialog, overFlow }) {
      const call = newClientCall({ core, user, application, txnId: sent.txnId, request, dialog, overFlow })
      live.set(sent.txnId, { call, sent, reason: null })
      return call
    },
    acknowledge(dialog, command, draft) {
      const call = byDialog.get(dialog)
      return call !== undefined && acknowledgeClientCall(call, command, draft)
    },
    cancel: (application, command, txnId, draft) => cancel({ core, found: live.get(txnId), application, command, txnId }, draft),
    abandon(application) {
      for (const { call } of live.values()) if (call.application === application) feedClientCall(call, 'application gone')
    },
    get size() {
      return live.size
    },
  }
}

interface Cancelling {
  readonly core: Core
  readonly found: Live | undefined
  readonly application: Application
  readonly command: string
  readonly txnId: string
}

function cancel({ core, found, application, command, txnId }: Cancelling, draft: RequestDraft): void {
  const transaction = found?.sent.transaction
  if (!transaction || found.call.application !== application) {
    application.refused(command, `unable to cancel unknown transaction id: ${txnId}`)
    return
  }
  found.reason = fieldOf(draft, 'Reason') ?? null
  // Whether it goes out now or waits for a provisional response (§9.1): the answer shows what will be sent.
  const bytes = cancelOf(transaction.request, found.reason).toBuffer()
  const { flow } = found.sent
  const size = found.call.state === 'calling' ? 0 : bytes.length
  feedClientCall(found.call, 'cancel')
  const passage = { size, protocol: flow?.protocol ?? null, remote: flow?.local ?? null, at: core.clock.now() }
  application.requestSent(command, newWireId(), passage, bytes)
}
