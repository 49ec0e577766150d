import { type Clock, systemClock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Secret } from '../base/secret.js'
import type { IncomingRequest, OutgoingParts, SipApplication, SipHeaders, SipReply } from './contract.js'
import { callCredentials, sameCall } from './credentials.js'
import { type Drachtio, type DrachtioMessage, type DrachtioRequest, newDrachtio } from './drachtio.js'
import { flattenHeaders, withReplaced } from './headers.js'
import { sendInvite, toIncomingInvite } from './invite.js'
import { type Connection, connect } from './link/connection.js'
import { localReply, sendResponse, toIncomingRequest, toReply } from './messages.js'
import { toIncomingRefer } from './refer.js'
import type { SessionOffer } from './session.js'
import { createSubscriptions, type Subscriptions } from './subscriptions/subscriptions.js'

export {
  callCapabilities,
  callOptions,
  capabilities,
  dialogCapabilities,
  dialogOptions,
  trunkCapabilities,
  trunkOptions,
} from './capabilities.js'
export type * from './contract.js'
export { createNotifications, type Notifications, type NotifiedState } from './subscriptions/notifications.js'

export interface SrfNeeds {
  /** The admin port of the SIP server: sipd or a drachtio-server. */
  readonly admin: {
    readonly host: string
    readonly port: number
    readonly secret: Secret
    /** True if the SIP server reports 100 responses. A drachtio-server does not. */
    readonly reportsTrying?: boolean
    /** True if the SIP server can continue dialogs of another process. A drachtio-server cannot. */
    readonly restores?: boolean
  }
  readonly log: Logger
  readonly clock?: Clock
  /** The session timer offered in every dialog; absent: none. */
  readonly session?: SessionOffer
  /** Aborted when the connection is no longer needed; the promise then rejects with its reason. */
  readonly stopping?: AbortSignal
}

/**
 * Connects to the SIP server, and retries until it accepts us.
 * @throws AppError SIP_SERVER_REFUSED if the server refuses the secret
 */
export async function createSrf({
  admin: { host, port, secret, reportsTrying = false, restores = false },
  log,
  clock = systemClock,
  session,
  stopping,
}: SrfNeeds): Promise<SipApplication> {
  const drachtio = newDrachtio()
  const connection = await connect({ drachtio, admin: { host, port, secret: secret.reveal() }, log, clock, stopping })
  const subscriptions = createSubscriptions({ drachtio, connection, clock, restores })
  refuseStrays(drachtio, subscriptions)
  drachtio.use('subscribe', (raw) => subscriptions.received(raw))
  return {
    get listening() {
      return connection.listening
    },
    get connected() {
      return connection.connected
    },
    reportsTrying,
    onReconnected: connection.onReconnected,
    onInvite(handle) {
      drachtio.use('invite', (raw) => take(toIncomingInvite({ drachtio, connection, session }, raw), connection, handle))
    },
    onRefer(handle) {
      drachtio.use('refer', (raw) => take(toIncomingRefer(drachtio, connection, raw), connection, handle))
    },
    onSubscribe: subscriptions.onSubscribe,
    restoreSubscription: subscriptions.restoreSubscription,
    onRequest(method, handle) {
      drachtio.use(method.toLowerCase(), (raw) => {
        const request = toIncomingRequest(raw)
        connection.guard(
          method,
          () => handle(request),
          () => request.respond(500),
        )
      })
    },
    request: (method, uri, parts = {}) => sendRequest(drachtio, connection, method, uri, parts),
    invite: (uri, sdp, parts = {}) => sendInvite({ drachtio, connection, session, uri, sdp, parts }),
    close: () => Promise.resolve(connection.close()),
  }
}

/** A request that begins a dialog. */
function take<Request extends IncomingRequest>(
  request: Request,
  connection: Connection,
  handle: (request: Request) => void | Promise<void>,
): void {
  // RFC 3261 §8.1.1.8: without a Contact, requests in the dialog have no target.
  if (request.header('Contact') === '') {
    request.respond(400, { reason: 'Missing Contact' })
    return
  }
  connection.guard(
    request.method,
    () => handle(request),
    () => request.respond(500),
  )
}

/**
 * For a request in a dialog that has just ended, drachtio-srf would send 404; RFC 3261 §12.2.2 requires 481. A PRACK belongs to one of our
 * responses, or the SIP server would have refused it; drachtio-srf responds to it.
 */
function refuseStrays(drachtio: Drachtio, subscriptions: Pick<Subscriptions, 'has'>): void {
  drachtio.use((request, _response, next) => {
    const inDialog = /;\s*tag=/i.test(request.get('To') ?? '')
    if (!inDialog || request.method === 'ACK' || request.method === 'PRACK' || isMessageSummary(request)) return next()
    if (request.method === 'SUBSCRIBE' && subscriptions.has(request)) return next()
    sendResponse(request, 481)
  })
}

/** The dialog of a subscription belongs to the SIP server alone: drachtio-srf knows only those of calls. */
function isMessageSummary(request: DrachtioRequest): boolean {
  return request.method === 'NOTIFY' && /^\s*message-summary\b/i.test(request.get('Event') ?? '')
}

function dialogOf(method: string, { status, stackDialogId }: DrachtioMessage): Pick<SipReply, 'dialog'> {
  return method === 'SUBSCRIBE' && status < 300 && stackDialogId ? { dialog: stackDialogId } : {}
}

async function sendRequest(
  drachtio: Drachtio,
  connection: Connection,
  method: string,
  uri: string,
  parts: OutgoingParts,
): Promise<SipReply> {
  const sent: { call: SipHeaders } = { call: {} }
  const attempt = (headers: SipHeaders): Promise<SipReply> =>
    connection.settle((done) => {
      const optional = {
        ...(parts.body ? { body: parts.body } : {}),
        ...(parts.via === undefined ? {} : { proxy: parts.via }),
        ...(parts.dialog === undefined ? {} : { stackDialogId: parts.dialog }),
      }
      drachtio.request({ uri, method, headers: flattenHeaders(headers), ...optional }, (fault, request) => {
        if (fault) return done(localReply(503, fault.message))
        sent.call = sameCall(request, method)
        request.on('response', (response: DrachtioMessage) => {
          if (response.status >= 200) done({ ...toReply(response), ...dialogOf(method, response) })
        })
      })
    })
  const challenges = parts.credentials && callCredentials(parts.credentials).begin()
  for (let headers = parts.headers ?? {}; ; ) {
    const reply = await attempt(headers)
    const proof = challenges?.headersFor(reply, { method, uri, body: parts.body ?? '' })
    if (!proof) return reply
    headers = withReplaced(headers, { ...(parts.dialog === undefined ? sent.call : {}), ...proof })
  }
}
