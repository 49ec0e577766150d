import { maxDeltaSeconds, parseInteger, splitList } from '../sip/headers.js'
import { parseSessionExpires, shortestInterval } from '../sip/syntax/session-expires.js'
import type { ResponseParts, SipAnswer, SipHeaders } from './contract.js'

/** What is offered to every far end (RFC 4028): each leg of a call has a session of its own. */
export interface SessionOffer {
  /** The interval within which a far end that is gone is noticed. */
  readonly seconds: number
  /** The shortest interval that the far end bears, as its 422 says. */
  readonly least?: number
}

/** What holds in one dialog. */
export interface SessionTerms extends SessionOffer {
  readonly refresher: 'us' | 'them'
}

interface Headed {
  header(name: string): string
}

/**
 * For an INVITE of ours that makes a dialog (RFC 4028 §7.1). We refresh, so that a far end that does not know how loses no call. One that
 * challenges us may challenge each refresh too, and those of the SIP server carry no credentials: there the far end refreshes.
 */
export function offering({ seconds, least = shortestInterval }: SessionOffer, headers: SipHeaders, isChallenged = false): SipHeaders {
  const refresher = isChallenged ? 'uas' : 'uac'
  return withTimer({ ...headers, 'Session-Expires': `${seconds};refresher=${refresher}`, 'Min-SE': String(least) })
}

/** The offer for a second attempt after 422 (RFC 4028 §7.3); null for an answer that asks for no longer interval. */
export function longerOffer({ seconds }: SessionOffer, answer: SipAnswer): SessionOffer | null {
  const wanted = answer.status === 422 ? parseInteger(answer.header('Min-SE').trim(), maxDeltaSeconds) : null
  return wanted !== null && wanted > seconds ? { seconds: wanted, least: wanted } : null
}

/** The terms of the 2xx to an INVITE of ours. A far end without session timers is refreshed by us all the same (RFC 4028 §7.2). */
export function termsOfAnswer({ seconds }: SessionOffer, answer: Headed): SessionTerms {
  const given = parseSessionExpires(answer.header('Session-Expires'))
  if (!given) return { seconds, refresher: 'us' }
  return { seconds: Math.max(given.seconds, shortestInterval), refresher: given.refresher === 'uas' ? 'them' : 'us' }
}

export interface SessionAnswer {
  readonly terms: SessionTerms
  readonly headers: SipHeaders
}

/** For our 2xx to an INVITE or UPDATE (RFC 4028 §9, table 2): never longer than asked, and refreshed by the caller only where it insists. */
export function answering({ seconds }: SessionOffer, request: Headed, headers: SipHeaders): SessionAnswer {
  const asked = parseSessionExpires(request.header('Session-Expires'))
  const least = parseInteger(request.header('Min-SE').trim(), maxDeltaSeconds) ?? 0
  const agreed = Math.max(Math.min(asked?.seconds ?? seconds, seconds), least, shortestInterval)
  const isAble = splitList(request.header('Supported')).some((option) => option.toLowerCase() === 'timer')
  const byCaller = isAble && asked?.refresher === 'uac'
  const session = { 'Session-Expires': `${agreed};refresher=${byCaller ? 'uac' : 'uas'}` }
  return {
    terms: { seconds: agreed, refresher: byCaller ? 'them' : 'us' },
    headers: withTimer({ ...headers, ...session, ...(byCaller && { Require: 'timer' }) }),
  }
}

/** The session timer of one dialog, carried on by every INVITE and UPDATE inside it: one without would end it (RFC 4028 §7.4, §9). */
export interface SessionTimer {
  /** Of a request of ours. */
  headersOf(method: string, headers: SipHeaders | undefined): SipHeaders | undefined
  /** Its final response. */
  heard(method: string, answer: SipAnswer): void
  /** Our response to a request of the far end. */
  completed(method: string, request: Headed, response: Response): ResponseParts | undefined
}

interface Response {
  readonly status: number
  readonly parts: ResponseParts | undefined
}

/** `agreed`: how it began; undefined: the dialog has none. */
export function createSessionTimer(agreed: SessionTerms | undefined): SessionTimer {
  let terms = agreed
  return {
    headersOf: (method, headers) => (terms && refreshes(method) ? keeping(terms, headers ?? {}) : headers),
    heard(method, answer) {
      if (terms && refreshes(method) && answer.status < 300) terms = termsOfAnswer(terms, answer)
    },
    completed(method, request, { status, parts }) {
      if (!terms || !refreshes(method) || status < 200 || status >= 300) return parts
      const answer = answering(terms, request, parts?.headers ?? {})
      terms = answer.terms
      return { ...parts, headers: answer.headers }
    },
  }
}

function refreshes(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE'
}

function keeping({ seconds, refresher }: SessionTerms, headers: SipHeaders): SipHeaders {
  const role = refresher === 'us' ? 'uac' : 'uas'
  return withTimer({ ...headers, 'Session-Expires': `${seconds};refresher=${role}`, 'Min-SE': String(shortestInterval) })
}

function withTimer(headers: SipHeaders): SipHeaders {
  const name = Object.keys(headers).find((each) => each.toLowerCase() === 'supported') ?? 'Supported'
  const options = [headers[name] ?? []].flat().flatMap(splitList)
  return { ...headers, [name]: [...options.filter((option) => option.toLowerCase() !== 'timer'), 'timer'].join(', ') }
}
