import { randomInt, randomUUID } from 'node:crypto'
import { isAppError } from '../../base/errors.js'
import { createResponse } from '../../sip/builder.js'
import { newTag } from '../../sip/ids.js'
import type { SipRequest } from '../../sip/message.js'
import type { Flow, ServerTransaction } from '../transaction/transaction-layer.js'
import type { Answering } from './answering.js'
import type { Application } from './application.js'
import { createServerCall } from './call/server-call.js'
import { type Core, type Pending, passageOf, settle } from './core.js'
import type { Delivery } from './delivery.js'
import { type Dialog, refreshTarget } from './dialog.js'
import { wayOfRequest } from './way.js'

/** Requests from the network. */
export interface Incoming {
  receive(transaction: ServerTransaction): void
  receiveAck(ack: SipRequest, flow: Flow, size: number): void
  /** Answers what the application has not: it is gone. */
  abandon(application: Application): void
}

export interface IncomingNeeds {
  readonly core: Core
  readonly answering: Answering
  readonly delivery: Delivery
  /** The dialog of a request whose tags no dialog has: a NOTIFY may come before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4). */
  readonly adopt: (request: SipRequest, flow: Flow) => Dialog | null
  /** Sends a BYE of our own. */
  readonly end: (dialog: Dialog, reason: string) => void
}

/** Outside a dialog they mean nothing (RFC 3261 §15.1.2, RFC 3311 §5.2, RFC 3262 §3). */
const dialogOnly: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'PRACK'])
/** A To tag makes no dialog of these. */
const neverInDialog: ReadonlySet<string> = new Set(['REGISTER', 'PUBLISH'])
/** What drachtio offers to applications; without one that asked for it the answer is 503, for other methods 405. */
const offered: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH'])
const refreshesTarget: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER'])

