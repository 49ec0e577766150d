import { randomInt } from 'node:crypto'
import { createResponse } from '../../../sip/message/builder.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { StatefulProxy } from '../../proxy/proxy.js'
import type { Flow, ServerTransaction } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import type { Application } from '../application.js'
import { contactOf } from '../compose.js'
import { type Core, makesDialog } from '../core.js'
import type { Delivery } from '../delivery.js'
import { type Dialog, refreshTarget } from '../dialogs/dialog.js'
import { flowOfRequest } from '../dialogs/flow-choice.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import { passageOver } from '../passage.js'
import type { PendingRequest } from '../pending-requests.js'
import { intervalTooSmall } from '../session/session-terms.js'
import { acknowledgeServerCall, cancelServerCall, feedServerCall, newServerCall } from './invite.js'
import { refuse, refuseForNow, refuseInterval } from './server-response.js'
import type { UasResponses } from './uas-response.js'

/** Requests from the network. */
export interface UasRequests {
  receive(transaction: ServerTransaction): void
  receiveAck(ack: SipRequest, flow: Flow, size: number): void
  /** Answers what the application has not: it is gone. */
  abandon(application: Application): void
}

export interface UasRequestsNeeds {
  readonly core: Core
  readonly responses: UasResponses
  readonly delivery: Delivery
  /** The dialog of a request whose tags no dialog has: a NOTIFY may come before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4). */
  readonly adopt: (request: SipRequest, flow: Flow) => Dialog | null
  /** What passes through without an application. */
  readonly relay: Pick<StatefulProxy, 'cancel' | 'forward' | 'forwardAck'>
  /** Ends a call whose ACK never came. */
  readonly endUnacknowledged: (dialog: Dialog) => void
}

/** Outside a dialog they mean nothing (RFC 3261 §15.1.2, RFC 3311 §5.2, RFC 3262 §3). */
const dialogOnly: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'PRACK'])
/** A To tag makes no dialog of these. */
const neverInDialog: ReadonlySet<string> = new Set(['REGISTER', 'PUBLISH'])
/** What drachtio offers to applications; without one that asked for it the answer is 503, for other methods 405. */
const offered: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH'])
const refreshesTarget: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER'])

export function createUasRequests(needs: UasRequestsNeeds): UasRequests {
  return {
    receive: (transaction) => receive(needs, transaction),
    receiveAck: (ack, flow, size) => receiveAck(needs, ack, { flow, size }),
    abandon: (application) => abandon(needs, application),
  }
}

function receive(needs: UasRequestsNeeds, transaction: ServerTransaction): void {
  const { request } = transaction
  if (request.method === 'CANCEL') receiveCancel(needs, transaction)
  else if (request.to.tag !== '' && !neverInDialog.has(request.method)) receiveInDialog(needs, transaction)
  else if (dialogOnly.has(request.method)) refuse(transaction, 481)
  else receiveNew(needs, transaction)
}

/** RFC 3261 §9.2. */
function receiveCancel({ responses, relay }: UasRequestsNeeds, transaction: ServerTransaction): void {
  if (relay.cancel(transaction)) return
  const invite = transaction.cancels && responses.ofTransaction(transaction.cancels)
  if (!invite) {
    refuse(transaction, 481)
    return
  }
  cancelServerCall(invite.call, transaction)
  invite.reliable?.stop()
}

function receiveNew(needs: UasRequestsNeeds, transaction: ServerTransaction): void {
  const { core } = needs
  const isUrgent = core.layer.isUrgent(transaction.request)
  if (makesDialog(transaction.request) && !core.dialogs.hasRoom(isUrgent)) {
    refuseForNow(transaction)
    return
  }
  const application = core.applications.choose(transaction.request.method)
  if (!application) refuseUnwanted(core, transaction)
  else if (!application.takes(isUrgent ? 'emergency' : 'new')) shed(core, transaction)
  // An emergency call is refused for nothing: our 2xx lengthens its interval.
  else if (
    transaction.request.method === 'INVITE' &&
    intervalTooSmall(transaction.request) &&
    !core.layer.mayBeEmergency(transaction.request)
  )
    refuseInterval(transaction)
  else {
    if (lacksContact(core, transaction.request)) nameSource(transaction)
    offer(needs, transaction, application, null)
  }
}

