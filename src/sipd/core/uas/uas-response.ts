import { isAppError } from '../../../base/errors.js'
import { parseNameAddr } from '../../../sip/headers/name-addr.js'
import { newTag } from '../../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { ServerTransaction } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import { composeResponse, contactOf } from '../compose.js'
import { type Core, endsSubscription, expireWith, makesDialog } from '../core.js'
import { type Dialog, descriptionIn, dialogId, newDialog } from '../dialogs/dialog.js'
import { flowOfRequest } from '../dialogs/flow-choice.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import { fieldOf, type ResponseDraft } from '../draft.js'
import { passageOver } from '../passage.js'
import type { PendingRequest } from '../pending-requests.js'
import { agree, type SessionTerms } from '../session/session-terms.js'
import type { SessionKeeper } from '../session/session-timer.js'
import { answerServerCall, feedServerCall, type ServerCall } from './invite.js'
import { createReliableProvisionals, type ReliableProvisionals } from './reliable-provisionals.js'
import { tryToSend } from './server-response.js'

/** An INVITE that waits, its machine and its reliable responses. */
interface PendingInvite {
  readonly call: ServerCall
  /** Null as long as the application has sent none. */
  reliable: ReliableProvisionals | null
}

/** The applications' responses to requests of the network. */
export interface UasResponses {
  respond(application: Application, command: string, txnId: string, draft: ResponseDraft): void
  /** Keeps what belongs to an INVITE, to be found by its transaction or its dialog. */
  track(call: ServerCall): void
  ofTransaction(transaction: ServerTransaction): PendingInvite | undefined
  ofDialog(dialog: Dialog): PendingInvite | undefined
}

interface UasState {
  readonly core: Core
  readonly keeper: SessionKeeper
  readonly byTransaction: WeakMap<ServerTransaction, PendingInvite>
  readonly byDialog: WeakMap<Dialog, PendingInvite>
}

interface ResponseCommand {
  readonly pending: PendingRequest
  readonly answered: PendingInvite | undefined
  readonly command: string
  readonly draft: ResponseDraft
}

const unknownTransaction = 'Response not sent due to unknown transaction'

export function createUasResponses(core: Core, keeper: SessionKeeper): UasResponses {
  const state: UasState = { core, keeper, byTransaction: new WeakMap(), byDialog: new WeakMap() }
  return {
    respond(application, command, txnId, draft) {
      const pending = core.pending.of(application, txnId)
      if (!pending) application.refused(command, refusalOfUnknown(draft))
      else respond(state, { pending, answered: state.byTransaction.get(pending.transaction), command, draft })
    },
    track: (call) => track(state, call),
    ofTransaction: (transaction) => state.byTransaction.get(transaction),
    ofDialog: (dialog) => state.byDialog.get(dialog),
  }
}

function track({ byTransaction, byDialog }: UasState, call: ServerCall): void {
  const { pending } = call
  const answered: PendingInvite = { call, reliable: null }
  byTransaction.set(pending.transaction, answered)
  if (pending.dialog) byDialog.set(pending.dialog, answered)
}

function reliableOf(core: Core, answered: PendingInvite): ReliableProvisionals {
  const { call } = answered
  const { transaction } = call.pending
  answered.reliable ??= createReliableProvisionals({
    core,
    cseq: transaction.request.cseq.number,
    repeat: (response) => tryToSend(response, transaction),
    givenUp: () => feedServerCall(call, 'no prack'),
  })
  return answered.reliable
}

function respond(state: UasState, answer: ResponseCommand): void {
  const { pending, answered, command, draft } = answer
  const { application, transaction } = pending
  const { request } = transaction
  const reliable = answered && isReliable(draft) ? reliableOf(state.core, answered) : null
  if (reliable && !offers100rel(request)) {
    application.refused(command, 'Remote endpoint does not support 100rel')
    return
  }
  const before = answered?.reliable
  if (before && ((reliable && before.waiting) || (isSuccess(draft.status) && before.holdsFinal))) {
    before.afterwards(() => respondAgain(state, answer))
    return
  }
  chooseTag(pending, draft)
  const bearing = bearsDialog(request, draft.status) ? 'dialog' : 'plain'
  const composed = composeResponse(draft, { request, tag: pending.tag, bearing, hop: transaction.flow })
  if ('refusal' in composed) {
    application.refused(command, composed.refusal)
    return
  }
  reliable?.number(composed.message)
  send(state, answer, composed.message)
  reliable?.watch(composed.message)
}

/** After the PRACK, if the INVITE still waits then. */
function respondAgain(state: UasState, answer: ResponseCommand): void {
  const { pending, command } = answer
  if (state.core.pending.includes(pending)) respond(state, answer)
  else pending.application.refused(command, unknownTransaction)
}

function send(state: UasState, { pending, answered, command }: ResponseCommand, response: SipResponse): void {
  const { core } = state
  const { application, transaction } = pending
  const { request, flow } = transaction
  const refreshes = isSuccess(response.status) && (request.method === 'INVITE' || request.method === 'UPDATE')
  const terms = refreshes ? agree(request, response) : null
  establish(state, pending, response, answered)
  let bytes: Buffer
  try {
    bytes = answered ? answerServerCall(answered.call, response) : transaction.respond(response)
  } catch (fault) {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    finish(state, pending, response.status)
    application.refused(command, 'transport for response has been shutdown or closed')
    return
  }
  if (response.status >= 200) finish(state, pending, response.status)
  if (pending.dialog?.isPinned && isSuccess(response.status)) unpin(core, pending.dialog, transaction)
  const ids = { txnId: pending.id, dialogId: echoedDialogId(pending) }
  application.responseSent(command, ids, passageOver(flow, bytes.length, core.clock.now()), bytes)
  if (refreshes && pending.dialog) refreshSession(state, pending.dialog, { request, response, terms })
  if (request.method === 'INVITE' && request.to.tag === '') record(core, response.status, bytes)
}