export function createIncoming({ core, answering, delivery, adopt, end }: IncomingNeeds): Incoming {
  function receive(transaction: ServerTransaction): void {
    const { request } = transaction
    if (request.method === 'CANCEL') {
      receiveCancel(transaction)
      return
    }
    if (request.to.tag !== '' && !neverInDialog.has(request.method)) {
      receiveInDialog(transaction)
      return
    }
    if (dialogOnly.has(request.method)) {
      refuse(transaction, 481)
      return
    }
    const application = core.applications.choose(request.method)
    if (!application) {
      refuseUnwanted(transaction)
      return
    }
    offer(transaction, application, null)
  }

  /** RFC 3261 §9.2. */
  function receiveCancel(transaction: ServerTransaction): void {
    const answered = transaction.cancels && answering.ofTransaction(transaction.cancels)
    if (!answered) {
      refuse(transaction, 481)
      return
    }
    answered.call.cancel(transaction)
    answered.reliable.stop()
  }

  function receiveInDialog(transaction: ServerTransaction): void {
    const { request, flow } = transaction
    const dialog = core.dialogs.of(request) ?? adopt(request, flow)
    if (!dialog) {
      refuse(transaction, 481)
      return
    }
    if (dialog.state === 'ending') {
      refuse(transaction, request.method === 'BYE' ? 200 : 481)
      return
    }
    // RFC 3261 §12.2.2: a lower number is out of order.
    if (dialog.remoteSeq !== null && request.cseq.number < dialog.remoteSeq) {
      refuse(transaction, 500)
      return
    }
    dialog.remoteSeq = request.cseq.number
    if (request.method === 'INVITE' && !mayInvite(transaction, dialog)) return
    if (request.method === 'PRACK' && !answering.ofDialog(dialog)?.reliable.acknowledge(request)) {
      refuse(transaction, 481)
      return
    }
    if (refreshesTarget.has(request.method)) refreshTarget(dialog, request.contacts[0], wayOfRequest(request, flow))
    if (request.method === 'BYE') {
      receiveBye(transaction, dialog)
      return
    }
    offer(transaction, dialog.application, dialog)
  }

  /** RFC 3261 §14.2: one INVITE at a time, in either direction. */
  function mayInvite(transaction: ServerTransaction, dialog: Dialog): boolean {
    if (dialog.inviting.us) {
      refuse(transaction, 491)
      return false
    }
    if (dialog.inviting.them) {
      const response = createResponse(transaction.request, 500)
      response.append('Retry-After', String(randomInt(0, 11)))
      transaction.respond(response)
      return false
    }
    dialog.inviting.them = true
    return true
  }

  /** The dialog is over at once (RFC 3261 §15.1.2); an INVITE in it that waits gets 487. */
  function receiveBye(transaction: ServerTransaction, dialog: Dialog): void {
    core.dialogs.remove(dialog)
    const answered = answering.ofDialog(dialog)
    const unanswered = answered?.call.state === 'ringing'
    answered?.call.feed('bye')
    answered?.reliable.stop()
    if (unanswered) {
      refuse(transaction, 200)
      return
    }
    offer(transaction, dialog.application, dialog)
  }

  /** Gives the request to its application and waits for the answer. */
  function offer(transaction: ServerTransaction, application: Application, dialog: Dialog | null): void {
    const { request, flow, size } = transaction
    const ended = request.method === 'BYE'
    const pending: Pending = {
      id: randomUUID(),
      transaction,
      application,
      dialog: ended ? null : dialog,
      tag: request.to.tag,
      alarm: null,
    }
    core.pending.set(pending.id, pending)
    if (request.method === 'INVITE') startCall(pending)
    else pending.alarm = core.clock.after(60 * core.timers.t1, () => giveUp(pending))
    delivery.deliver(dialog, application, {
      txnId: pending.id,
      dialogId: dialog?.id ?? '',
      passage: passageOf(core, flow, size),
      receivedOn: dialog ? null : flow.local,
      message: request.toBuffer(),
    })
  }

  function startCall(pending: Pending): void {
    pending.transaction.respond(createResponse(pending.transaction.request, 100))
    const call = createServerCall({
      core,
      pending,
      end: ({ dialog }, reason) => {
        if (dialog) end(dialog, reason)
      },
      ended: ({ dialog }) => {
        if (!dialog) return
        dialog.inviting.them = false
        if (dialog.state === 'early') core.dialogs.remove(dialog)
      },
    })
    answering.track(call)
    pending.alarm = core.clock.after(128 * core.timers.t1, () => call.feed('silence'))
  }

  /** Shortly before the far end gives up by itself: later an answer must not come (RFC 4320 §4.2), and 408 never. */
  function giveUp(pending: Pending): void {
    settle(core, pending)
    refuse(pending.transaction, 504)
  }

  function receiveAck(ack: SipRequest, flow: Flow, size: number): void {
    const dialog = core.dialogs.of(ack)
    const answered = dialog && answering.ofDialog(dialog)
    if (!answered || answered.call.pending.transaction.request.cseq.number !== ack.cseq.number) return
    dialog.acknowledgedAt = core.clock.now()
    answered.call.acknowledge(ack, flow, size)
  }

  function refuseUnwanted(transaction: ServerTransaction): void {
    const { request } = transaction
    if (request.method === 'INVITE') transaction.respond(createResponse(request, 100))
    if (offered.has(request.method)) {
      refuse(transaction, 503)
      return
    }
    // RFC 3261 §8.2.1.
    const response = createResponse(request, 405, undefined, newTag())
    response.append('Allow', [...core.applications.methods(), 'ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE'].join(', '))
    transaction.respond(response)
  }

  function refuse(transaction: ServerTransaction, status: number): void {
    try {
      transaction.respond(createResponse(transaction.request, status, undefined, newTag()))
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    }
  }

  function abandon(application: Application): void {
    for (const pending of core.pending.values()) {
      if (pending.application !== application) continue
      if (pending.transaction.request.method === 'INVITE') {
        answering.ofTransaction(pending.transaction)?.call.feed('application gone')
        continue
      }
      settle(core, pending)
      refuse(pending.transaction, pending.dialog ? 481 : 480)
    }
  }

  return { receive, receiveAck, abandon }
}