/** An emergency call is not refused for want of a Contact (RFC 3261 §8.1.1.8), and no call for one that no request can be sent to. */
function lacksContact({ layer }: Core, request: SipRequest): boolean {
  if (request.method !== 'INVITE' || contactOfDialog(request)) return false
  return request.contacts.length > 0 || layer.mayBeEmergency(request)
}

/** Requests go back to where the call came from. */
function nameSource({ request, flow }: ServerTransaction): void {
  request.set('Contact', contactOf({ protocol: flow.protocol, advertised: flow.remote }))
}

function refuseUnwanted({ applications }: Core, transaction: ServerTransaction): void {
  const { request } = transaction
  if (request.method === 'INVITE') transaction.respond(createResponse(request, 100))
  if (offered.has(request.method)) {
    refuse(transaction, 503)
    return
  }
  // RFC 3261 §8.2.1.
  const allowed = [...applications.methods(), 'ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE'].join(', ')
  refuse(transaction, 405, [['Allow', allowed]])
}

function receiveInDialog(needs: UasRequestsNeeds, transaction: ServerTransaction): void {
  const { request, flow } = transaction
  const dialog = needs.core.dialogs.of(request) ?? needs.adopt(request, flow)
  if (!dialog) {
    if (!needs.relay.forward(transaction)) refuse(transaction, 481)
  } else if (dialog.state === 'ending') refuse(transaction, request.method === 'BYE' ? 200 : 481)
  // RFC 3261 §12.2.2: a lower number is out of order.
  else if (dialog.remoteSeq !== null && request.cseq.number < dialog.remoteSeq) refuse(transaction, 500)
  else {
    dialog.remoteSeq = request.cseq.number
    if (isAcceptable(needs, transaction, dialog)) acceptInDialog(needs, transaction, dialog)
  }
}

/** What a dialog refuses by itself. */
function isAcceptable({ core, responses }: UasRequestsNeeds, transaction: ServerTransaction, dialog: Dialog): boolean {
  const { request } = transaction
  const { method } = request
  if (crossesOurs(request, dialog)) refuse(transaction, 491)
  else if (followsTooSoon(request, dialog)) refuse(transaction, 500, [['Retry-After', String(randomInt(0, 11))]])
  else if ((method === 'INVITE' || method === 'UPDATE') && intervalTooSmall(request) && !dialog.isEmergency) refuseInterval(transaction)
  // Its number is used up by this answer; the dialog goes on (RFC 5057 §5.2).
  else if (method !== 'BYE' && method !== 'PRACK' && !dialog.application.takes('in dialog')) shed(core, transaction)
  else if (method === 'PRACK' && !responses.ofDialog(dialog)?.reliable?.expects(request)) refuse(transaction, 481)
  else return true
  return false
}

/** Our own offer waits for its answer: one INVITE or offer at a time (RFC 3261 §14.2, RFC 3311 §5.2). What comes early is the application's. */
function crossesOurs({ method, body }: SipRequest, { inviting, updating, state }: Dialog): boolean {
  if (method === 'INVITE') return inviting.us || updating.us
  return method === 'UPDATE' && body.length > 0 && state === 'confirmed' && (inviting.us || updating.us)
}

/** The far end has not heard the answer to its INVITE or UPDATE yet (the same sections). */
function followsTooSoon({ method, body }: SipRequest, { inviting, updating, state }: Dialog): boolean {
  if (method === 'INVITE') return inviting.them || updating.them
  return method === 'UPDATE' && state === 'confirmed' && (updating.them || (body.length > 0 && inviting.them))
}

function acceptInDialog(needs: UasRequestsNeeds, transaction: ServerTransaction, dialog: Dialog): void {
  const { request, flow } = transaction
  if (request.method === 'UPDATE') dialog.updating.them = true
  const isDirect = dialog.followsFlow && dialog.routeSet.length === 0 && request.vias.length === 1
  // The address translation in front of a phone may have changed its port: any request of the phone shows the new one.
  if (isDirect) dialog.flow = flow
  const way = isDirect ? flow : flowOfRequest(request, flow)
  if (refreshesTarget.has(request.method)) refreshTarget(dialog, contactOfDialog(request), { came: flow, way })
  if (request.method === 'INVITE') dialog.inviting.them = true
  if (request.method === 'BYE') {
    receiveBye(needs, transaction, dialog)
    return
  }
  offer(needs, transaction, dialog.application, dialog)
  if (request.method === 'PRACK') needs.responses.ofDialog(dialog)?.reliable?.acknowledge()
}

