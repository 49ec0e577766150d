import type { Milliseconds } from '../../base/clock.js'
import type { TrunkRegistration } from '../../dialplan/dialplan.js'
import { parseExpires } from '../../sip/headers/expires.js'
import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { newCallId } from '../../sip/ids.js'
import { maxDeltaSeconds, parseInteger } from '../../sip/syntax/integer.js'
import { splitList } from '../../sip/syntax/list.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { SipApplication, SipCredentials, SipReply, SipSource } from '../../srf/srf.js'

export interface RegisterNeeds {
  readonly srf: Pick<SipApplication, 'request'>
  readonly registration: TrunkRegistration
  /** User part of our Contact. */
  readonly user: string
  /** The next hop; null: the registrar. */
  readonly outboundProxy: string | null
  readonly credentials: SipCredentials | null
}

/** The binding that a registrar has made. */
export interface Binding {
  readonly seconds: number
  /** The Route of our requests to the trunk (RFC 3608 §6.1); `''` for none. */
  readonly serviceRoute: string
  /** The registrar or the proxy in front of it. */
  readonly source: SipSource | null
}

/**
 * - unsent: our own SIP server is lost. - silent: no response. - refused: it will hardly be different soon.
 * - unkept: a 2xx that shows no binding of ours. - failed: any other response.
 */
export type RegisterOutcome =
  | { readonly outcome: 'accepted'; readonly binding: Binding }
  | { readonly outcome: 'unsent' }
  | {
      readonly outcome: 'silent' | 'refused' | 'unkept' | 'failed'
      readonly status: number
      readonly reason: string
      readonly retryAfterMs: Milliseconds
    }

export interface RegisterRequests {
  /** Sends a REGISTER for our own Contact only; 0 seconds remove it (RFC 3261 §10.2.2). */
  send(seconds: number): Promise<RegisterOutcome>
}

/** A registrar may require a longer expiry than ours, but not a week. */
const longestSeconds = 604_800
/** RFC 3261 §20.33: a registrar that is down names the time until it is back. It is not trusted beyond an hour. */
const longestRetryAfterSeconds = 3_600

/** A 423 may ask for a longer expiry than the one before. Then another is tried, but a registrar that never ends is not followed. */
const mostLongerExpiries = 4

/**
 * The REGISTER requests of one registration: one Call-ID, and a CSeq that grows (RFC 3261 §10.2). Challenges are answered, also stale ones
 * (RFC 3261 §22.2).
 */
export function createRegisterRequests(needs: RegisterNeeds): RegisterRequests {
  const { srf, registration, outboundProxy, credentials } = needs
  let callId = newCallId()
  let cseq = 0

  async function attempt(seconds: number): Promise<SipReply> {
    cseq += 1
    const reply = await srf.request('REGISTER', registration.registrar, {
      headers: { ...headersOf(needs, seconds), 'Call-ID': callId, CSeq: `${cseq} REGISTER` },
      ...(credentials ? { credentials } : {}),
      ...(outboundProxy === null ? {} : { via: outboundProxy }),
    })
    noteNumber(reply)
    return reply
  }

  /** An answered challenge has used a number as well. If it is not known which was the last, another Call-ID begins. */
  function noteNumber(reply: SipReply): void {
    const number = parseInteger(reply.header('CSeq').split(' ', 1)[0] ?? '', maxDeltaSeconds)
    if (number !== null) cseq = number
    else [callId, cseq] = [newCallId(), 0]
  }

  return {
    async send(seconds) {
      let asked = seconds
      let reply = await attempt(asked)
      for (let repeats = 0; repeats < mostLongerExpiries; repeats++) {
        const longer = seconds > 0 ? longerExpiry(reply, asked) : null
        if (longer === null) break
        asked = longer
        reply = await attempt(asked)
      }
      return outcomeOf(needs, reply, asked)
    },
  }
}

function headersOf({ registration: { aor, registrar }, user, outboundProxy }: RegisterNeeds, seconds: number) {
  const scheme = /^sips:/i.test(registrar) ? 'sips' : 'sip'
  const transport = /;transport=([a-z]+)/i.exec(outboundProxy ?? registrar)?.[1]?.toLowerCase()
  // The SIP server puts its own address in place of `localhost`.
  const contact = `${scheme}:${user}@localhost${transport === undefined || transport === 'udp' ? '' : `;transport=${transport}`}`
  return {
    From: `<${aor}>`,
    To: `<${aor}>`,
    Contact: `<${contact}>;expires=${seconds}`,
    Expires: String(seconds),
    // RFC 3327 §5.1: proxies on the way may ask to stay there.
    Supported: 'path',
  }
}

/** RFC 3261 §10.2.8: the shortest expiry that the registrar accepts; null if it does not ask for a longer one. */
function longerExpiry(reply: SipReply, seconds: number): number | null {
  const least = reply.status === 423 ? parseInteger(reply.header('Min-Expires').trim(), longestSeconds) : null
  return least !== null && least > seconds ? least : null
}

/** Responses after which the same request fails again until somebody changes an account. */
const refusals: ReadonlySet<number> = new Set([401, 403, 404, 407, 410, 604])

function outcomeOf(needs: RegisterNeeds, reply: SipReply, asked: number): RegisterOutcome {
  if (reply.madeHere === 'link') return { outcome: 'unsent' }
  const { status, reason } = reply
  const isSuccess = status >= 200 && status < 300
  const seconds = isSuccess ? grantedSeconds(needs, reply, asked) : 0
  if (isSuccess && (seconds > 0 || asked === 0))
    return { outcome: 'accepted', binding: { seconds, serviceRoute: serviceRouteOf(reply), source: reply.source ?? null } }
  const retryAfterMs = (parseInteger(/^\s*([0-9]+)/.exec(reply.header('Retry-After'))?.[1] ?? '', longestRetryAfterSeconds) ?? 0) * 1_000
  const outcome = reply.madeHere ? 'silent' : refusals.has(status) ? 'refused' : isSuccess ? 'unkept' : 'failed'
  return { outcome, status, reason, retryAfterMs }
}

/**
 * RFC 3261 §10.2.4: the expiry beside our Contact, else that of the whole response. Some border controllers show Contacts of their own in
 * place of ours and others: a single one stands for ours; of several, it is not known which does. 0: the registrar has not kept ours. That is also the
 * meaning of a response without any Contact, which shows all bindings (RFC 3261 §10.3), unless it grants an expiry all the same.
 */
function grantedSeconds({ user }: RegisterNeeds, reply: SipReply, asked: number): number {
  const contacts = splitList(reply.header('Contact')).flatMap((value) => parseNameAddr(value) ?? [])
  const own = contacts.find(({ uri }) => userOf(uri) === user) ?? (contacts.length === 1 ? contacts[0] : undefined)
  const whole = parseExpires(reply.header('Expires')) ?? (contacts.length > 0 ? asked : 0)
  return Math.min(parseExpires(own?.params.get('expires')) ?? whole, longestSeconds)
}

function userOf(uri: string): string | null {
  const parsed = parseUri(uri)
  return parsed?.kind === 'sip' ? (parsed.user?.toLowerCase() ?? null) : null
}

/** RFC 3608 §5. A value that is not a SIP URI would stop every call, so the whole header is ignored then. */
function serviceRouteOf(reply: SipReply): string {
  const values = splitList(reply.header('Service-Route'))
  return values.every((value) => parseUri(parseNameAddr(value)?.uri ?? '')?.kind === 'sip') ? values.join(', ') : ''
}
