import { parseMinSe, parseSessionExpires, shortestInterval } from '../sip/headers/session-expires.js'
import { splitList } from '../sip/syntax/list.js'
import type { ResponseParts, SipHeaders, SipReply } from './contract.js'

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
export function longerOffer({ seconds }: SessionOffer, answer: SipReply): SessionOffer | null {
  const wanted = answer.status === 422 ? parseMinSe(answer.header('Min-SE')) : null
  return wanted !== null && wanted > seconds ? { seconds: wanted, least: wanted } : null
}

/** The terms of the 2xx to an INVITE of ours. A far end without session timers is refreshed by us all the same (RFC 4028 §7.2). */
export function termsOfAnswer(offer: SessionOffer, answer: Headed): SessionTerms {
  const given = parseSessionExpires(answer.header('Session-Expires'))
  if (!given) return { ...leastIn(offer), seconds: offer.seconds, refresher: 'us' }
  const seconds = Math.max(given.seconds, shortestInterval)
  return { ...leastIn(offer), seconds, refresher: given.refresher === 'uas' ? 'them' : 'us' }
}

export interface SessionAnswer {
  readonly terms: SessionTerms
  readonly headers: SipHeaders
}

/** For our 2xx to an INVITE or UPDATE (RFC 4028 §9, table 2): never longer than asked, and refreshed by the caller only where it insists. */
export function answering({ seconds }: SessionOffer, request: Headed, headers: SipHeaders): SessionAnswer {
  const asked = parseSessionExpires(request.header('Session-Expires'))
  const least = leastOf(request)
  const agreed = Math.max(Math.min(asked?.seconds ?? seconds, seconds), least, shortestInterval)
  const isAble = ['Supported', 'Require']
    .flatMap((name) => splitList(request.header(name)))
    .some((option) => option.toLowerCase() === 'timer')
  const byCaller = isAble && asked?.refresher === 'uac'
  const session = { 'Session-Expires': `${agreed};refresher=${byCaller ? 'uac' : 'uas'}` }
  return {
    terms: { seconds: agreed, refresher: byCaller ? 'them' : 'us' },
    headers: withTimer({ ...headers, ...session, ...(byCaller && { Require: 'timer' }) }),
  }
}

/** Longest Min-SE that we follow: a day. With a longer interval a far end that is gone is never noticed. */
const longestLeast = 86_400

function leastOf(request: Headed): number {
  const least = parseMinSe(request.header('Min-SE')) ?? 0
  return least > longestLeast ? 0 : least
}

/** The session timer of one dialog, carried on by every INVITE and UPDATE inside it: one without would end it (RFC 4028 §7.4, §9). */
export interface SessionTimer {
  /** Of a request of ours. */
  headersOf(method: string, headers: SipHeaders | undefined): SipHeaders | undefined
  /** Its final response. */
  heard(method: string, answer: SipReply): void
  /** True where the request is to be sent again: a 422 has asked for a longer interval, which `headersOf` gives from now on (RFC 4028 §7.3). */
  lengthens(method: string, answer: SipReply): boolean
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
    lengthens(method, answer) {
      const longer = terms && refreshes(method) ? longerOffer(terms, answer) : null
      if (terms && longer) terms = { ...terms, ...longer }
      return longer !== null
    },
    completed(method, request, { status, parts }) {
      if (!terms || !refreshes(method) || status < 200 || status >= 300) return parts
      const answer = answering(terms, request, parts?.headers ?? {})
      terms = { ...answer.terms, ...leastIn(terms) }
      return { ...parts, headers: answer.headers }
    },
  }
}

function refreshes(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE'
}

/** Once the far end has named its shortest interval, every later request carries it (RFC 4028 §7.4). */
function leastIn({ least }: SessionOffer): Pick<SessionOffer, 'least'> {
  return least === undefined ? {} : { least }
}

function keeping({ seconds, refresher, least = shortestInterval }: SessionTerms, headers: SipHeaders): SipHeaders {
  const role = refresher === 'us' ? 'uac' : 'uas'
  return withTimer({ ...headers, 'Session-Expires': `${Math.max(seconds, least)};refresher=${role}`, 'Min-SE': String(least) })
}

function withTimer(headers: SipHeaders): SipHeaders {
  const name = Object.keys(headers).find((each) => each.toLowerCase() === 'supported') ?? 'Supported'
  const options = [headers[name] ?? []].flat().flatMap(splitList)
  return { ...headers, [name]: [...options.filter((option) => option.toLowerCase() !== 'timer'), 'timer'].join(', ') }
}
