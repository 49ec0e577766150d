import type { SipRequest, SipResponse } from '../../../sip/message.js'
import { parseSessionExpires, shortestInterval } from '../../../sip/syntax/session-expires.js'

/** What both sides have agreed on about the life of a session (RFC 4028). */
export interface SessionTerms {
  readonly seconds: number
  /** Who refreshes. */
  readonly refresher: 'us' | 'them'
}

/** True for a request that asks for an interval that is too short: 422 (RFC 4028 §9). */
export function asksTooLittle(request: SipRequest): boolean {
  const asked = parseSessionExpires(request.first('Session-Expires'))
  return asked !== null && asked.seconds < shortestInterval
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
  const able = has(request, 'Supported', 'timer')
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
  if (!given) {
    const asked = parseSessionExpires(request.first('Session-Expires'))
    return asked && { seconds: Math.max(asked.seconds, shortestInterval), refresher: 'us' }
  }
  return { seconds: Math.max(given.seconds, shortestInterval), refresher: given.refresher === 'uas' ? 'them' : 'us' }
}

function has(message: SipRequest | SipResponse, name: string, option: string): boolean {
  return message.list(name).some((value) => value.toLowerCase() === option)
}