/** Some prove themselves by the request that makes the dialog: it was taken with their password. */
function unpin({ layer }: Core, dialog: Dialog, { request, flow }: ServerTransaction): void {
  if (layer.isUnknownSource(flow)) return
  dialog.isPinned = false
  dialog.flow = flowOfRequest(request, flow)
}

interface RefreshedSession {
  readonly request: SipRequest
  readonly response: SipResponse
  readonly terms: SessionTerms | null
}

function refreshSession({ keeper }: UasState, dialog: Dialog, { request, response, terms }: RefreshedSession): void {
  dialog.description = descriptionIn(response) ?? dialog.description
  keeper.keep(dialog, terms, request)
}

function record({ records }: Core, status: number, bytes: Buffer): void {
  if (isSuccess(status)) records.start('application', 'uas', bytes)
  else if (status >= 300) records.stop('application', 'call-rejected', bytes)
}

/** RFC 3261 §12.1.1: a tagged 1xx or a 2xx makes the dialog; the 2xx confirms it. */
function establish(
  { core, byDialog }: UasState,
  pending: PendingRequest,
  response: SipResponse,
  answered: PendingInvite | undefined,
): void {
  const { request } = pending.transaction
  const { status } = response
  if (!makesDialog(request) || status <= 100 || status >= 300 || (status < 200 && request.method !== 'INVITE')) return
  if (!pending.dialog) {
    pending.dialog = dialogOf(core, pending, response)
    pending.dialog.inviting.them = request.method === 'INVITE'
    core.dialogs.add(pending.dialog)
  }
  const { dialog } = pending
  if (answered) byDialog.set(dialog, answered)
  dialog.contact = response.first('Contact') ?? dialog.contact
  if (status >= 200 && dialog.state === 'early') dialog.state = 'confirmed'
  if (request.method === 'SUBSCRIBE' && dialog.creator === 'SUBSCRIBE') expireWith(core, dialog, response)
}

function finish({ core, byTransaction }: UasState, pending: PendingRequest, status: number): void {
  const { dialog, transaction } = pending
  const { method } = transaction.request
  core.pending.settle(pending)
  byTransaction.get(transaction)?.reliable?.stop()
  if (!dialog) return
  if (method === 'INVITE') dialog.inviting.them = false
  const ends = method === 'NOTIFY' && status < 300 && dialog.creator !== 'INVITE' && endsSubscription(transaction.request)
  if (ends) core.dialogs.remove(dialog)
}

function refusalOfUnknown(draft: ResponseDraft): string {
  const toCancel = draft.status === 200 && /\bCANCEL$/.test(fieldOf(draft, 'CSeq') ?? '')
  return toCancel ? '200 OK to incoming CANCEL is automatically generated by the stack' : unknownTransaction
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function isReliable(draft: ResponseDraft): boolean {
  return draft.status > 100 && draft.status < 200 && /\b100rel\b/i.test(fieldOf(draft, 'Require') ?? '')
}

function offers100rel(request: SipRequest): boolean {
  return [...request.list('Supported'), ...request.list('Require')].some((option) => option.toLowerCase() === '100rel')
}

/** The tag stays through all responses; the application may choose it with its first one. */
function chooseTag(pending: PendingRequest, draft: ResponseDraft): void {
  if (pending.tag !== '') return
  const to = fieldOf(draft, 'To')
  pending.tag = (to?.includes('tag=') && parseNameAddr(to)?.tag) || newTag()
}

/** Responses that make a dialog or refresh its target (RFC 3261 §12.1.1, §12.2.2; RFC 3311 §5.2). */
function bearsDialog(request: SipRequest, status: number): boolean {
  if (status <= 100 || status >= 300) return false
  if (request.method === 'INVITE') return true
  return status >= 200 && (request.method === 'SUBSCRIBE' || request.method === 'UPDATE' || request.method === 'REFER')
}

function dialogOf({ layer }: Core, { transaction, tag, application }: PendingRequest, response: SipResponse): Dialog {
  const { request, flow } = transaction
  const isPinned = layer.isUnknownSource(flow)
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
    remoteTarget: contactOfDialog(request)?.uri ?? request.from.uri,
    flow: isPinned ? flow : flowOfRequest(request, flow),
    followsFlow: false,
    socket: flow.local,
    isPinned,
    isHelp: request.method === 'INVITE' && layer.mayBeEmergency(request),
    contact: response.first('Contact') ?? contactOf(flow),
  })
}

/** INVITE keeps its dialog's id whatever the answer; after a BYE there is none. */
function echoedDialogId({ transaction, dialog }: PendingRequest): string {
  const { request } = transaction
  if (request.method === 'INVITE') return dialog?.id ?? dialogId(request.callId, request.from.tag)
  return dialog?.id ?? ''
}
