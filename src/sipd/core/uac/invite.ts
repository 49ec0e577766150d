import type { Alarm } from '../../../base/clock.js'
import { atStart, createRunner, type MachineState } from '../../../base/machine.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import type { Core } from '../core.js'
import { type Dialog, newDialog, refreshTarget, setRoutes } from '../dialogs/dialog.js'
import { type Called, flowOfResponse } from '../dialogs/flow-choice.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import type { RequestDraft } from '../draft.js'
import type { Origin } from '../passage.js'
import { type ClientCallAction, type ClientCallInput, type ClientCallState, clientCallTable } from './invite-table.js'
import { timerC } from './timer-c.js'

const nothing = Buffer.alloc(0)

/** What a call asks for; all calls share one of these. */
export interface ClientCallUser {
  /** A response for the application. */
  pass(call: ClientCall, response: SipResponse, origin: Origin): void
  sendCancel(call: ClientCall): void
  /** The ACK of a 2xx, from the application's draft or, without one, of our own. */
  sendAck(call: ClientCall, dialog: Dialog): void
  repeatAck(dialog: Dialog): void
  sendBye(dialog: Dialog, reason: string, news: 'told' | 'silent'): void
  /** It is in this dialog that the application may acknowledge. */
  inDialog(call: ClientCall, dialog: Dialog): void
  forget(call: ClientCall): void
}

/** One INVITE that an application sent. */
export interface ClientCall extends MachineState<ClientCallState> {
  readonly core: Core
  readonly user: ClientCallUser
  readonly application: Application
  readonly txnId: string
  readonly request: SipRequest
  /** The dialog of a re-INVITE; null for one that makes dialogs. */
  readonly dialog: Dialog | null
  /** It goes over the flow of a phone: so does what follows in its dialogs, wherever their Contact points (RFC 5626 §5.3). */
  readonly overFlow: boolean
  /** By the tags of those that answered. */
  readonly forks: Map<string, Fork>
  /** The dialog of the 2xx. */
  winner: Dialog | null
  latest: { readonly response: SipResponse; readonly origin: Origin } | null
  /** What the application acknowledges with. */
  ack: { readonly command: string; readonly draft: RequestDraft } | null
  /** While it rings, and until it is acknowledged. */
  waiting: Alarm | null
}

interface Fork {
  readonly dialog: Dialog
  /** The number of the last reliable provisional response. */
  rseq: number
}

export function newClientCall(
  parts: Pick<ClientCall, 'core' | 'user' | 'application' | 'txnId' | 'request' | 'dialog' | 'overFlow'>,
): ClientCall {
  return {
    core: parts.core,
    user: parts.user,
    application: parts.application,
    txnId: parts.txnId,
    request: parts.request,
    dialog: parts.dialog,
    overFlow: parts.overFlow,
    ...atStart<ClientCallState>('calling'),
    forks: new Map(),
    winner: null,
    latest: null,
    ack: null,
    waiting: null,
  }
}

/** A response of the network, or one that was made here. */
export function answerClientCall(call: ClientCall, response: SipResponse, origin: Origin): void {
  const { status } = response
  if (status === 100) {
    // Only until it is known more; not of a re-INVITE, whose far end is known to live.
    if (call.core.tellsTrying && call.state === 'calling' && !call.dialog) call.user.pass(call, response, origin)
    return
  }
  if (status >= 200 && status < 300 && !call.dialog) nameCallee(call, response)
  call.latest = { response, origin }
  if (status >= 300) {
    leaveOthers(call, null)
    if (call.dialog) call.dialog.inviting.us = false
    feedClientCall(call, '300-699')
  } else if (status >= 200) heardSuccess(call, response, origin)
  else if (heardProvisional(call, response, origin)) feedClientCall(call, '1xx')
}

/**
 * A 2xx without a Contact that can be understood (RFC 3261 §13.3.1.4 wants one) has answered the call all the same: requests go on to where an
 * earlier response or the INVITE has found the callee.
 */
function nameCallee({ request, forks }: ClientCall, response: SipResponse): void {
  if (contactOfDialog(response)) return
  response.set('Contact', `<${forks.get(response.to.tag)?.dialog.remoteTarget ?? request.uri}>`)
}

/** The application's ACK of the 2xx; false where there is none to acknowledge. */
export function acknowledgeClientCall(call: ClientCall, command: string, draft: RequestDraft): boolean {
  if (!runner.accepts(call, 'ack')) return false
  call.ack = { command, draft }
  runner.feed(call, 'ack')
  return true
}

const actions: Readonly<Record<ClientCallAction, (call: ClientCall) => void>> = {
  'pass response': (call) => {
    if (call.latest) call.user.pass(call, call.latest.response, call.latest.origin)
  },
  'wait while it rings': (call) => {
    call.waiting?.cancel()
    call.waiting = call.core.clock.after(timerC, () => feedClientCall(call, 'rings too long'))
  },
  'wait for ack': (call) => {
    call.waiting = call.core.clock.after(64 * call.core.timers.t1, () => feedClientCall(call, 'no ack'))
  },
  'stop waiting': (call) => call.waiting?.cancel(),
  'send cancel': (call) => call.user.sendCancel(call),
  'send ack': (call) => {
    if (call.winner) call.user.sendAck(call, call.winner)
    // From here on only copies of the 2xx can come: what is not needed for them is not kept for half a minute.
    call.latest = null
    call.ack = null
    call.request.body = nothing
  },
  'repeat ack': (call) => {
    if (call.winner) call.user.repeatAck(call.winner)
  },
  'send bye': (call) => {
    if (call.winner) call.user.sendBye(call.winner, 'ACK-BYE due to cancel race condition', 'told')
  },
  'send late bye': (call) => {
    if (call.winner) call.user.sendBye(call.winner, 'ACK timeout', 'told')
  },
  forget: (call) => call.user.forget(call),
}

