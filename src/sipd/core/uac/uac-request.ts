import { randomInt } from 'node:crypto'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { splitList } from '../../../sip/syntax/list.js'
import { namesFlow } from '../../../sip/uri/flow-uri.js'
import { parseUri, schemeOf } from '../../../sip/uri/uri.js'
import type { Flow, Hop } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import type { Application } from '../application.js'
import { composeRequest } from '../compose.js'
import { type Core, expireWith } from '../core.js'
import { type Dialog, dialogId, newDialog } from '../dialogs/dialog.js'
import { flowOfRequest } from '../dialogs/flow-choice.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import { fieldOf, type RequestDraft } from '../draft.js'
import { type Origin, passageOfResponse } from '../passage.js'
import { answerClientCall, dialogOfResponse } from './invite.js'
import type { ClientCalls } from './invites.js'
import { explicitNextHop, onFlow } from './locator.js'

/** Requests of applications outside dialogs. */
export interface UacRequests {
  request(application: Application, command: string, routeUri: string, draft: RequestDraft): void
  /** Creates the dialog for a NOTIFY that arrives before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4). */
  adopt(request: SipRequest, flow: Flow): Dialog | null
}

const methods: ReadonlySet<string> = new Set([
  'BYE',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
])
const noTransport = 'requested protocol/transport not available'

interface PendingSubscribe {
  readonly application: Application
  readonly request: SipRequest
}

interface UacState {
  readonly core: Core
  readonly calls: ClientCalls
  /** SUBSCRIBEs without a final response, by Call-ID and local tag. */
  readonly subscribing: Map<string, PendingSubscribe>
  cseq: number
}

interface OutOfDialogRequest {
  readonly application: Application
  readonly command: string
  readonly draft: RequestDraft
  /** The application named the next hop. */
  readonly routed: boolean
  /** The next hop is a phone's flow, without a proxy in between. */
  readonly overFlow: boolean
  /** The phone's Path (RFC 3327 §5.3). Like drachtio-server, the application's Route is discarded unless the next hop is a flow. */
  readonly routeSet: readonly string[]
}

export function createUacRequests(core: Core, calls: ClientCalls): UacRequests {
  const state: UacState = { core, calls, subscribing: new Map(), cseq: randomInt(1, 2 ** 27) }
  return {
    request(application, command, routeUri, draft) {
      const routed = routeUri !== ''
      const routeSet = namesFlow(routeUri) ? splitList(fieldOf(draft, 'Route') ?? '') : []
      const asked = { application, command, draft, routed, overFlow: namesFlow(routeUri) && routeSet.length === 0, routeSet }
      if (!isSendable(asked)) {
        application.refused(command, `invalid request-uri: ${draft.line}`)
        return
      }
      core.locator.locate(
        routed ? explicitNextHop(routeUri) : { uri: draft.uri, from: null },
        (hops) => sendTo(state, asked, hops),
        (reason) => refuse(state, asked, reason),
      )
    },
    adopt: (request, flow) => adopt(state, request, flow),
  }
}

function isSendable({ draft, routed }: OutOfDialogRequest): boolean {
  const parsed = parseUri(draft.uri)
  return methods.has(draft.method) && (parsed?.kind === 'sip' || (parsed?.kind === 'tel' && routed))
}

function sendTo(state: UacState, asked: OutOfDialogRequest, found: readonly Hop[]): void {
  const { core, calls } = state
  const hops = core.unresponsiveHops.order(asked.overFlow ? found.map(onFlow) : found)
  const { application, command, draft } = asked
  const hop = hops[0]
  if (!hop) {
    refuse(state, asked, 'DNS Error')
    return
  }
  if (!asked.routed && isOurs(core, hop)) {
    application.refused(command, 'can not send request to myself')
    return
  }
  state.cseq += 1
  const composed = composeRequest(draft, hop, state.cseq, asked.routeSet)
  if ('refusal' in composed) {
    application.refused(command, composed.refusal)
    return
  }
  const { message } = composed
  // These closures live as long as the transaction; they must not keep the draft and its buffer.
  const sent = core.sender.send(message, hops, {
    sent(passage, bytes) {
      if (message.method === 'INVITE') core.records.attempt('application', bytes)
      application.requestSent(command, sent.txnId, passage, bytes)
    },
    received(response, origin) {
      if (call) answerClientCall(call, response, origin)
      else handleResponse(state, { application, message, txnId: sent.txnId }, response, origin)
    },
  })
  const call =
    draft.method === 'INVITE' ? calls.start({ sent, application, request: message, dialog: null, overFlow: asked.overFlow }) : null
  if (draft.method === 'SUBSCRIBE') state.subscribing.set(keyOf(message.callId, message.from.tag), { application, request: message })
}

