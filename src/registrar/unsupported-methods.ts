import { schemeOf } from '../sip/uri/uri.js'
import { capabilities, type IncomingRequest, type SipApplication } from '../srf/srf.js'
import { unsupportedExtensions } from './register/register-request.js'

/**
 * What phones send outside a dialog beside REGISTER and INVITE. Each refusal is of the request alone: the 503 of a server that has nobody to
 * ask would send the phone to another server.
 */
export function answerOtherRequests({ onRequest }: Pick<SipApplication, 'onRequest'>): void {
  onRequest('OPTIONS', answerOptions)
  // RFC 6665 §4.2.1.1: no event package is known.
  onRequest('SUBSCRIBE', (request) => request.respond(489))
  for (const method of ['MESSAGE', 'PUBLISH'] as const) {
    onRequest(method, (request) => request.respond(405, { headers: { Allow: capabilities.Allow } }))
  }
  for (const method of ['INFO', 'NOTIFY'] as const) onRequest(method, (request) => request.respond(481))
}

/** RFC 3261 §11.2; §8.2.2.1 and §8.2.2.3 come first. */
function answerOptions(request: IncomingRequest): void {
  const unsupported = unsupportedExtensions(request)
  if (!['sip', 'sips', 'tel'].includes(schemeOf(request.uri))) request.respond(416)
  else if (unsupported) request.respond(unsupported.status, { reason: unsupported.reason, headers: unsupported.headers ?? {} })
  else request.respond(200, { headers: capabilities })
}
