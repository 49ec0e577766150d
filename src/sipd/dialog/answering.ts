import { isAppError } from '../../base/errors.js'
import { newTag } from '../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import { parseNameAddr } from '../../sip/name-addr.js'
import type { ServerTransaction } from '../transaction/transaction-layer.js'
import type { Application } from './application.js'
import { createReliableProvisionals, type ReliableProvisionals } from './call/reliable.js'
import type { ServerCall } from './call/server-call.js'
import { composeResponse, contactOf } from './compose.js'
import { type Core, expireWith, makesDialog, type Pending, passageOf, settle } from './core.js'
import { type Dialog, dialogId, newDialog } from './dialog.js'
import { fieldOf, type ResponseDraft } from './draft.js'
import { wayOfRequest } from './way.js'

/** An INVITE that waits, its machine and its reliable responses. */
export interface Answered {
  readonly call: ServerCall
  readonly reliable: ReliableProvisionals
}

/** The applications' responses to requests of the network. */
export interface Answering {
  respond(application: Application, command: string, txnId: string, draft: ResponseDraft): void
  /** What belongs to an INVITE, found by its transaction or its dialog. */
  track(call: ServerCall): void
  ofTransaction(transaction: ServerTransaction): Answered | undefined
  ofDialog(dialog: Dialog): Answered | undefined
}

const unknownTransaction = 'Response not sent due to unknown transaction'

export function createAnswering(core: Core): Answering {
  const byTransaction = new WeakMap<ServerTransaction, Answered>()
  const byDialog = new WeakMap<Dialog, Answered>()

  function respond(application: Application, command: string, txnId: string, draft: ResponseDraft): void {
    const pending = core.pending.get(txnId)
    if (!pending || pending.application !== application) {
      application.refused(command, refusalOfUnknown(draft))
      return
    }
    const { transaction } = pending
    const answered = byTransaction.get(transaction)
    const reliable = isReliable(draft) && transaction.request.method === 'INVITE'
    if (reliable && !offers100rel(transaction.request)) {
      application.refused(command, 'Remote endpoint does not support 100rel')
      return
    }
    const success = draft.status >= 200 && draft.status < 300
    if (answered && ((reliable && answered.reliable.waiting) || (success && answered.reliable.holdsFinal))) {
      answered.reliable.afterwards(() => respond(application, command, txnId, draft))
      return
    }
    chooseTag(pending, draft)
    const composed = composeResponse(draft, {
      request: transaction.request,
      tag: pending.tag,
      bearing: bearsDialog(transaction.request, draft.status) ? 'dialog' : 'plain',
      hop: transaction.flow,
    })
    if ('refusal' in composed) {
      application.refused(command, composed.refusal)
      return
    }
    if (reliable) answered?.reliable.number(composed.message)
    send({ pending, answered, response: composed.message, command, reliable })
  }

  interface Sending {
    readonly pending: Pending
    readonly answered: Answered | undefined
    readonly response: SipResponse
    readonly command: string
    readonly reliable: boolean
  }

  function send({ pending, answered, response, command, reliable }: Sending): void {
    const { application, transaction } = pending
    establish(pending, response, answered)
    let bytes: Buffer
    try {
      bytes = answered ? answered.call.respond(response) : transaction.respond(response)
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
      finish(pending, response.status)
      application.refused(command, 'transport for response has been shutdown or closed')
      return
    }
    if (reliable) answered?.reliable.watch(response)
    if (response.status >= 200) finish(pending, response.status)
    const ids = { txnId: pending.id, dialogId: echoedDialogId(pending) }
    application.responseSent(command, ids, passageOf(core, transaction.flow, bytes.length), bytes)
  }

  /** RFC 3261 §12.1.1: a tagged 1xx or a 2xx makes the dialog; the 2xx confirms it. */
  function establish(pending: Pending, response: SipResponse, answered: Answered | undefined): void {
    const { request } = pending.transaction
    const { status } = response
    const creates = makesDialog(request) && (request.method === 'INVITE' ? status > 100 && status < 300 : status >= 200 && status < 300)
    if (!creates) return
    if (!pending.dialog) {
      pending.dialog = dialogOf(pending, response)
      if (request.method === 'INVITE') pending.dialog.inviting.them = true
      core.dialogs.add(pending.dialog)
    }
    const { dialog } = pending
    if (answered) byDialog.set(dialog, answered)
    dialog.contact = response.first('Contact') ?? dialog.contact
    if (status >= 200) dialog.state = 'confirmed'
    if (request.method === 'SUBSCRIBE' && dialog.creator === 'SUBSCRIBE') expireWith(core, dialog, response)
  }

  function finish(pending: Pending, status: number): void {
    const { dialog, transaction } = pending
    const { method } = transaction.request
    settle(core, pending)
    byTransaction.get(transaction)?.reliable.stop()
    if (!dialog) return
    if (method === 'INVITE') dialog.inviting.them = false
    if (method === 'NOTIFY' && status < 300 && dialog.creator !== 'INVITE' && endsSubscription(transaction.request))
      core.dialogs.remove(dialog)
  }

  function track(call: ServerCall): void {
    const { pending } = call
    const answered: Answered = {
      call,
      reliable: createReliableProvisionals({
        core,
        cseq: pending.transaction.request.cseq.number,
        repeat: (response) => repeatProvisional(pending.transaction, response),
        givenUp: () => call.feed('no prack'),
      }),
    }
    byTransaction.set(pending.transaction, answered)
    if (pending.dialog) byDialog.set(pending.dialog, answered)
  }

  return {
    respond,
    track,
    ofTransaction: (transaction) => byTransaction.get(transaction),
    ofDialog: (dialog) => byDialog.get(dialog),
  }
}