/** Refuses the command, or gives the application the response that RFC 3261 §8.1.3.1 prescribes for a local failure. */
function refuse(state: UacState, { application, command, draft }: OutOfDialogRequest, reason: string): void {
  const own = state.core.layer.listening[0]
  if (!own || (reason === noTransport && schemeOf(draft.uri) !== 'sips')) {
    application.refused(command, noTransport)
    return
  }
  state.cseq += 1
  const composed = composeRequest(draft, { ...own, remote: own.local }, state.cseq)
  if ('refusal' in composed) {
    application.refused(command, composed.refusal)
    return
  }
  const { message } = composed
  const failure = reason === noTransport ? { status: 416, reason: 'Unsupported URI Scheme' } : { status: 503, reason }
  const ids = { txnId: newWireId(), dialogId: draft.method === 'INVITE' ? dialogId(message.callId, message.from.tag) : '' }
  state.core.sender.fail(message, failure, {
    sent: (passage, bytes) => application.requestSent(command, ids.txnId, passage, bytes),
    received: (response, origin) => passResponse(state.core, { application, ...ids }, response, origin),
  })
}

interface SentRequest {
  readonly application: Application
  readonly message: SipRequest
  readonly txnId: string
}

function handleResponse(state: UacState, { application, message, txnId }: SentRequest, response: SipResponse, origin: Origin): void {
  if (response.status === 100) return
  const subscribes = message.method === 'SUBSCRIBE'
  if (subscribes && response.status >= 200) handleSubscribeResponse(state, { application, message, txnId }, response, origin)
  const id = subscribes ? dialogId(message.callId, message.from.tag) : ''
  passResponse(state.core, { application, txnId, dialogId: id }, response, origin)
}

function handleSubscribeResponse(state: UacState, { application, message }: SentRequest, response: SipResponse, origin: Origin): void {
  const { dialogs } = state.core
  state.subscribing.delete(keyOf(message.callId, message.from.tag))
  if (response.status >= 300 || !origin.flow) return
  const known = dialogs.byTags(message.callId, message.from.tag, response.to.tag)
  const dialog =
    known ??
    dialogOfResponse(message, response, {
      application,
      flow: origin.flow,
      followsFlow: false,
      isPinned: state.core.layer.isUnknownSource(origin.flow),
    })
  dialog.state = 'confirmed'
  if (!known) dialogs.add(dialog)
  expireWith(state.core, dialog, response)
}

export interface ResponseIds {
  readonly application: Application
  readonly txnId: string
  readonly dialogId: string
}

/** Delivers a response to the application that sent the request. */
export function passResponse(core: Core, { application, txnId, dialogId: id }: ResponseIds, response: SipResponse, origin: Origin): void {
  const passage = passageOfResponse(origin, core.clock.now())
  application.arrived({ txnId, dialogId: id, passage, receivedOn: null, message: response.toBuffer() })
}

function isOurs({ layer }: Core, { protocol, remote, local }: Hop): boolean {
  return layer.listening.some(
    (own) =>
      own.protocol === protocol &&
      own.local.port === remote.port &&
      (own.local.address === remote.address || own.advertised.address === remote.address || local.address === remote.address),
  )
}

function adopt(state: UacState, notify: SipRequest, flow: Flow): Dialog | null {
  const found = notify.method === 'NOTIFY' ? state.subscribing.get(keyOf(notify.callId, notify.to.tag)) : undefined
  if (!found) return null
  const dialog = dialogOfNotify(found, notify, flow)
  state.core.dialogs.add(dialog)
  return dialog
}

function dialogOfNotify({ application, request }: PendingSubscribe, notify: SipRequest, flow: Flow): Dialog {
  return newDialog({
    callId: request.callId,
    fromTag: request.from.tag,
    localTag: request.from.tag,
    remoteTag: notify.from.tag,
    local: request.first('From') ?? '',
    remote: notify.first('From') ?? '',
    creator: 'SUBSCRIBE',
    application,
    localSeq: request.cseq.number,
    remoteSeq: notify.cseq.number,
    routeSet: notify.list('Record-Route'),
    remoteTarget: contactOfDialog(notify)?.uri ?? request.uri,
    flow: flowOfRequest(notify, flow),
    followsFlow: false,
    socket: flow.local,
    isPinned: false,
    contact: request.first('Contact') ?? '',
  })
}

function keyOf(callId: string, tag: string): string {
  return `${callId}\n${tag}`
}
