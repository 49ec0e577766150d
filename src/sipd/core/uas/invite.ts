import type { Alarm } from '../../../base/clock.js'
import { atStart, createRunner, type MachineState } from '../../../base/machine.js'
import { newTag } from '../../../sip/ids.js'
import { createResponse } from '../../../sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow, ServerTransaction } from '../../transaction/transaction-layer.js'
import type { Core } from '../core.js'
import { passageOver } from '../passage.js'
import type { PendingRequest } from '../pending-requests.js'
import { type ServerCallAction, type ServerCallInput, type ServerCallState, serverCallTable } from './invite-table.js'
import { tryToSend } from './server-response.js'

/** An INVITE from the network that an application handles. */
export interface ServerCall extends MachineState<ServerCallState> {
  readonly core: Core
  readonly pending: PendingRequest
  /** Ends the dialog with a BYE of our own (RFC 3261 §13.3.1.4). */
  readonly end: (pending: PendingRequest) => void
  /** The INVITE ended without a 2xx; its early dialog ends too. */
  readonly ended: (pending: PendingRequest) => void
  /** The application's last response. */
  outgoing: SipResponse | null
  sent: Buffer
  cancelling: ServerTransaction | null
  ack: { readonly message: SipRequest; readonly flow: Flow; readonly size: number } | null
  repeating: Alarm | null
  interval: number
  givesUpAt: number
}

const nothing = Buffer.alloc(0)
/** RFC 3261 §13.3.1.1: proxies cancel an INVITE without a provisional response for three minutes. */
const minuteMs = 60_000

export function newServerCall(parts: Pick<ServerCall, 'core' | 'pending' | 'end' | 'ended'>): ServerCall {
  const call: ServerCall = {
    core: parts.core,
    pending: parts.pending,
    end: parts.end,
    ended: parts.ended,
    ...atStart<ServerCallState>('waiting'),
    outgoing: null,
    sent: nothing,
    cancelling: null,
    ack: null,
    repeating: null,
    interval: 0,
    givesUpAt: 0,
  }
  parts.pending.transaction.onTransportFailure(() => feedServerCall(call, 'transport error'))
  return call
}

/** Sends the application's response. @throws AppError SIP_SEND_FAILED where the transaction is over. */
export function answerServerCall(call: ServerCall, response: SipResponse): Buffer {
  call.outgoing = response
  feedServerCall(call, response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '300-699')
  const { sent } = call
  call.sent = nothing
  return sent
}

/** The CANCEL, already known to belong to this INVITE. */
export function cancelServerCall(call: ServerCall, cancel: ServerTransaction): void {
  call.cancelling = cancel
  feedServerCall(call, 'cancel')
}

export function acknowledgeServerCall(call: ServerCall, ack: { message: SipRequest; flow: Flow; size: number }): void {
  call.ack = ack
  feedServerCall(call, 'ack')
}

const actions: Readonly<Record<ServerCallAction, (call: ServerCall) => void>> = {
  'send response': (call) => {
    if (call.outgoing) call.sent = call.pending.transaction.respond(call.outgoing)
  },
  'wait a minute': (call) => {
    call.repeating?.cancel()
    call.repeating = call.core.clock.after(minuteMs, () => feedServerCall(call, 'minute'))
  },
  'repeat 1xx': ({ outgoing, pending }) => {
    // A reliable response is repeated until its PRACK (RFC 3262 §3).
    if (outgoing && !outgoing.has('RSeq')) tryToSend(outgoing, pending.transaction)
  },
  'watch for ack': (call) => {
    call.interval = call.core.timers.t1
    call.givesUpAt = call.core.clock.now() + 64 * call.core.timers.t1
    waitForAck(call)
  },
  'repeat 2xx': (call) => {
    if (call.outgoing) tryToSend(call.outgoing, call.pending.transaction)
    call.interval = Math.min(call.interval * 2, call.core.timers.t2)
    waitForAck(call)
  },
  'stop watching': (call) => {
    call.repeating?.cancel()
    call.outgoing = null
  },
  'tell of ack': (call) => {
    if (call.ack) tell(call.core, call.pending, call.ack.message, call.ack)
    call.ack = null
  },
  'accept cancel': ({ pending, cancelling }) => {
    if (!cancelling) return
    pending.tag ||= newTag()
    tryToSend(createResponse(cancelling.request, 200, 'OK', pending.tag), cancelling)
  },
  'tell of cancel': ({ pending, core, cancelling }) => {
    if (cancelling) tell(core, pending, cancelling.request, cancelling)
    else tell(core, pending, noticeOfCancel(pending.transaction.request), { flow: pending.transaction.flow, size: 0 })
  },
  'answer 408': (call) => answer(call, 408, 'Request Timeout'),
  'answer 480': (call) => answer(call, 480, 'Temporarily Unavailable'),
  'answer 487': (call) => answer(call, 487, 'Request Terminated'),
  'answer 504': (call) => answer(call, 504, 'Server Time-out'),
  'send bye': ({ end, pending }) => end(pending),
  forget: ({ core, pending, ended }) => {
    core.pending.settle(pending)
    ended(pending)
  },
}

const runner = createRunner<ServerCallState, ServerCallInput, ServerCallAction, never, ServerCall>({ table: serverCallTable, actions })

export function feedServerCall(call: ServerCall, input: ServerCallInput): void {
  runner.feed(call, input)
}

/** Repeats at T1, doubling up to T2, until 64 × T1, over any transport (RFC 3261 §13.3.1.4). */
function waitForAck(call: ServerCall): void {
  const { clock } = call.core
  const left = call.givesUpAt - clock.now()
  call.repeating?.cancel()
  call.repeating = clock.after(Math.min(call.interval, left), () => feedServerCall(call, left <= call.interval ? 'no ack' : 'repeat'))
}

/** A final response of the server itself. */
function answer({ core, pending, state }: ServerCall, status: number, reason: string): void {
  pending.tag ||= newTag()
  const { transaction } = pending
  const bytes = tryToSend(createResponse(transaction.request, status, reason, pending.tag), transaction)
  if (!bytes || transaction.request.to.tag !== '' || state !== 'over') return
  if (status === 487) core.records.stop('network', 'call-canceled', bytes)
  else core.records.stop('application', 'system-error-initiated-termination', bytes)
}

function tell(core: Core, pending: PendingRequest, message: SipRequest, { flow, size }: { flow: Flow; size: number }): void {
  pending.application.arrived({
    txnId: pending.id,
    dialogId: pending.dialog?.id ?? '',
    passage: passageOver(flow, size, core.clock.now()),
    receivedOn: null,
    message: message.toBuffer(),
  })
}

/** An INVITE can end without a CANCEL, but drachtio's wire has no other message for it: the application gets this one. */
function noticeOfCancel(invite: SipRequest): SipRequest {
  const cancel = invite.clone()
  cancel.method = 'CANCEL'
  cancel.set('CSeq', `${invite.cseq.number} CANCEL`)
  for (const name of ['Contact', 'Content-Type', 'Record-Route']) cancel.remove(name)
  cancel.body = nothing
  return cancel
}
