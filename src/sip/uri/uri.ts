import { printHostPort } from '../../base/host-port.js'
import { atSign, colon, endOfScheme, endOfUriPart, uriPart } from '../syntax/characters.js'
import { findHostPort, type HostPlace } from '../syntax/host.js'
import { type Parameters, printParameters } from '../syntax/parameters.js'
import { areUriHeaders, endOfUriParams, readUriHeaders, readUriParams, type Strictness, type UriHeader } from './uri-parameters.js'

/** `sip:` and `sips:` (RFC 3261 §19.1). All text is as in the message: escapes are not decoded. */
export interface SipUri {
  readonly kind: 'sip'
  readonly scheme: 'sip' | 'sips'
  /** Null if the URI has no user part. */
  readonly user: string | null
  readonly password: string | null
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number | null
  /** Names in lower case; null for a flag such as `lr`. */
  readonly params: Parameters
  /** Header components, after `?`, in order. */
  readonly headers: readonly UriHeader[]
}

/** `tel:+4930123;ext=7` (RFC 3966). */
export interface TelUri {
  readonly kind: 'tel'
  readonly scheme: 'tel'
  /** With its visual separators. */
  readonly number: string
  readonly params: Parameters
}

/** Any other scheme. Its content is not parsed. */
interface OtherUri {
  readonly kind: 'other'
  /** Lower case. */
  readonly scheme: string
  readonly opaque: string
}

export type Uri = SipUri | TelUri | OtherUri

/** Parses a URI (RFC 3261 §25.1), including the deviations that `Strictness` allows. Null for text that is not a URI. */
export function parseUri(text: string): Uri | null {
  const end = endOfScheme(text, 0, text.length)
  if (end < 0) return null
  const scheme = text.slice(0, end).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return parseSip(text, end + 1, scheme)
  if (scheme === 'tel') return parseTel(text, end + 1)
  return isOpaque(text, end + 1, text.length) ? { kind: 'other', scheme, opaque: text.slice(end + 1) } : null
}

/** Whether the text from `from` to `to` is a URI by the strict grammar. `parseUri` accepts more. */
export function isUri(text: string, from: number, to: number): boolean {
  const end = endOfScheme(text, from, to)
  if (end < 0) return false
  const scheme = text.slice(from, end).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return findSip(text, end + 1, to, 'strict') !== null
  return scheme === 'tel' ? parseTel(text.slice(from, to), end + 1 - from) !== null : isOpaque(text, end + 1, to)
}

/** The scheme in lower case; `''` for text without one. */
export function schemeOf(text: string): string {
  const end = endOfScheme(text, 0, text.length)
  return end < 0 ? '' : text.slice(0, end).toLowerCase()
}

function isOpaque(text: string, from: number, to: number): boolean {
  return to > from && endOfUriPart(text, uriPart.opaque, from, to) === to
}

/** Positions of the parts of a SIP URI. */
interface SipPlaces {
  /** -1 without a user part. */
  readonly userEnd: number
  /** End of user and password, at the `@`. Without them: start of the host. */
  readonly userinfoEnd: number
  readonly host: HostPlace
  readonly paramsEnd: number
}

function findSip(text: string, from: number, to: number, strictness: Strictness): SipPlaces | null {
  let userEnd = endOfUriPart(text, uriPart.user, from, to)
  const userinfoEnd = text.charCodeAt(userEnd) === colon ? endOfUriPart(text, uriPart.password, userEnd + 1, to) : userEnd
  const hasUser = userinfoEnd < to && text.charCodeAt(userinfoEnd) === atSign
  if (hasUser && userEnd === from && (userinfoEnd > from || strictness === 'strict')) return null
  if (!hasUser || userEnd === from) userEnd = -1
  const host = findHostPort(text, hasUser ? userinfoEnd + 1 : from, to)
  const paramsEnd = host ? endOfUriParams(text, host.end, to, strictness) : -1
  if (!host || paramsEnd < 0 || !areUriHeaders(text, paramsEnd, to)) return null
  return { userEnd, userinfoEnd, host, paramsEnd }
}

function parseSip(text: string, from: number, scheme: 'sip' | 'sips'): SipUri | null {
  const places = findSip(text, from, text.length, 'lenient')
  if (!places) return null
  const { userEnd, userinfoEnd, host, paramsEnd } = places
  return {
    kind: 'sip',
    scheme,
    user: userEnd < 0 ? null : text.slice(from, userEnd),
    password: userEnd < 0 || userinfoEnd === userEnd ? null : text.slice(userEnd + 1, userinfoEnd),
    host: text.slice(host.start, host.hostEnd),
    port: host.port,
    params: readUriParams(text, host.end, paramsEnd),
    headers: readUriHeaders(text, paramsEnd),
  }
}

function parseTel(text: string, from: number): TelUri | null {
  const semicolonAt = text.indexOf(';', from)
  const end = semicolonAt < 0 ? text.length : semicolonAt
  const number = text.slice(from, end)
  if (!isTelNumber(number) || endOfUriParams(text, end, text.length, 'lenient') < text.length) return null
  return { kind: 'tel', scheme: 'tel', number, params: readUriParams(text, end, text.length) }
}

/** `+` and digits, or a local number of hexadecimal digits, `*` and `#`; both with visual separators (RFC 3966 §3). */
function isTelNumber(text: string): boolean {
  return text.startsWith('+')
    ? /^\+[0-9.()-]+$/.test(text) && /[0-9]/.test(text)
    : /^[0-9A-Fa-f*#.()-]+$/.test(text) && /[0-9A-Fa-f*#]/.test(text)
}

export function printUri(uri: Uri): string {
  if (uri.kind === 'other') return `${uri.scheme}:${uri.opaque}`
  if (uri.kind === 'tel') return `tel:${uri.number}${printParameters(uri.params)}`
  const password = uri.password === null ? '' : `:${uri.password}`
  const user = uri.user === null ? '' : `${uri.user}${password}@`
  const headers = uri.headers.map(({ name, value }) => `${name}=${value}`).join('&')
  return `${uri.scheme}:${user}${printHostPort(uri.host, uri.port)}${printParameters(uri.params)}${headers && `?${headers}`}`
}
