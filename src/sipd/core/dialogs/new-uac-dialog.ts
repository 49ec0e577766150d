import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import { type Dialog, newDialog } from './dialog.js'
import { flowOfRequest, flowOfResponse } from './flow-choice.js'
import { contactOfDialog } from './remote-target.js'

/** The far end that responded, and the application that sent the request. */
interface Responder {
  readonly application: Application
  readonly flow: Flow
  readonly followsFlow: boolean
  readonly isPinned: boolean
}

/** The dialog that a response creates (RFC 3261 §12.1.2). */
export function dialogOfResponse(
  request: SipRequest,
  response: SipResponse,
  { application, flow, followsFlow, isPinned }: Responder,
): Dialog {
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
    flow: isPinned ? flow : flowOfResponse(response, { uri: request.uri, overFlow: followsFlow }, flow),
    followsFlow,
    socket: flow.local,
    isPinned,
    contact: request.first('Contact') ?? '',
  })
}

/** The dialog that a NOTIFY creates before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4). */
export function dialogOfNotify(
  subscribe: SipRequest,
  notify: SipRequest,
  { application, flow }: Pick<Responder, 'application' | 'flow'>,
): Dialog {
  return newDialog({
    callId: subscribe.callId,
    fromTag: subscribe.from.tag,
    localTag: subscribe.from.tag,
    remoteTag: notify.from.tag,
    local: subscribe.first('From') ?? '',
    remote: notify.first('From') ?? '',
    creator: 'SUBSCRIBE',
    application,
    localSeq: subscribe.cseq.number,
    remoteSeq: notify.cseq.number,
    routeSet: notify.list('Record-Route'),
    remoteTarget: contactOfDialog(notify)?.uri ?? subscribe.uri,
    flow: flowOfRequest(notify, flow),
    followsFlow: false,
    socket: flow.local,
    isPinned: false,
    contact: subscribe.first('Contact') ?? '',
  })
}

/** RFC 3261 §12.1.2. A phone that is reached only by its Path stays so in its dialogs if no proxy record-routes. */
export function routesOf(request: SipRequest, response: SipResponse): readonly string[] {
  const recorded = response.list('Record-Route')
  return recorded.length > 0 ? [...recorded].reverse() : request.list('Route')
}
