import { randomInt } from 'node:crypto'
import type { Clock } from '../../../base/clock.js'
import type { SipRequest } from '../../../sip/message/message.js'
import { splitList } from '../../../sip/syntax/list.js'
import { namesFlow } from '../../../sip/uri/flow-uri.js'
import { parseUri, schemeOf } from '../../../sip/uri/uri.js'
import type { Hop, TransactionLayer } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import type { Application, CallRecords } from '../application.js'
import { composeRequest } from '../compose.js'
import { dialogId } from '../dialogs/dialog.js'
import { fieldOf, type RequestDraft } from '../draft.js'
import type { ClientInvites } from './invites.js'
import { explicitNextHop, type Locator, onFlow } from './locator.js'
import type { RequestSender } from './request-sender.js'
import type { Subscribes } from './subscribes.js'
import { deliverResponse, type ReceivedResponse } from './uac-response.js'
import type { UnresponsiveHops } from './unresponsive-hops.js'

/** Requests of applications outside dialogs (RFC 3261 §8.1). */
export interface UacRequests {
  /** `routeUri`: the next hop that the application names; `''` for the Request-URI. */
  request(application: Application, command: string, routeUri: string, draft: RequestDraft): void
}

export interface UacRequestsNeeds {
  readonly clock: Clock
  readonly layer: Pick<TransactionLayer, 'listening'>
  readonly locator: Locator
  readonly sender: RequestSender
  readonly unresponsiveHops: UnresponsiveHops
  readonly invites: ClientInvites
  readonly subscribes: Subscribes
  readonly records: CallRecords
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

interface OutOfDialogRequest {
  readonly application: Application
  readonly command: string
  readonly draft: RequestDraft
  /** The application named the next hop. */
  readonly isRouted: boolean
  /** The next hop is a phone's flow, without a proxy in between. */
  readonly overFlow: boolean
  /** The phone's Path (RFC 3327 §5.3). As with drachtio-server, the application's Route is discarded unless the next hop is a flow. */
  readonly routeSet: readonly string[]
}

interface SentMessage {
  readonly application: Application
  readonly message: SipRequest
  readonly txnId: string
}

export function createUacRequests(needs: UacRequestsNeeds): UacRequests {
  const { clock, layer, locator, sender, unresponsiveHops, invites, subscribes, records } = needs
  let cseq = randomInt(1, 2 ** 27)

  function send(order: OutOfDialogRequest, found: readonly Hop[]): void {
    const { application, command, draft, overFlow } = order
    const hops = unresponsiveHops.order(overFlow ? found.map(onFlow) : found)
    const hop = hops[0]
    if (!hop) {
      fail(order, 'DNS Error')
      return
    }
    if (!order.isRouted && isOurs(hop)) {
      application.refused(command, 'can not send request to myself')
      return
    }
    const message = compose(order, hop, order.routeSet)
    if (!message) return
    // These closures live as long as the transaction; they must not keep the draft and its buffer.
    const sent = sender.send(message, hops, {
      sent(passage, bytes) {
        if (message.method === 'INVITE') records.attempt('application', bytes)
        application.requestSent(command, sent.txnId, passage, bytes)
      },
      received(response, origin) {
        if (invite) invites.receive(invite, response, origin)
        else receive({ application, message, txnId: sent.txnId }, { response, origin })
      },
    })
    const invite = draft.method === 'INVITE' ? invites.start({ sent, application, request: message, dialog: null, overFlow }) : null
    if (draft.method === 'SUBSCRIBE') subscribes.start(application, message)
  }

  /** Null if the command was refused. */
  function compose({ application, command, draft }: OutOfDialogRequest, hop: Hop, routeSet: readonly string[]): SipRequest | null {
    cseq += 1
    const composed = composeRequest(draft, hop, cseq, routeSet)
    if ('message' in composed) return composed.message
    application.refused(command, composed.refusal)
    return null
  }

  /** Refuses the command, or gives the application the response that RFC 3261 §8.1.3.1 prescribes for a local failure. */
  function fail(order: OutOfDialogRequest, reason: string): void {
    const { application, command, draft } = order
    const own = layer.listening[0]
    if (!own || (reason === noTransport && schemeOf(draft.uri) !== 'sips')) {
      application.refused(command, noTransport)
      return
    }
    const message = compose(order, { ...own, remote: own.local }, [])
    if (!message) return
    const failure = reason === noTransport ? { status: 416, reason: 'Unsupported URI Scheme' } : { status: 503, reason }
    const ids = { txnId: newWireId(), dialogId: draft.method === 'INVITE' ? dialogId(message.callId, message.from.tag) : '' }
    sender.fail(message, failure, {
      sent: (passage, bytes) => application.requestSent(command, ids.txnId, passage, bytes),
      received: (response, origin) => deliverResponse({ application, ...ids }, { response, origin }, clock.now()),
    })
  }

  /** A response to any request but INVITE. */
  function receive({ application, message, txnId }: SentMessage, received: ReceivedResponse): void {
    const { response, origin } = received
    if (response.status === 100) return
    const subscribed = message.method === 'SUBSCRIBE'
    if (subscribed && response.status >= 200) subscribes.receive(application, message, response, origin)
    const id = subscribed ? dialogId(message.callId, message.from.tag) : ''
    deliverResponse({ application, txnId, dialogId: id }, received, clock.now())
  }

  function isOurs({ protocol, remote, local }: Hop): boolean {
    return layer.listening.some(
      (own) =>
        own.protocol === protocol &&
        own.local.port === remote.port &&
        (own.local.address === remote.address || own.advertised.address === remote.address || local.address === remote.address),
    )
  }

  return {
    request(application, command, routeUri, draft) {
      const isRouted = routeUri !== ''
      const routeSet = namesFlow(routeUri) ? splitList(fieldOf(draft, 'Route') ?? '') : []
      const order = { application, command, draft, isRouted, overFlow: namesFlow(routeUri) && routeSet.length === 0, routeSet }
      if (!isSendable(order)) {
        application.refused(command, `invalid request-uri: ${draft.line}`)
        return
      }
      const destination = isRouted ? explicitNextHop(routeUri) : { uri: draft.uri, from: null }
      locator.locate(
        destination,
        (hops) => send(order, hops),
        (reason) => fail(order, reason),
      )
    },
  }
}

function isSendable({ draft, isRouted }: OutOfDialogRequest): boolean {
  const parsed = parseUri(draft.uri)
  return methods.has(draft.method) && (parsed?.kind === 'sip' || (parsed?.kind === 'tel' && isRouted))
}
