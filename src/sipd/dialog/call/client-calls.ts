import { randomUUID } from 'node:crypto'
import { newRequest } from '../../../sip/editor.js'
import type { SipRequest, SipResponse } from '../../../sip/message.js'
import type { ClientUser } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import type { Core, Origin } from '../core.js'
import type { Dialog } from '../dialog.js'
import { fieldOf, type RequestDraft } from '../draft.js'
import type { Sent } from '../sender.js'
import { type ClientCall, type ClientCallNeeds, createClientCall } from './client-call.js'

/** The INVITEs of applications that are not over. */
export interface ClientCalls {
  start(parts: CallParts): ClientCall
  /** The call whose 2xx is acknowledged in this dialog. */
  ofDialog(dialog: Dialog): ClientCall | undefined
  cancel(application: Application, command: string, txnId: string, draft: RequestDraft): void
  /** Ends what the application has left behind. */
  abandon(application: Application): void
}

export interface CallParts {
  readonly sent: Sent
  readonly application: Application
  readonly request: SipRequest
  /** Null for an INVITE that makes dialogs. */
  readonly dialog: Dialog | null
  readonly pass: (response: SipResponse, origin: Origin) => void
}

export interface ClientCallsNeeds extends Pick<ClientCallNeeds, 'sendAck' | 'repeatAck' | 'sendBye'> {
  readonly core: Core
}

/** The 200 of a CANCEL says nothing that the 487 of the INVITE does not (RFC 3261 §9.1). */
const nobody: ClientUser = {
  onSent: () => undefined,
  onResponse: () => undefined,
  onTimeout: () => undefined,
  onTransportFailure: () => undefined,
}

export function createClientCalls({ core, sendAck, repeatAck, sendBye }: ClientCallsNeeds): ClientCalls {
  const live = new Map<string, { readonly call: ClientCall; readonly sent: Sent; reason: string | null }>()
  const byDialog = new WeakMap<Dialog, ClientCall>()

  function start({ sent, application, request, dialog, pass }: CallParts): ClientCall {
    const { txnId } = sent
    const call = createClientCall({
      core,
      application,
      request,
      dialog,
      pass,
      sendCancel: () => sent.transaction?.cancel(nobody, live.get(txnId)?.reason ?? null),
      sendAck(toDialog, invite, by) {
        if (by) live.delete(txnId)
        sendAck(toDialog, invite, by)
      },
      repeatAck,
      sendBye,
      inDialog: (toDialog, ofCall) => byDialog.set(toDialog, ofCall),
      forget: () => live.delete(txnId),
    })
    live.set(txnId, { call, sent, reason: null })
    return call
  }

  function cancel(application: Application, command: string, txnId: string, draft: RequestDraft): void {
    const found = live.get(txnId)
    const transaction = found?.sent.transaction
    if (!found || !transaction || found.call.application !== application) {
      application.refused(command, `unable to cancel unknown transaction id: ${txnId}`)
      return
    }
    found.reason = fieldOf(draft, 'Reason') ?? null
    // Whether it goes out now or waits for a provisional response (§9.1): the answer shows what will be sent.
    const bytes = cancelText(transaction.request, found.reason)
    const held = found.call.state === 'calling'
    found.call.feed('cancel')
    const { flow } = found.sent
    const passage = { size: held ? 0 : bytes.length, protocol: flow?.protocol ?? null, remote: flow?.local ?? null, at: core.clock.now() }
    application.requestSent(command, randomUUID(), passage, bytes)
  }

  return {
    start,
    cancel,
    ofDialog: (dialog) => byDialog.get(dialog),
    abandon(application) {
      for (const { call } of live.values()) if (call.application === application) call.feed('application gone')
    },
  }
}

function cancelText(invite: SipRequest, reason: string | null): Buffer {
  const cancel = newRequest('CANCEL', invite.uri)
  cancel.append('Via', invite.list('Via')[0] ?? '')
  cancel.append('Max-Forwards', '70')
  for (const name of ['Route', 'From', 'To', 'Call-ID']) for (const value of invite.all(name)) cancel.append(name, value)
  cancel.append('CSeq', `${invite.cseq.number} CANCEL`)
  if (reason !== null) cancel.append('Reason', reason)
  return cancel.toBuffer()
}
