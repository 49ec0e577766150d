import { parseMinSe, parseSessionExpires, shortestInterval } from '../sip/headers/session-expires.js'
import { splitList } from '../sip/syntax/list.js'
import type { ResponseParts, SipHeaders, SipReply } from './contract.js'

/** The session timer that we offer to every far end (RFC 4028). Each leg of a call has its own. */
export interface SessionOffer {
  /** The session interval: a far end that is gone is detected within this time. */
  readonly seconds: number
  /** The shortest interval that the far end accepts, from the Min-SE of its 422. */
  readonly least?: number
}

/** The session timer agreed for one dialog. */
export interface SessionTerms extends SessionOffer {
  readonly refresher: 'us' | 'them'
}

interface Message {
  header(name: string): string
}

/**
 * Headers for an INVITE that begins a dialog (RFC 4028 §7.1). As `uac` we refresh, so that the call survives a far end that cannot. A far end
 * that challenges INVITEs has to be the `uas` that refreshes: the SIP server sends our refreshes, and has no credentials.
 */
export function withSessionOffer(
  { seconds, least = shortestInterval }: SessionOffer,
  headers: SipHeaders,
  refresher: 'uac' | 'uas',
): SipHeaders {
  return withTimer({ ...headers, 'Session-Expires': `${seconds};refresher=${refresher}`, 'Min-SE': String(least) })
}

/** Each proxy on the way may require a longer interval than the one before it (RFC 4028 §7.3). */
export const mostLongerOffers = 4

/** The offer for another attempt after 422 (RFC 4028 §7.3); null for a response that does not ask for a longer interval, or for days. */
export function longerOffer({ seconds }: SessionOffer, reply: SipReply): SessionOffer | null {
  const wanted = reply.status === 422 ? parseMinSe(reply.header('Min-SE')) : null
  return wanted !== null && wanted > seconds && wanted <= longestLeast ? { seconds: wanted, least: wanted } : null
}

/** The terms in the 2xx to our INVITE. If the far end has no session timers, we refresh (RFC 4028 §7.2). */
export function agreedTerms(offer: SessionOffer, reply: Message): SessionTerms {
  const given = parseSessionExpires(reply.header('Session-Expires'))
  if (!given) return { ...leastIn(offer), seconds: offer.seconds, refresher: 'us' }
  const seconds = Math.max(given.seconds, shortestInterval)
  return { ...leastIn(offer), seconds, refresher: given.refresher === 'uas' ? 'them' : 'us' }
}

export interface AgreedSession {
  readonly terms: SessionTerms
  readonly headers: SipHeaders
}

/**
 * Terms and headers of our 2xx to an INVITE or UPDATE (RFC 4028 §9, table 2). The interval is never longer than requested, and the caller
 * refreshes only if it insists.
 */
export function withSessionTerms({ seconds }: SessionOffer, request: Message, headers: SipHeaders): AgreedSession {
  const requested = parseSessionExpires(request.header('Session-Expires'))
  const least = leastOf(request)
  const agreed = Math.max(Math.min(requested?.seconds ?? seconds, seconds), least, shortestInterval)
  const supportsTimer = ['Supported', 'Require']
    .flatMap((name) => splitList(request.header(name)))
    .some((option) => option.toLowerCase() === 'timer')
  const byCaller = supportsTimer && requested?.refresher === 'uac'
  const session = { 'Session-Expires': `${agreed};refresher=${byCaller ? 'uac' : 'uas'}` }
  return {
    terms: { seconds: agreed, refresher: byCaller ? 'them' : 'us' },
    headers: withTimer({ ...headers, ...session, ...(byCaller && { Require: 'timer' }) }),
  }
}

/** Longest Min-SE that we accept: a day. A longer interval would never detect a far end that is gone. */
const longestLeast = 86_400

function leastOf(request: Message): number {
  const least = parseMinSe(request.header('Min-SE')) ?? 0
  return least > longestLeast ? 0 : least
}

/** The session timer of one dialog. Every INVITE and UPDATE in the dialog renews it; one without its headers would end it (RFC 4028 §7.4, §9). */
export interface SessionTimer {
  /** The headers of our request. */
  headersOf(method: string, headers: SipHeaders | undefined): SipHeaders | undefined
  /** Takes the final response to our request. */
  heard(method: string, reply: SipReply): void
  /** True if the request is to be sent again: a 422 has asked for a longer interval, which `headersOf` gives from now on (RFC 4028 §7.3). */
  lengthens(method: string, reply: SipReply): boolean
  /** Completes our response to a request of the far end. */
  completed(method: string, request: Message, response: Response): ResponseParts | undefined
}

interface Response {
  readonly status: number
  readonly parts: ResponseParts | undefined
}

/** `agreed`: the terms when the dialog began; undefined if it has no session timer. */
export function createSessionTimer(agreed: SessionTerms | undefined): SessionTimer {
  let terms = agreed
  return {
    headersOf: (method, headers) => (terms && refreshes(method) ? withRefresh(terms, headers ?? {}) : headers),
    heard(method, reply) {
      if (terms && refreshes(method) && reply.status < 300) terms = agreedTerms(terms, reply)
    },
    lengthens(method, reply) {
      const longer = terms && refreshes(method) ? longerOffer(terms, reply) : null
      if (terms && longer) terms = { ...terms, ...longer }
      return longer !== null
    },
    completed(method, request, { status, parts }) {
      if (!terms || !refreshes(method) || status < 200 || status >= 300) return parts
      const renewed = withSessionTerms(terms, request, parts?.headers ?? {})
      terms = { ...renewed.terms, ...leastIn(terms) }
      return { ...parts, headers: renewed.headers }
    },
  }
}

function refreshes(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE'
}

/** After a 422, every later request carries the far end's Min-SE (RFC 4028 §7.4). */
function leastIn({ least }: SessionOffer): Pick<SessionOffer, 'least'> {
  return least === undefined ? {} : { least }
}

function withRefresh({ seconds, refresher, least = shortestInterval }: SessionTerms, headers: SipHeaders): SipHeaders {
  const role = refresher === 'us' ? 'uac' : 'uas'
  return withTimer({ ...headers, 'Session-Expires': `${Math.max(seconds, least)};refresher=${role}`, 'Min-SE': String(least) })
}

function withTimer(headers: SipHeaders): SipHeaders {
  const name = Object.keys(headers).find((each) => each.toLowerCase() === 'supported') ?? 'Supported'
  const options = [headers[name] ?? []].flat().flatMap(splitList)
  return { ...headers, [name]: [...options.filter((option) => option.toLowerCase() !== 'timer'), 'timer'].join(', ') }
}
