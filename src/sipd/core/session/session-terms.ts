import { parseMinSe, parseSessionExpires, shortestInterval } from '../../../sip/headers/session-expires.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'

/** What both sides have agreed on about the life of a session (RFC 4028). */
export interface SessionTerms {
  readonly seconds: number
  /** Who refreshes. */
  readonly refresher: 'us' | 'them'
  /** The shortest interval that the far end has named in a 422. */
  readonly least?: number
}

/**
 * True for a request that asks for an interval that is too short, from a far end with session timers: 422 (RFC 4028 §9). One without them
 * could not make anything of a 422; its interval, which a proxy may have put in, is lengthened by our answer.
 */
export function intervalTooSmall(request: SipRequest): boolean {
  const asked = parseSessionExpires(request.first('Session-Expires'))
  return asked !== null && asked.seconds < shortestInterval && isAble(request)
}

/**
 * Completes our 2xx to an INVITE or UPDATE (RFC 4028 §9) and answers the terms; null for a session without. What the application
 * has said in its response comes first. A caller that does not say who refreshes does it himself if he can.
 */
export function agree(request: SipRequest, response: SipResponse): SessionTerms | null {
  const said = parseSessionExpires(response.first('Session-Expires'))
  const asked = parseSessionExpires(request.first('Session-Expires'))
  const wanted = said ?? asked
  if (!wanted) return null
  const able = isAble(request)
  const refresher = able ? (said?.refresher ?? asked?.refresher ?? (said ? 'uas' : 'uac')) : 'uas'
  const seconds = Math.max(wanted.seconds, shortestInterval)
  response.set('Session-Expires', `${seconds};refresher=${refresher}`)
  if (refresher === 'uac' && !has(response, 'Require', 'timer')) response.append('Require', 'timer')
  return { seconds, refresher: refresher === 'uac' ? 'them' : 'us' }
}

/**
 * The terms of the 2xx to a request of ours (RFC 4028 §7.2). A far end without session timers leaves those out that we asked for: then we
 * refresh by ourselves.
 */
export function termsOf(request: SipRequest, response: SipResponse): SessionTerms | null {
  const given = parseSessionExpires(response.first('Session-Expires'))
  const agreed = given ?? parseSessionExpires(request.first('Session-Expires'))
  if (!agreed) return null
  const seconds = Math.max(agreed.seconds, shortestInterval)
  return { ...leastIn(request), seconds, refresher: given?.refresher === 'uas' ? 'them' : 'us' }
}

/** Our own request names a longer Min-SE than the usual one only after a 422, and every later one must (RFC 4028 §7.4). */
function leastIn(request: SipRequest): Pick<SessionTerms, 'least'> {
  const least = parseMinSe(request.first('Min-SE'))
  return least !== null && least > shortestInterval ? { least } : {}
}

function isAble(request: SipRequest): boolean {
  return has(request, 'Supported', 'timer') || has(request, 'Require', 'timer')
}

function has(message: SipRequest | SipResponse, name: string, option: string): boolean {
  return message.list(name).some((value) => value.toLowerCase() === option)
}
