import { parseMinSe, parseSessionExpires, shortestInterval } from '../../../sip/headers/session-expires.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'

/** The session timer that both sides have negotiated (RFC 4028). */
export interface SessionTerms {
  readonly seconds: number
  /** The side that refreshes. */
  readonly refresher: 'us' | 'them'
  /** The minimum that the far end named in a 422. */
  readonly least?: number
}

/**
 * True for a request with too short an interval from a far end that supports session timers: it gets 422 (RFC 4028 §9). Any other far end
 * would not understand a 422; its interval, which a proxy may have added, is lengthened in our response.
 */
export function intervalTooSmall(request: SipRequest): boolean {
  const asked = parseSessionExpires(request.first('Session-Expires'))
  return asked !== null && asked.seconds < shortestInterval && supportsTimer(request)
}

/**
 * Adds the session timer to our 2xx to an INVITE or UPDATE (RFC 4028 §9); null for a session without one. The application's own
 * Session-Expires takes precedence. A caller that names no refresher refreshes by itself if it supports session timers.
 */
export function agree(request: SipRequest, response: SipResponse): SessionTerms | null {
  const given = parseSessionExpires(response.first('Session-Expires'))
  const asked = parseSessionExpires(request.first('Session-Expires'))
  const chosen = given ?? asked
  if (!chosen) return null
  const refresher = supportsTimer(request) ? (given?.refresher ?? asked?.refresher ?? (given ? 'uas' : 'uac')) : 'uas'
  const seconds = Math.max(chosen.seconds, shortestInterval)
  response.set('Session-Expires', `${seconds};refresher=${refresher}`)
  if (refresher === 'uac' && !has(response, 'Require', 'timer')) response.append('Require', 'timer')
  return { seconds, refresher: refresher === 'uac' ? 'them' : 'us' }
}

/**
 * The session timer in the 2xx to a request of ours (RFC 4028 §7.2). A far end that does not support session timers omits it: then we
 * refresh.
 */
export function termsOf(request: SipRequest, response: SipResponse): SessionTerms | null {
  const given = parseSessionExpires(response.first('Session-Expires'))
  const agreed = given ?? parseSessionExpires(request.first('Session-Expires'))
  if (!agreed) return null
  const seconds = Math.max(agreed.seconds, shortestInterval)
  return { ...leastIn(request), seconds, refresher: given?.refresher === 'uas' ? 'them' : 'us' }
}

/** After a 422 our requests carry its longer Min-SE, and every later request must too (RFC 4028 §7.4). */
function leastIn(request: SipRequest): Pick<SessionTerms, 'least'> {
  const least = parseMinSe(request.first('Min-SE'))
  return least !== null && least > shortestInterval ? { least } : {}
}

function supportsTimer(request: SipRequest): boolean {
  return has(request, 'Supported', 'timer') || has(request, 'Require', 'timer')
}

function has(message: SipRequest | SipResponse, name: string, option: string): boolean {
  return message.list(name).some((value) => value.toLowerCase() === option)
}
