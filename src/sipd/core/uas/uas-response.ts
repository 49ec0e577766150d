import type { Clock } from '../../../base/clock.js'
import { isAppError } from '../../../base/errors.js'
import { parseNameAddr } from '../../../sip/headers/name-addr.js'
import { newTag } from '../../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Application, CallRecords } from '../application.js'
import { composeResponse } from '../compose.js'
import { descriptionIn, dialogId } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { followFarEnd } from '../dialogs/follow-far-end.js'
import { endsSubscription } from '../dialogs/subscription-timers.js'
import { fieldOf, type ResponseDraft } from '../draft.js'
import { passageOver } from '../passage.js'
import type { PendingRequest, PendingRequests } from '../pending-requests.js'
import { agree } from '../session/session-terms.js'
import type { SessionTimers } from '../session/session-timers.js'
import type { ServerInvite, ServerInvites } from './invites.js'
import type { UasDialogs } from './uas-dialogs.js'

/** The applications' responses to requests from the network. */
export interface UasResponses {
  respond(application: Application, command: string, txnId: string, draft: ResponseDraft): void
}

export interface UasResponsesNeeds {
  readonly clock: Clock
  readonly pending: PendingRequests
  readonly invites: Pick<ServerInvites, 'ofTransaction' | 'reliableOf' | 'respond'>
  readonly dialogs: Pick<Dialogs, 'end'>
  readonly uasDialogs: UasDialogs
  readonly sessionTimers: SessionTimers
  readonly records: CallRecords
}

interface ResponseCommand {
  readonly pending: PendingRequest
  /** Set for a response to INVITE. */
  readonly invite: ServerInvite | undefined
  readonly command: string
  readonly draft: ResponseDraft
}

const unknownTransaction = 'Response not sent due to unknown transaction'

export function createUasResponses(needs: UasResponsesNeeds): UasResponses {
  const { clock, pending, invites, dialogs, uasDialogs, sessionTimers, records } = needs

  function respond(order: ResponseCommand): void {
    const { pending: waiting, invite, command, draft } = order
    const { application, transaction } = waiting
    const { request } = transaction
    const reliable = invite && isReliable(draft) ? invites.reliableOf(invite) : null
    if (reliable && !supports100rel(request)) {
      application.refused(command, 'Remote endpoint does not support 100rel')
      return
    }
    const before = invite?.reliable
    if (before && ((reliable && before.isWaiting) || (isSuccess(draft.status) && before.delaysFinal))) {
      before.defer(() => respondDeferred(order))
      return
    }
    chooseTag(waiting, draft)
    const kind = isDialogResponse(request, draft.status) ? 'dialog' : 'plain'
    const composed = composeResponse(draft, { request, tag: waiting.tag, kind, hop: transaction.flow })
    if ('refusal' in composed) {
      application.refused(command, composed.refusal)
      return
    }
    reliable?.number(composed.message)
    send(order, composed.message)
    reliable?.watch(composed.message)
  }

  /** After the PRACK, if the INVITE still waits. */
  function respondDeferred(order: ResponseCommand): void {
    const { pending: waiting, command } = order
    if (pending.includes(waiting)) respond(order)
    else waiting.application.refused(command, unknownTransaction)
  }

  function send({ pending: waiting, invite, command }: ResponseCommand, response: SipResponse): void {
    const { application, transaction } = waiting
    const { request, flow } = transaction
    const refreshesSession = isSuccess(response.status) && (request.method === 'INVITE' || request.method === 'UPDATE')
    const terms = refreshesSession ? agree(request, response) : null
    if (waiting.dialog && request.to.tag !== '') followFarEnd(waiting.dialog, transaction, response.status)
    uasDialogs.establish(waiting, response, invite)
    let bytes: Buffer
    try {
      bytes = invite ? invites.respond(invite, response) : transaction.respond(response)
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
      finish(waiting, invite, response.status)
      application.refused(command, 'transport for response has been shutdown or closed')
      return
    }
    if (response.status >= 200) finish(waiting, invite, response.status)
    if (isSuccess(response.status)) uasDialogs.unpin(waiting)
    application.responseSent(
      command,
      { txnId: waiting.id, dialogId: reportedDialogId(waiting) },
      passageOver(flow, bytes.length, clock.now()),
      bytes,
    )
    const { dialog } = waiting
    if (refreshesSession && dialog) {
      dialog.description = descriptionIn(response) ?? dialog.description
      sessionTimers.restart(dialog, terms, request)
    }
    if (request.method === 'INVITE' && request.to.tag === '') record(response.status, bytes)
  }

  function finish(waiting: PendingRequest, invite: ServerInvite | undefined, status: number): void {
    const { dialog, transaction } = waiting
    const { method } = transaction.request
    pending.settle(waiting)
    invite?.reliable?.stop()
    if (!dialog) return
    if (method === 'INVITE') dialog.inviting.them = false
    const isOver = method === 'NOTIFY' && status < 300 && dialog.creator !== 'INVITE' && endsSubscription(transaction.request)
    if (isOver) dialogs.end(dialog)
  }

  function record(status: number, bytes: Buffer): void {
    if (isSuccess(status)) records.start('application', 'uas', bytes)
    else if (status >= 300) records.stop('application', 'call-rejected', bytes)
  }

  return {
    respond(application, command, txnId, draft) {
      const waiting = pending.of(application, txnId)
      if (waiting) respond({ pending: waiting, invite: invites.ofTransaction(waiting.transaction), command, draft })
      else application.refused(command, refusalOfUnknown(draft))
    },
  }
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

function supports100rel(request: SipRequest): boolean {
  return [...request.list('Supported'), ...request.list('Require')].some((option) => option.toLowerCase() === '100rel')
}

/** All responses have the same tag; the application may choose it in its first one. */
function chooseTag(waiting: PendingRequest, draft: ResponseDraft): void {
  if (waiting.tag !== '') return
  const to = fieldOf(draft, 'To')
  waiting.tag = (to?.includes('tag=') && parseNameAddr(to)?.tag) || newTag()
}

/** True for a response that creates a dialog or refreshes its target (RFC 3261 §12.1.1, §12.2.2; RFC 3311 §5.2). */
function isDialogResponse(request: SipRequest, status: number): boolean {
  if (status <= 100 || status >= 300) return false
  if (request.method === 'INVITE') return true
  return status >= 200 && (request.method === 'SUBSCRIBE' || request.method === 'UPDATE' || request.method === 'REFER')
}

/** A response to INVITE always has a dialog id; one to BYE never. */
function reportedDialogId({ transaction, dialog }: PendingRequest): string {
  const { request } = transaction
  if (request.method === 'INVITE') return dialog?.id ?? dialogId(request.callId, request.from.tag)
  return dialog?.id ?? ''
}