/** The dialog is over at once (RFC 3261 §15.1.2); an INVITE in it that waits gets 487. */
function receiveBye(needs: UasRequestsNeeds, transaction: ServerTransaction, dialog: Dialog): void {
  const { core, responses } = needs
  core.dialogs.remove(dialog)
  const invite = responses.ofDialog(dialog)
  const unanswered = invite?.call.state === 'ringing'
  if (invite) feedServerCall(invite.call, 'bye')
  invite?.reliable?.stop()
  if (unanswered) {
    refuse(transaction, 200)
    return
  }
  offer(needs, transaction, dialog.application, dialog)
  if (dialog.creator === 'INVITE') core.records.stop('network', 'normal-release', transaction.request)
}

/** Gives the request to its application and waits for the answer. */
function offer(needs: UasRequestsNeeds, transaction: ServerTransaction, application: Application, dialog: Dialog | null): void {
  const { core, delivery } = needs
  const { request, flow, size } = transaction
  const pending: PendingRequest = {
    id: newWireId(),
    transaction,
    application,
    dialog: request.method === 'BYE' ? null : dialog,
    tag: request.to.tag,
    alarm: null,
  }
  core.pending.add(pending)
  if (request.method === 'INVITE') startCall(needs, pending)
  else pending.alarm = core.clock.after(60 * core.timers.t1, () => giveUp(core, pending))
  const message = request.toBuffer()
  delivery.deliver(dialog, application, {
    txnId: pending.id,
    dialogId: dialog?.id ?? '',
    passage: passageOver(flow, size, core.clock.now()),
    receivedOn: dialog ? null : flow.local,
    message,
  })
  if (request.method === 'INVITE' && !dialog) core.records.attempt('network', message)
}

function startCall({ core, responses, endUnacknowledged }: UasRequestsNeeds, pending: PendingRequest): void {
  pending.transaction.respond(createResponse(pending.transaction.request, 100))
  const call = newServerCall({
    core,
    pending,
    end({ dialog }) {
      if (dialog) endUnacknowledged(dialog)
    },
    ended({ dialog }) {
      if (!dialog) return
      dialog.inviting.them = false
      if (dialog.state === 'early') core.dialogs.remove(dialog)
    },
  })
  responses.track(call)
  pending.alarm = core.clock.after(128 * core.timers.t1, () => feedServerCall(call, 'silence'))
}

/** Shortly before the far end gives up by itself: later an answer must not come (RFC 4320 §4.2), and 408 never. */
function giveUp(core: Core, pending: PendingRequest): void {
  core.pending.settle(pending)
  refuse(pending.transaction, 504)
}

function receiveAck({ core, responses, relay }: UasRequestsNeeds, ack: SipRequest, { flow, size }: { flow: Flow; size: number }): void {
  const dialog = core.dialogs.of(ack)
  const invite = dialog && responses.ofDialog(dialog)
  if (!dialog && relay.forwardAck(ack, flow)) return
  if (!invite || invite.call.pending.transaction.request.cseq.number !== ack.cseq.number) return
  dialog.acknowledgedAt = core.clock.now()
  acknowledgeServerCall(invite.call, { message: ack, flow, size })
}

function abandon({ core, responses }: UasRequestsNeeds, application: Application): void {
  for (const pending of core.pending.ofApplication(application)) {
    const invite = responses.ofTransaction(pending.transaction)
    if (invite) feedServerCall(invite.call, 'application gone')
    else {
      core.pending.settle(pending)
      refuse(pending.transaction, pending.dialog ? 481 : 480)
    }
  }
}

/** The application does not read as fast as the network sends: what is new waits outside, so that calls that stand go on. */
function shed(core: Core, transaction: ServerTransaction): void {
  core.shed.requests += 1
  refuseForNow(transaction)
}
