import { randomInt, randomUUID } from 'node:crypto'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import { parseUri, schemeOf } from '../../sip/uri.js'
import type { Flow, Hop } from '../transaction/transaction-layer.js'
import type { Application } from './application.js'
import { type ClientCall, dialogOfResponse } from './call/client-call.js'
import type { ClientCalls } from './call/client-calls.js'
import { composeRequest } from './compose.js'
import { type Core, expireWith, type Origin, passageOfOrigin } from './core.js'
import { type Dialog, dialogId, newDialog } from './dialog.js'
import type { RequestDraft } from './draft.js'
import type { Sender } from './sender.js'
import { wayOfRequest } from './way.js'

/** Requests of applications outside dialogs. */
export interface Outgoing {
  request(application: Application, command: string, routeUri: string, draft: RequestDraft): void
  /** The dialog that a NOTIFY makes which comes before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4). */
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

export interface OutgoingNeeds {
  readonly core: Core
  readonly sender: Sender
  readonly calls: ClientCalls
}

interface Subscribing {
  readonly application: Application
  readonly request: SipRequest
}

export function createOutgoing({ core, sender, calls }: OutgoingNeeds): Outgoing {
  let cseq = randomInt(1, 2 ** 27)
  /** SUBSCRIBEs whose answer is awaited, by Call-ID and our tag. */
  const subscribing = new Map<string, Subscribing>()

  interface Asked {
    readonly application: Application
    readonly command: string
    readonly draft: RequestDraft
    /** The application named the next hop. */
    readonly routed: boolean
  }

  function request(application: Application, command: string, routeUri: string, draft: RequestDraft): void {
    const parsed = parseUri(draft.uri)
    const routed = routeUri !== ''
    if (!methods.has(draft.method) || !parsed || (parsed.kind !== 'sip' && !(parsed.kind === 'tel' && routed))) {
      application.refused(command, `invalid request-uri: ${draft.line}`)
      return
    }
    const asked = { application, command, draft, routed }
    sender.locate(
      routed ? routeUri : draft.uri,
      (hops) => sendTo(asked, hops),
      (reason) => refuse(asked, reason),
    )
  }

  function sendTo(asked: Asked, hops: readonly Hop[]): void {
    const { application, command, draft, routed } = asked
    const hop = hops[0]
    if (!hop) {
      refuse(asked, 'DNS Error')
      return
    }
    if (!routed && isOurs(hop)) {
      application.refused(command, 'can not send request to myself')
      return
    }
    cseq += 1
    const composed = composeRequest(draft, hop, cseq)
    if ('refusal' in composed) {
      application.refused(command, composed.refusal)
      return
    }
    const { message } = composed
    let call: ClientCall | null = null
    const sent = sender.send(message, hops, {
      sent: (passage, bytes) => application.requestSent(command, sent.txnId, passage, bytes),
      heard(response, origin) {
        if (call) call.heard(response, origin)
        else heard(asked, { message, txnId: sent.txnId }, response, origin)
      },
    })
    if (draft.method === 'INVITE') {
      const pass = passer(application, sent.txnId, dialogId(message.callId, message.from.tag))
      call = calls.start({ sent, application, request: message, dialog: null, pass })
    }
    if (draft.method === 'SUBSCRIBE') subscribing.set(keyOf(message.callId, message.from.tag), { application, request: message })
  }

  /** What cannot be sent at all: refused, or answered as the network would have (RFC 3261 §8.1.3.1). */
  function refuse(asked: Asked, reason: string): void {
    const { application, command, draft } = asked
    const secure = schemeOf(draft.uri) === 'sips'
    if (reason === noTransport && !secure) {
      application.refused(command, reason)
      return
    }
    const own = core.layer.listening[0]
    if (!own) {
      application.refused(command, noTransport)
      return
    }
    cseq += 1
    const composed = composeRequest(
      draft,
      { protocol: own.protocol, remote: own.local, local: own.local, advertised: own.advertised },
      cseq,
    )
    if ('refusal' in composed) {
      application.refused(command, composed.refusal)
      return
    }
    const { message } = composed
    const failure = reason === noTransport ? { status: 416, reason: 'Unsupported URI Scheme' } : { status: 503, reason }
    const txnId = randomUUID()
    sender.fail(message, failure, {
      sent: (passage, bytes) => application.requestSent(command, txnId, passage, bytes),
      heard(response, origin) {
        const id = draft.method === 'INVITE' ? dialogId(message.callId, message.from.tag) : ''
        passer(application, txnId, id)(response, origin)
      },
    })
  }

  function heard(asked: Asked, sent: { message: SipRequest; txnId: string }, response: SipResponse, origin: Origin): void {
    if (response.status === 100) return
    const { message, txnId } = sent
    const subscribes = message.method === 'SUBSCRIBE'
    if (subscribes && response.status >= 200) heardOfSubscription(asked.application, message, response, origin)
    passer(asked.application, txnId, subscribes ? dialogId(message.callId, message.from.tag) : '')(response, origin)
  }

  function heardOfSubscription(application: Application, message: SipRequest, response: SipResponse, origin: Origin): void {
    subscribing.delete(keyOf(message.callId, message.from.tag))
    if (response.status >= 300 || !origin.flow) return
    const known = core.dialogs.byTags(message.callId, message.from.tag, response.to.tag)
    const dialog = known ?? dialogOfResponse(message, response, { application, flow: origin.flow })
    dialog.state = 'confirmed'
    if (!known) core.dialogs.add(dialog)
    expireWith(core, dialog, response)
  }

  function passer(application: Application, txnId: string, id: string): (response: SipResponse, origin: Origin) => void {
    return (response, origin) =>
      application.arrived({
        txnId,
        dialogId: id,
        passage: passageOfOrigin(core, origin),
        receivedOn: null,
        message: response.toBuffer(),
      })
  }

  function isOurs({ protocol, remote, local }: Hop): boolean {
    return core.layer.listening.some(
      (own) =>
        own.protocol === protocol &&
        own.local.port === remote.port &&
        (own.local.address === remote.address || own.advertised.address === remote.address || local.address === remote.address),
    )
  }

  function adopt(notify: SipRequest, flow: Flow): Dialog | null {
    if (notify.method !== 'NOTIFY') return null
    const found = subscribing.get(keyOf(notify.callId, notify.to.tag))
    if (!found) return null
    const dialog = dialogOfNotify(found, notify, flow)
    core.dialogs.add(dialog)
    return dialog
  }

  return { request, adopt }
}

function dialogOfNotify({ application, request }: Subscribing, notify: SipRequest, flow: Flow): Dialog {
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
    remoteTarget: notify.contacts[0]?.uri ?? request.uri,
    flow: wayOfRequest(notify, flow),
    contact: request.first('Contact') ?? '',
  })
}

function keyOf(callId: string, tag: string): string {
  return `${callId}\n${tag}`
}
