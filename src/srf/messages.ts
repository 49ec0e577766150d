import { parseVia } from '../sip/headers/via.js'
import { splitList } from '../sip/syntax/list.js'
import type { IncomingRequest, ResponseParts, SipReply, SipSource } from './contract.js'
import type { DrachtioMessage, DrachtioRequest } from './drachtio.js'
import { headersOf } from './headers.js'

/** The answer a response of the network is. */
export function toReply(message: DrachtioMessage): SipReply {
  const { status, reason } = message
  const isFromNetwork = Boolean(message.source_address)
  return {
    status: isFromNetwork ? status : statusMadeHere(status),
    reason,
    header: (name) => message.get(name) ?? '',
    body: message.body ?? '',
    // The SIP server delivers its own failures like responses, without the address of a sender.
    ...(isFromNetwork ? {} : { madeHere: 'server' }),
  }
}

/**
 * RFC 3261 §8.1.3.1: a time-out counts as 408 and a request that cannot be delivered as 503. drachtio-server reports the latter with several
 * statuses: 410 for a connection that broke, 416 for a missing transport, 500 for a fault of its resolver, 503 for a refused connection.
 * 487 is the end of a call that we have cancelled.
 */
function statusMadeHere(status: number): number {
  return status < 300 || status === 408 || status === 487 ? status : 503
}

/** The answer where there was no response at all. */
export function localReply(status: number, reason: string, madeHere: NonNullable<SipReply['madeHere']> = 'server'): SipReply {
  return { status, reason, header: () => '', body: '', madeHere }
}

/** The answer to every request while the SIP server is lost. */
export const linkLost: SipReply = localReply(503, 'SIP Server Lost', 'link')

export function toSource(request: DrachtioRequest): SipSource {
  return { protocol: protocolOf(request), address: request.source_address, port: request.source_port }
}

/**
 * The SIP server reports a WebSocket as the stream beneath it; what it is, its Via says (RFC 7118 §5.2.1). WSS over plain TCP is a phone
 * whose TLS somebody in front of us has taken off: to us it is a WebSocket without.
 */
function protocolOf(request: DrachtioRequest): SipSource['protocol'] {
  const { protocol } = request
  if (protocol !== 'tcp' && protocol !== 'tls') return known.find((name) => name === protocol) ?? 'udp'
  const via = parseVia(splitList(request.get('Via') ?? '')[0] ?? '')
  if (via?.transport !== 'WS' && via?.transport !== 'WSS') return protocol
  return protocol === 'tls' ? 'wss' : 'ws'
}

/** An empty word stands for UDP. */
const known = ['udp', 'ws', 'wss'] as const

/** `completed`: the parts of a response as they are sent. */
export function toIncomingRequest(
  request: DrachtioRequest,
  completed: (status: number, parts: ResponseParts | undefined) => ResponseParts | undefined = (_, parts) => parts,
): IncomingRequest {
  let answered = false
  return {
    method: request.method,
    uri: request.uri,
    callId: request.get('Call-ID') ?? '',
    header: (name) => request.get(name) ?? '',
    body: request.body ?? '',
    source: toSource(request),
    receivedOn: request.receivedOn ?? '',
    respond(status, parts) {
      if (answered) return
      answered = status >= 200
      sendResponse(request, status, completed(status, parts))
    },
    get answered() {
      return answered || request.res.finalResponseSent
    },
  }
}

/** Sends a response. A status that drachtio-srf does not know becomes the x00 of its class (RFC 3261 §8.1.3.2). */
export function sendResponse(request: DrachtioRequest, status: number, { reason, headers, body }: ResponseParts = {}): void {
  const parts = { headers: headersOf(body, headers), ...(body ? { body } : {}) }
  try {
    request.res.send(status, reason, parts)
  } catch {
    request.res.send(Math.floor(status / 100) * 100, reason, parts)
  }
}