const runner = createRunner<ClientCallState, ClientCallInput, ClientCallAction, never, ClientCall>({ table: clientCallTable, actions })

export function feedClientCall(call: ClientCall, input: ClientCallInput): void {
  runner.feed(call, input)
}

/** False for a reliable response that came again or out of order (RFC 3262 §4). */
function heardProvisional(call: ClientCall, response: SipResponse, { flow }: Origin): boolean {
  if (response.to.tag === '' || !flow || call.dialog) return true
  const fork = forkOf(call, response, flow)
  const rseq = Number(response.first('RSeq') ?? '0')
  if (rseq > 0 && fork.rseq > 0 && rseq !== fork.rseq + 1) return false
  if (rseq > 0) fork.rseq = rseq
  return true
}

/** RFC 3261 §13.2.2.4: the first 2xx makes the call; every other one is acknowledged and ended. */
function heardSuccess(call: ClientCall, response: SipResponse, { flow }: Origin): void {
  if (!flow) return
  const dialog = call.dialog ?? forkOf(call, response, flow).dialog
  if (isLost(call) || (call.winner && call.winner !== dialog)) endLoser(call, dialog)
  else {
    if (!call.winner) confirm(call, dialog, response, flow)
    feedClientCall(call, '2xx')
    if (!call.core.dialogs.has(dialog)) acknowledgeForNobody(call)
  }
}

/** It has had its final response, from another place than the one that answers now. */
function isLost({ state, winner, dialog }: ClientCall): boolean {
  return state === 'over' && !winner && !dialog
}

/** The dialog has ended while a re-INVITE was under way: its application cannot acknowledge any more. */
function acknowledgeForNobody(call: ClientCall): void {
  feedClientCall(call, 'ack')
  call.user.forget(call)
}

function endLoser(call: ClientCall, dialog: Dialog): void {
  if (dialog.state === 'ending') {
    call.user.repeatAck(dialog)
    return
  }
  dialog.state = 'ending'
  call.user.sendAck({ ...call, ack: null }, dialog)
  call.user.sendBye(dialog, 'another branch has answered', 'silent')
}

function confirm(call: ClientCall, dialog: Dialog, response: SipResponse, flow: Flow): void {
  call.winner = dialog
  dialog.inviting.us = false
  refreshTarget(dialog, contactOfDialog(response), { came: flow, way: flowOfResponse(response, calledBy(call), flow) })
  call.user.inDialog(call, dialog)
  // A dialog that was there before may have ended meanwhile: it does not come back.
  if (call.dialog) return
  leaveOthers(call, dialog)
  dialog.state = 'confirmed'
  const routes = routesOf(call.request, response)
  if (routes.join() !== dialog.routeSet.join()) setRoutes(dialog, routes)
  // Of several forks applications mean this one from now on.
  call.core.dialogs.add(dialog)
}

function forkOf(call: ClientCall, response: SipResponse, flow: Flow): Fork {
  const { tag } = response.to
  const known = call.forks.get(tag)
  if (known) {
    refreshTarget(known.dialog, contactOfDialog(response), { came: flow, way: flowOfResponse(response, calledBy(call), flow) })
    return known
  }
  const dialog = dialogOfResponse(call.request, response, {
    application: call.application,
    flow,
    followsFlow: call.overFlow,
    isPinned: call.core.layer.isUnknownSource(flow),
  })
  dialog.inviting.us = true
  const fork = { dialog, rseq: 0 }
  call.forks.set(tag, fork)
  if (!call.winner && !isLost(call)) {
    call.core.dialogs.add(dialog)
    call.user.inDialog(call, dialog)
  }
  return fork
}

/** RFC 3261 §12.1.2. A phone that is reached by its Path alone is so in its dialogs as well, if nobody on the way records a route. */
function routesOf(request: SipRequest, response: SipResponse): readonly string[] {
  const recorded = response.list('Record-Route')
  return recorded.length > 0 ? [...recorded].reverse() : request.list('Route')
}

function calledBy({ request, overFlow, dialog }: ClientCall): Called {
  return { uri: request.uri, overFlow: dialog?.followsFlow ?? overFlow }
}

function leaveOthers(call: ClientCall, kept: Dialog | null): void {
  for (const { dialog } of call.forks.values()) if (dialog !== kept) call.core.dialogs.remove(dialog)
}

interface Answerer {
  readonly application: Application
  readonly flow: Flow
  readonly followsFlow: boolean
  readonly isPinned: boolean
}

/** RFC 3261 §12.1.2. */
export function dialogOfResponse(
  request: SipRequest,
  response: SipResponse,
  { application, flow, followsFlow, isPinned }: Answerer,
): Dialog {
  const called = { uri: request.uri, overFlow: followsFlow }
  return newDialog({
    callId: request.callId,
    fromTag: request.from.tag,
    localTag: request.from.tag,
    remoteTag: response.to.tag,
    local: request.first('From') ?? '',
    remote: response.first('To') ?? '',
    creator: request.method,
    application,
    localSeq: request.cseq.number,
    remoteSeq: null,
    routeSet: routesOf(request, response),
    remoteTarget: contactOfDialog(response)?.uri ?? request.uri,
    flow: isPinned ? flow : flowOfResponse(response, called, flow),
    followsFlow,
    socket: flow.local,
    isPinned,
    contact: request.first('Contact') ?? '',
  })
}
