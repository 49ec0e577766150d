import type { IncomingRequest, ResponseParts, SipAnswer, SipSource } from './contract.js'
import type { DrachtioMessage, DrachtioRequest } from './drachtio.js'
import { flattenHeaders } from './headers.js'

/** The answer a response of the network is. */
export function toAnswer(message: DrachtioMessage): SipAnswer {
  return {
    status: message.status,
    reason: message.reason,
    header: (name) => message.get(name) ?? '',
    body: message.body ?? '',
  }
}

/** The answer where there was no response at all. */
export function localAnswer(status: number, reason: string): SipAnswer {
  return { status, reason, header: () => '', body: '' }
}

export function toSource(request: DrachtioRequest): SipSource {
  // The SIP server reports WebSockets as the transport beneath; an empty word stands for UDP.
  const known = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const
  return {
    protocol: known.find((name) => name === request.protocol) ?? 'udp',
    address: request.source_address,
    port: request.source_port,
  }
}

export function toIncomingRequest(request: DrachtioRequest): IncomingRequest {
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
      sendResponse(request, status, parts)
    },
    get answered() {
      return answered || request.res.finalResponseSent
    },
  }
}

/** Sends a response. A status that drachtio-srf does not know becomes the x00 of its class (RFC 3261 §8.1.3.2). */
export function sendResponse(request: DrachtioRequest, status: number, { reason, headers, body }: ResponseParts = {}): void {
  const parts = { headers: flattenHeaders(headers), ...(body ? { body } : {}) }
  try {
    request.res.send(status, reason, parts)
  } catch {
    request.res.send(Math.floor(status / 100) * 100, reason, parts)
  }
}
