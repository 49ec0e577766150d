import { keyBodies } from '../media/key.js'
import type { AudioSession } from '../media/media.js'
import { dialogOptions, type IncomingRequest, type ResponseParts } from '../srf/srf.js'
import type { InfoKeys } from './dtmf-info.js'

interface InCallNeeds {
  readonly session: AudioSession
  readonly infoKeys: InfoKeys
}

/** Responds to a request of the phone during a call. */
export function respondTo(request: IncomingRequest, needs: InCallNeeds): void {
  if (request.method === 'INFO') {
    respondToInfo(request, needs)
    return
  }
  const { status, parts } = responseTo(request, needs.session)
  request.respond(status, parts)
}

interface Response {
  readonly status: number
  readonly parts?: ResponseParts
}

function responseTo(request: IncomingRequest, session: AudioSession): Response {
  switch (request.method) {
    case 'INVITE':
      return audio(request.body === '' ? session.reoffer() : session.reanswer(request.body))
    case 'UPDATE':
      // RFC 3311 §5.1: an UPDATE without an offer only refreshes the dialog.
      return request.body === '' ? { status: 200 } : audio(session.reanswer(request.body))
    case 'OPTIONS':
      return { status: 200, parts: { headers: dialogOptions } }
    case 'NOTIFY':
    case 'MESSAGE':
      return { status: 200 }
    case 'REFER':
      // The transfer target would type a PIN in the name of this phone.
      return { status: 403, parts: { reason: 'Not To Be Transferred' } }
    default:
      return { status: 405, parts: { headers: { Allow: dialogOptions.Allow } } }
  }
}

/** A refused re-INVITE leaves the call unchanged (RFC 3261 §14.2). */
function audio(sdp: string | null): Response {
  return sdp === null ? { status: 488 } : { status: 200, parts: withSdp(sdp) }
}

export function withSdp(sdp: string): ResponseParts {
  return { headers: { 'Content-Type': 'application/sdp' }, body: sdp }
}

function respondToInfo(request: IncomingRequest, { session, infoKeys }: InCallNeeds): void {
  const info = infoKeys.read(request.header('Content-Type'), request.body)
  if (info.kind === 'unknown form') {
    request.respond(415, { headers: { Accept: keyBodies.join(', ') } })
    return
  }
  request.respond(200)
  if (info.kind === 'key') session.hearInfo(info.key)
}
