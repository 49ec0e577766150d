import { parseVia } from '../sip/headers/via.js'
import { splitList } from '../sip/syntax/list.js'
import type { IncomingRequest, ResponseParts, SipReply, SipSource } from './contract.js'
import type { DrachtioMessage, DrachtioRequest } from './drachtio.js'
import { headersOf } from './headers.js'

/** A response from the network, or a failure that the SIP server reports as one. */
export function toReply(message: DrachtioMessage): SipReply {
  const { status, reason } = message
  const isFromNetwork = Boolean(message.source_address)
  return {
    status: isFromNetwork ? status : statusMadeHere(status),
    reason,
    header: (name) => message.get(name) ?? '',
    body: message.body ?? '',
    // The SIP server reports its own failures like responses, but without a source address.
    ...(isFromNetwork ? { source: toSource(message) } : { madeHere: 'server' }),
  }
}

/**
 * RFC 3261 §8.1.3.1: a timeout counts as 408, a transport error as 503. For the latter, drachtio-server has several statuses: 410 for a broken
 * connection, 416 for a missing transport, 500 for a failure of its resolver, 503 for a refused connection. 487 ends a call that we have
 * cancelled.
 */
function statusMadeHere(status: number): number {
  return status < 300 || status === 408 || status === 487 ? status : 503
}

/** The reply to a request that had no response. */
export function localReply(status: number, reason: string, madeHere: NonNullable<SipReply['madeHere']> = 'server'): SipReply {
  return { status, reason, header: () => '', body: '', madeHere }
}

/** The reply to every request while the SIP server is lost. */
export const linkLost: SipReply = localReply(503, 'SIP Server Lost', 'link')

export function toSource(request: DrachtioMessage): SipSource {
  return { protocol: protocolOf(request), address: request.source_address, port: request.source_port }
}

/**
 * The SIP server reports a WebSocket as the stream beneath it; the Via names the WebSocket (RFC 7118 §5.2.1). WSS over plain TCP means that a
 * proxy terminates TLS; for us the flow is WS.
 */
function protocolOf(request: DrachtioMessage): SipSource['protocol'] {
  const { protocol } = request
  if (protocol !== 'tcp' && protocol !== 'tls') return known.find((name) => name === protocol) ?? 'udp'
  const via = parseVia(splitList(request.get('Via') ?? '')[0] ?? '')
  if (via?.transport !== 'WS' && via?.transport !== 'WSS') return protocol
  return protocol === 'tls' ? 'wss' : 'ws'
}

/** An empty word means UDP. */
const known = ['udp', 'ws', 'wss'] as const

/** `completed` adds to our responses before they are sent. */
export function toIncomingRequest(
  request: DrachtioRequest,
  completed: (status: number, parts: ResponseParts | undefined) => ResponseParts | undefined = (_, parts) => parts,
): IncomingRequest {
  let responded = false
  return {
    method: request.method,
    uri: request.uri,
    callId: request.get('Call-ID') ?? '',
    header: (name) => request.get(name) ?? '',
    body: request.body ?? '',
    source: toSource(request),
    receivedOn: request.receivedOn ?? '',
    respond(status, parts) {
      // drachtio-srf responds to some requests by itself.
      if (responded || request.res.finalResponseSent) return
      responded = status >= 200
      sendResponse(request, status, completed(status, parts))
    },
    get responded() {
      return responded || request.res.finalResponseSent
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