function repeatProvisional(transaction: ServerTransaction, response: SipResponse): void {
  try {
    transaction.respond(response)
  } catch (fault) {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
  }
}

function refusalOfUnknown(draft: ResponseDraft): string {
  const toCancel = draft.status === 200 && /\bCANCEL$/.test(fieldOf(draft, 'CSeq') ?? '')
  return toCancel ? '200 OK to incoming CANCEL is automatically generated by the stack' : unknownTransaction
}

function isReliable(draft: ResponseDraft): boolean {
  return draft.status > 100 && draft.status < 200 && /\b100rel\b/i.test(fieldOf(draft, 'Require') ?? '')
}

function offers100rel(request: SipRequest): boolean {
  return [...request.list('Supported'), ...request.list('Require')].some((option) => option.toLowerCase() === '100rel')
}

/** The tag stays through all responses; the application may choose it with its first one. */
function chooseTag(pending: Pending, draft: ResponseDraft): void {
  if (pending.tag !== '') return
  pending.tag = parseNameAddr(fieldOf(draft, 'To') ?? '')?.tag || newTag()
}

/** Responses that make a dialog or refresh its target (RFC 3261 §12.1.1, §12.2.2; RFC 3311 §5.2). */
function bearsDialog(request: SipRequest, status: number): boolean {
  if (status <= 100 || status >= 300) return false
  if (request.method === 'INVITE') return true
  return status >= 200 && (request.method === 'SUBSCRIBE' || request.method === 'UPDATE' || request.method === 'REFER')
}

function dialogOf({ transaction, tag, application }: Pending, response: SipResponse): Dialog {
  const { request, flow } = transaction
  return newDialog({
    callId: request.callId,
    fromTag: request.from.tag,
    localTag: tag,
    remoteTag: request.from.tag,
    local: response.first('To') ?? '',
    remote: request.first('From') ?? '',
    creator: request.method,
    application,
    // The first request of ours has the number behind the one that made the dialog, as drachtio's.
    localSeq: request.cseq.number,
    remoteSeq: request.cseq.number,
    routeSet: request.list('Record-Route'),
    remoteTarget: request.contacts[0]?.uri ?? request.from.uri,
    flow: wayOfRequest(request, flow),
    contact: response.first('Contact') ?? contactOf(flow),
  })
}

/** INVITE keeps its dialog's id whatever the answer; after a BYE there is none. */
function echoedDialogId({ transaction, dialog }: Pending): string {
  const { request } = transaction
  if (request.method === 'INVITE') return dialog?.id ?? dialogId(request.callId, request.from.tag)
  return dialog?.id ?? ''
}

export function endsSubscription(notify: SipRequest): boolean {
  return /^terminated\b/i.test(notify.first('Subscription-State') ?? '')
}
