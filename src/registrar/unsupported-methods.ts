import { schemeOf } from '../sip/uri/uri.js'
import { capabilities, type IncomingRequest, type SipApplication } from '../srf/srf.js'
import { unsupportedExtensions } from './register/register-request.js'

/**
 * Handles requests outside a dialog other than REGISTER, INVITE, SUBSCRIBE and NOTIFY. Each refusal concerns the request alone: without it the SIP server would
 * respond with 503, which makes a phone change to another server.
 */
export function respondToOtherRequests({ onRequest }: Pick<SipApplication, 'onRequest'>): void {
  onRequest('OPTIONS', respondToOptions)
  for (const method of ['MESSAGE', 'PUBLISH'] as const) {
    onRequest(method, (request) => request.respond(405, { headers: { Allow: capabilities.Allow } }))
  }
  onRequest('INFO', (request) => request.respond(481))
}

/** RFC 3261 §11.2, after the checks of §8.2.2.1 and §8.2.2.3. */
function respondToOptions(request: IncomingRequest): void {
  const unsupported = unsupportedExtensions(request)
  if (!['sip', 'sips', 'tel'].includes(schemeOf(request.uri))) request.respond(416)
  else if (unsupported) request.respond(unsupported.status, { reason: unsupported.reason, headers: unsupported.headers ?? {} })
  else request.respond(200, { headers: capabilities })
}
