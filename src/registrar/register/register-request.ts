import type { DigestAlgorithm } from '../../sip/auth/digest.js'
import { maxDeltaSeconds, parseCSeq, parseInteger, splitList, unquote } from '../../sip/headers/headers.js'
import { type NameAddr, parseNameAddr } from '../../sip/headers/name-addr.js'
import { parseVia } from '../../sip/headers/via.js'
import { parseUri, sipUri } from '../../sip/uri/uri.js'
import type { IncomingRequest, SipSource } from '../../srf/srf.js'
import type { Between } from '../bindings/record.js'
import { readPath } from './path.js'
import { type Refusal, refusal } from './refusal.js'

/** How long registrations may last, in seconds, and how many contacts a device may have. */
export interface ExpiryLimits {
  readonly minExpires: number
  readonly maxExpires: number
  readonly defaultExpires: number
  readonly maxContacts: number
}

/** One Contact of a REGISTER. */
export interface RequestedContact {
  readonly contact: string
  /** Granted; 0 removes. */
  readonly seconds: number
  readonly instance: string
}

/** What a REGISTER asks for (RFC 3261 §10.3). */
export type Wish =
  | { readonly kind: 'fetch' }
  | { readonly kind: 'remove all' }
  | { readonly kind: 'change'; readonly contacts: readonly RequestedContact[] }

/** Whose REGISTER it is in what order, and where it came from. */
export interface Origin {
  readonly callId: string
  readonly cseq: number
  readonly flow: string
  readonly local: string
  readonly path: string
  readonly between: Between
  readonly userAgent: string
  readonly digest: DigestAlgorithm
  readonly domain: string
}

/** What kind of phone it is, as it says itself. */
export function userAgentOf(request: Pick<IncomingRequest, 'header'>): string {
  return request.header('user-agent').slice(0, 200)
}

/** The user part of an address-of-record, escapes decoded, parameters gone (RFC 3261 §10.3 step 5); null where there is none. */
export function userOf(header: string): string | null {
  const uri = parseUri(parseNameAddr(header)?.uri ?? '')
  if (uri?.kind !== 'sip' || uri.user === null) return null
  try {
    return decodeURIComponent(uri.user)
  } catch {
    return null
  }
}

/** The host of an address-of-record or a Request-URI; `''` without. */
export function hostOf(header: string): string {
  const uri = parseUri(parseNameAddr(header)?.uri ?? header)
  return uri?.kind === 'sip' ? uri.host : ''
}

/** Extensions that a request requires and we do not have (RFC 3261 §10.3 step 2, §8.2.2.3): of REGISTER all but Path (RFC 3327 §4). */
export function unsupportedExtensions(request: IncomingRequest): Refusal | null {
  const isKnown = (option: string): boolean => request.method === 'REGISTER' && option.toLowerCase() === 'path'
  const required = splitList(request.header('require')).filter((option) => !isKnown(option))
  return required.length === 0 ? null : refusal(420, 'Bad Extension', { Unsupported: required.join(', ') })
}

export function readOrigin(request: IncomingRequest, { digest, domain }: Pick<Origin, 'digest' | 'domain'>): Origin | Refusal {
  const cseq = parseCSeq(request.header('cseq'))?.number
  if (cseq === undefined || request.callId === '') return refusal(400, 'Bad CSeq or Call-ID')
  const path = readPath(request.header('path'))
  if (typeof path !== 'string') return path
  const { callId, source, receivedOn: local } = request
  const between = betweenOf(request)
  return { callId, cseq, flow: flowOf(source), local, path, between, userAgent: userAgentOf(request), digest, domain }
}

/** Where requests to the phone go: back where its REGISTER came from, through NAT and over its own connection (RFC 3581, RFC 5626). */
export function flowOf({ address, port, protocol }: SipSource): string {
  return sipUri({ host: address, port, transport: protocol })
}

/** A phone whose Via or Contact names another place than the one its REGISTER came from is behind NAT (RFC 3581 §4). */
export function betweenOf(request: IncomingRequest): Between {
  const [via, ...others] = splitList(request.header('via'))
  if (others.length > 0) return 'proxy'
  const { address, port } = request.source
  const sentBy = parseVia(via ?? '')
  if (sentBy && (sentBy.host !== address || (sentBy.port ?? 5060) !== port)) return 'nat'
  const [contact] = splitList(request.header('contact'))
  const uri = parseUri(parseNameAddr(contact ?? '')?.uri ?? '')
  return uri?.kind === 'sip' && (uri.host !== address || (uri.port ?? 5060) !== port) ? 'nat' : ''
}

/** Whether that flow comes from there; a phone's port may be another one after a restart. */
export function isFrom(flow: string, address: string): boolean {
  return flow.startsWith(`${sipUri({ host: address })}:`)
}

/** Steps 6 and 7 of RFC 3261 §10.3, as far as they need no bindings. */
export function readWish(request: IncomingRequest, limits: ExpiryLimits): Wish | Refusal {
  const contacts = splitList(request.header('contact'))
  if (contacts.length === 0) return { kind: 'fetch' }
  if (contacts.includes('*')) {
    const alone = contacts.length === 1 && parseInteger(request.header('expires').trim(), maxDeltaSeconds) === 0
    return alone ? { kind: 'remove all' } : refusal(400, 'Contact * needs Expires 0 and no other contact')
  }
  const wishes: RequestedContact[] = []
  for (const text of contacts) {
    const wish = readContact(text, request.header('expires'), limits)
    if (wish.kind === 'refusal') return wish
    wishes.push(wish.contact)
  }
  return { kind: 'change', contacts: wishes }
}

function readContact(
  text: string,
  expiresHeader: string,
  limits: ExpiryLimits,
): { readonly kind: 'contact'; readonly contact: RequestedContact } | Refusal {
  const value = parseNameAddr(text)
  const uri = value && parseUri(value.uri)
  if (!value || !uri) return refusal(400, 'Bad Contact')
  if (uri.kind !== 'sip') return refusal(400, 'Contact is not a SIP URI')
  const wished = value.params.get('expires') ?? expiresHeader.trim()
  // RFC 3261 §10.2.1.1: what is no number counts as 3600; our default, where there is nothing at all, may be another.
  const seconds = wished === '' ? limits.defaultExpires : (parseInteger(wished, maxDeltaSeconds) ?? 3600)
  if (seconds > 0 && seconds < Math.min(limits.minExpires, 3600)) {
    return refusal(423, 'Interval Too Brief', { 'Min-Expires': String(limits.minExpires) })
  }
  const granted = Math.min(seconds, limits.maxExpires)
  return { kind: 'contact', contact: { contact: value.uri, seconds: granted, instance: instanceOf(value) } }
}

function instanceOf({ params }: NameAddr): string {
  const instance = unquote(params.get('+sip.instance') ?? '').slice(0, 200)
  const number = params.get('reg-id')
  return instance !== '' && number ? `${instance}#${number}` : instance
}
