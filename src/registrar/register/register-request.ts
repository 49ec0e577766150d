import type { DigestAlgorithm } from '../../sip/auth/digest.js'
import { parseCSeq } from '../../sip/headers/cseq.js'
import { parseExpires } from '../../sip/headers/expires.js'
import { type NameAddr, parseNameAddr } from '../../sip/headers/name-addr.js'
import { parseVia } from '../../sip/headers/via.js'
import { maxDeltaSeconds, parseInteger } from '../../sip/syntax/integer.js'
import { splitList } from '../../sip/syntax/list.js'
import { unquote } from '../../sip/syntax/quoted-string.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { IncomingRequest, SipSource } from '../../srf/srf.js'
import type { Intermediary } from '../bindings/record.js'
import { readPath } from './path.js'
import { type Refusal, refusal } from './refusal.js'

/** Limits of registrations, in seconds. */
export interface ExpiryLimits {
  readonly minExpires: number
  readonly maxExpires: number
  readonly defaultExpires: number
}

/** One Contact of a REGISTER. */
export interface RequestedContact {
  readonly contact: string
  /** Granted duration; 0 removes the binding. */
  readonly seconds: number
  readonly instance: string
}

/** The change that a REGISTER asks for (RFC 3261 §10.3). */
export type RegisterIntent =
  | { readonly kind: 'fetch' }
  | { readonly kind: 'remove all' }
  | { readonly kind: 'change'; readonly contacts: readonly RequestedContact[] }

/** The order of a REGISTER among those of its phone, and where it came from. */
export interface Origin {
  readonly callId: string
  readonly cseq: number
  readonly flow: string
  readonly local: string
  readonly path: string
  readonly intermediary: Intermediary
  readonly userAgent: string
  readonly digest: DigestAlgorithm
  readonly domain: string
}

/** The User-Agent, shortened. */
export function userAgentOf(request: Pick<IncomingRequest, 'header'>): string {
  return request.header('user-agent').slice(0, 200)
}

/** The user part of an address-of-record, decoded and without parameters (RFC 3261 §10.3 step 5); null if there is none. */
export function userOf(header: string): string | null {
  const uri = parseUri(parseNameAddr(header)?.uri ?? '')
  if (uri?.kind !== 'sip' || uri.user === null) return null
  try {
    return decodeURIComponent(uri.user)
  } catch {
    return null
  }
}

/** The host of an address-of-record or a Request-URI; `''` if there is none. */
export function hostOf(header: string): string {
  const uri = parseUri(parseNameAddr(header)?.uri ?? header)
  return uri?.kind === 'sip' ? uri.host : ''
}

/** Refuses a request that requires an unsupported extension (RFC 3261 §10.3 step 2, §8.2.2.3). Only Path is supported, for REGISTER (RFC 3327 §4). */
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
  const intermediary = intermediaryOf(request)
  return { callId, cseq, flow: flowOf(source), local, path, intermediary, userAgent: userAgentOf(request), digest, domain }
}

/** The flow to the source of a request, through NAT and over its connection (RFC 3581, RFC 5626). */
export function flowOf({ address, port, protocol }: SipSource): string {
  return sipUri({ host: address, port, transport: protocol })
}

/** A phone is behind NAT if its Via or Contact differs from the source address of its REGISTER (RFC 3581 §4). */
export function intermediaryOf(request: IncomingRequest): Intermediary {
  const [via, ...others] = splitList(request.header('via'))
  if (others.length > 0) return 'proxy'
  const { address, port } = request.source
  const sentBy = parseVia(via ?? '')
  if (sentBy && (sentBy.host !== address || (sentBy.port ?? 5060) !== port)) return 'nat'
  const [contact] = splitList(request.header('contact'))
  const uri = parseUri(parseNameAddr(contact ?? '')?.uri ?? '')
  return uri?.kind === 'sip' && (uri.host !== address || (uri.port ?? 5060) !== port) ? 'nat' : ''
}

/** Whether the flow is at this address. The port does not count, because it may change with a restart of the phone. */
export function isFrom(flow: string, address: string): boolean {
  return flow.startsWith(`${sipUri({ host: address })}:`)
}

/** Steps 6 and 7 of RFC 3261 §10.3, except what depends on present bindings. */
export function readIntent(request: IncomingRequest, limits: ExpiryLimits): RegisterIntent | Refusal {
  const contacts = splitList(request.header('contact'))
  if (contacts.length === 0) return { kind: 'fetch' }
  if (contacts.includes('*')) {
    const alone = contacts.length === 1 && parseInteger(request.header('expires').trim(), maxDeltaSeconds) === 0
    return alone ? { kind: 'remove all' } : refusal(400, 'Contact * needs Expires 0 and no other contact')
  }
  const requested: RequestedContact[] = []
  for (const text of contacts) {
    const read = readContact(text, request.header('expires'), limits)
    if (read.kind === 'refusal') return read
    requested.push(read.contact)
  }
  return { kind: 'change', contacts: requested }
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
  const expires = value.params.get('expires') ?? expiresHeader.trim()
  // RFC 3261 §10.2.1.1: a malformed value counts as 3600. Our default, without any value, may differ.
  const seconds = expires === '' ? limits.defaultExpires : (parseExpires(expires) ?? 3600)
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
