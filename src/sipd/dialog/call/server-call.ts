import type { Alarm } from '../../../base/clock.js'
import { isAppError } from '../../../base/errors.js'
import { createResponse } from '../../../sip/builder.js'
import { newTag } from '../../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../../sip/message.js'
import type { Flow, ServerTransaction } from '../../transaction/transaction-layer.js'
import { type Core, type Pending, passageOf, settle } from '../core.js'
import { createCallMachine } from './call-table.js'
import { type ServerCallAction, type ServerCallInput, type ServerCallState, serverCallTable } from './server-call-table.js'

/** One INVITE from the network, as its application answers it. */
export interface ServerCall {
  readonly pending: Pending
  readonly state: ServerCallState
  /** Sends the application's response. @throws AppError SIP_SEND_FAILED where the transaction is over. */
  respond(response: SipResponse): Buffer
  /** The CANCEL, already known to belong to this INVITE. */
  cancel(cancel: ServerTransaction): void
  acknowledge(ack: SipRequest, flow: Flow, size: number): void
  feed(input: ServerCallInput): void
}

export interface ServerCallNeeds {
  readonly core: Core
  readonly pending: Pending
  /** Ends the dialog with a BYE of our own (RFC 3261 §13.3.1.4). */
  readonly end: (pending: Pending, reason: string) => void
  /** The INVITE is over without an answer: its early dialog too. */
  readonly ended: (pending: Pending) => void
}

export function createServerCall({ core, pending, end, ended }: ServerCallNeeds): ServerCall {
  const { transaction } = pending
  const machine = createCallMachine(serverCallTable, 'waiting')
  let outgoing: SipResponse | null = null
  let sent: Buffer = Buffer.alloc(0)
  let cancelling: ServerTransaction | null = null
  let ack: { readonly message: SipRequest; readonly flow: Flow; readonly size: number } | null = null
  let repeating: Alarm | null = null
  let interval = core.timers.t1
  let givesUpAt = 0

  const actions: Readonly<Record<ServerCallAction, () => void>> = {
    'send response': () => {
      if (outgoing) sent = transaction.respond(outgoing)
    },
    'watch for ack': () => {
      givesUpAt = core.clock.now() + 64 * core.timers.t1
      waitForAck()
    },
    'repeat 2xx': () => {
      if (outgoing) tryToSend(outgoing)
      interval = Math.min(interval * 2, core.timers.t2)
      waitForAck()
    },
    'stop watching': () => {
      repeating?.cancel()
      outgoing = null
    },
    'tell of ack': () => {
      if (ack) tell(ack.message, ack.flow, ack.size)
    },
    'accept cancel': () => {
      if (!cancelling) return
      pending.tag ||= newTag()
      tryToSend(createResponse(cancelling.request, 200, 'OK', pending.tag), cancelling)
    },
    'tell of cancel': () => {
      if (cancelling) tell(cancelling.request, cancelling.flow, cancelling.size)
      else tell(cancelOf(transaction.request), transaction.flow, 0)
    },
    'answer 408': () => answer(408, 'Request Timeout'),
    'answer 480': () => answer(480, 'Temporarily Unavailable'),
    'answer 487': () => answer(487, 'Request Terminated'),
    'answer 504': () => answer(504, 'Server Time-out'),
    'send bye': () => end(pending, 'ACK timeout'),
    forget: () => {
      settle(core, pending)
      ended(pending)
    },
  }
  machine.perform = (action) => actions[action]()

  /** Repeats at T1, doubling up to T2, until 64 × T1, over any transport (RFC 3261 §13.3.1.4). */
  function waitForAck(): void {
    const left = givesUpAt - core.clock.now()
    repeating = core.clock.after(Math.min(interval, left), () => machine.feed(left <= interval ? 'no ack' : 'repeat'))
  }

  function answer(status: number, reason: string): void {
    pending.tag ||= newTag()
    tryToSend(createResponse(transaction.request, status, reason, pending.tag))
  }

  /** Where nobody asked for it, nobody is told that the way back is broken. */
  function tryToSend(response: SipResponse, way: ServerTransaction = transaction): void {
    try {
      way.respond(response)
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    }
  }

  function tell(message: SipRequest, flow: Flow, size: number): void {
    pending.application.arrived({
      txnId: pending.id,
      dialogId: pending.dialog?.id ?? '',
      passage: passageOf(core, flow, size),
      receivedOn: null,
      message: message.toBuffer(),
    })
  }

  transaction.onTransportFailure(() => machine.feed('transport error'))

  return {
    pending,
    get state() {
      return machine.state
    },
    respond(response) {
      outgoing = response
      machine.feed(response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '300-699')
      return sent
    },
    cancel(transactionOfCancel) {
      cancelling = transactionOfCancel
      machine.feed('cancel')
    },
    acknowledge(message, flow, size) {
      ack = { message, flow, size }
      machine.feed('ack')
    },
    feed: (input) => machine.feed(input),
  }
}

/** What an application is told when its INVITE ended in another way than by CANCEL: it knows no other word for it. */
function cancelOf(invite: SipRequest): SipRequest {
  const cancel = invite.clone()
  cancel.method = 'CANCEL'
  cancel.set('CSeq', `${invite.cseq.number} CANCEL`)
  for (const name of ['Contact', 'Content-Type', 'Record-Route']) cancel.remove(name)
  cancel.body = Buffer.alloc(0)
  return cancel
}
