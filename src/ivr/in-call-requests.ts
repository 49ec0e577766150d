import { keyBodies } from '../media/key.js'
import type { AudioSession } from '../media/media.js'
import { dialogOptions, type IncomingRequest, type ResponseParts } from '../srf/srf.js'
import type { InfoKeys } from './dtmf-info.js'

interface InCallNeeds {
  readonly session: AudioSession
  readonly infoKeys: InfoKeys
}

/** Answers what a phone may ask during a call with a prompt. */
export function answerRequest(request: IncomingRequest, needs: InCallNeeds): void {
  if (request.method === 'INFO') {
    answerInfo(request, needs)
    return
  }
  const { status, parts } = answerOf(request, needs.session)
  request.respond(status, parts)
}

interface Answer {
  readonly status: number
  readonly parts?: ResponseParts
}

function answerOf(request: IncomingRequest, session: AudioSession): Answer {
  switch (request.method) {
    case 'INVITE':
      return audio(request.body === '' ? session.reoffer() : session.reanswer(request.body))
    case 'UPDATE':
      // RFC 3311 §5.1: one without an offer only refreshes the dialog.
      return request.body === '' ? { status: 200 } : audio(session.reanswer(request.body))
    case 'OPTIONS':
      return { status: 200, parts: { headers: dialogOptions } }
    case 'NOTIFY':
    case 'MESSAGE':
      return { status: 200 }
    case 'REFER':
      // Whoever got the call by a transfer would be typing at another's phone.
      return { status: 403, parts: { reason: 'Not To Be Transferred' } }
    default:
      return { status: 405, parts: { headers: { Allow: dialogOptions.Allow } } }
  }
}

/** A refused re-INVITE leaves the call as it was (RFC 3261 §14.2). */
function audio(sdp: string | null): Answer {
  return sdp === null ? { status: 488 } : { status: 200, parts: withSdp(sdp) }
}

export function withSdp(sdp: string): ResponseParts {
  return { headers: { 'Content-Type': 'application/sdp' }, body: sdp }
}

function answerInfo(request: IncomingRequest, { session, infoKeys }: InCallNeeds): void {
  const heard = infoKeys.read(request.header('Content-Type'), request.body)
  if (heard.kind === 'unknown form') {
    request.respond(415, { headers: { Accept: keyBodies.join(', ') } })
    return
  }
  request.respond(200)
  if (heard.kind === 'key') session.hearInfo(heard.key)
}
