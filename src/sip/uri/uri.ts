import { printHostPort } from '../../base/host-port.js'
import { fromWireText } from '../headers/headers.js'
import {
  ampersand,
  atSign,
  colon,
  endOfScheme,
  endOfUriPart,
  equals,
  isHex,
  percent,
  questionMark,
  semicolon,
  uriPart,
} from '../syntax/characters.js'
import { findHostPort, type HostPlace, ipv6Value, sourceOf } from '../syntax/host.js'
import { noParameters, type Parameters, printParameters } from '../syntax/parameters.js'

/** `sip:` and `sips:` (RFC 3261 §19.1). Text stands as in the message: escapes are not decoded. */
export interface SipUri {
  readonly kind: 'sip'
  readonly scheme: 'sip' | 'sips'
  /** Null without. */
  readonly user: string | null
  readonly password: string | null
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number | null
  /** Names in lower case; null for a flag such as `lr`. */
  readonly params: Parameters
  /** What follows `?`, in order. */
  readonly headers: readonly UriHeader[]
}

interface UriHeader {
  readonly name: string
  readonly value: string
}

/** `tel:+4930123;ext=7` (RFC 3966). */
interface TelUri {
  readonly kind: 'tel'
  readonly scheme: 'tel'
  /** As it stands, with its visual separators. */
  readonly number: string
  readonly params: Parameters
}

/** Any other scheme; nothing of it is looked into. */
interface OtherUri {
  readonly kind: 'other'
  /** Lower case. */
  readonly scheme: string
  readonly opaque: string
}

export type Uri = SipUri | TelUri | OtherUri

const noHeaders: readonly UriHeader[] = []

/** A URI by RFC 3261 §25.1, or one that phones write instead (see `Strictness`); null for text that is none. */
export function parseUri(text: string): Uri | null {
  const end = endOfScheme(text, 0, text.length)
  if (end < 0) return null
  const scheme = text.slice(0, end).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return parseSip(text, end + 1, scheme)
  if (scheme === 'tel') return parseTel(text, end + 1)
  return isOpaque(text, end + 1, text.length) ? { kind: 'other', scheme, opaque: text.slice(end + 1) } : null
}

/** Whether that piece of text is a URI by the grammar, and not only one that `parseUri` understands. */
export function isUri(text: string, from: number, to: number): boolean {
  const end = endOfScheme(text, from, to)
  if (end < 0) return false
  const scheme = text.slice(from, end).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return findSip(text, end + 1, to, 'exact') !== null
  return scheme === 'tel' ? parseTel(text.slice(from, to), end + 1 - from) !== null : isOpaque(text, end + 1, to)
}

/** The scheme in lower case, `''` for text that has none. */
export function schemeOf(text: string): string {
  const end = endOfScheme(text, 0, text.length)
  return end < 0 ? '' : text.slice(0, end).toLowerCase()
}

function isOpaque(text: string, from: number, to: number): boolean {
  return to > from && endOfUriPart(text, uriPart.opaque, from, to) === to
}

/** Where the pieces of a SIP URI stand. */
interface SipPlaces {
  /** -1 without. */
  readonly userEnd: number
  /** The password ends and the host, after `@`, begins; with neither user nor password, where the host begins. */
  readonly loginEnd: number
  readonly host: HostPlace
  readonly paramsEnd: number
}

/**
 * `generous`: parameters may be empty, above all the last one, their values may hold `=`, and the user part may be empty (`sip:@host`). None of
 * these can mean anything else.
 */
type Strictness = 'exact' | 'generous'

function findSip(text: string, from: number, to: number, strictness: Strictness): SipPlaces | null {
  let userEnd = endOfUriPart(text, uriPart.user, from, to)
  const loginEnd = text.charCodeAt(userEnd) === colon ? endOfUriPart(text, uriPart.password, userEnd + 1, to) : userEnd
  const hasUser = loginEnd < to && text.charCodeAt(loginEnd) === atSign
  if (hasUser && userEnd === from && (loginEnd > from || strictness === 'exact')) return null
  if (!hasUser || userEnd === from) userEnd = -1
  const host = findHostPort(text, hasUser ? loginEnd + 1 : from, to)
  const paramsEnd = host ? endOfUriParams(text, host.end, to, strictness) : -1
  if (!host || paramsEnd < 0 || !areUriHeaders(text, paramsEnd, to)) return null
  return { userEnd, loginEnd, host, paramsEnd }
}

function parseSip(text: string, from: number, scheme: 'sip' | 'sips'): SipUri | null {
  const places = findSip(text, from, text.length, 'generous')
  if (!places) return null
  const { userEnd, loginEnd, host, paramsEnd } = places
  return {
    kind: 'sip',
    scheme,
    user: userEnd < 0 ? null : text.slice(from, userEnd),
    password: userEnd < 0 || loginEnd === userEnd ? null : text.slice(userEnd + 1, loginEnd),
    host: text.slice(host.start, host.hostEnd),
    port: host.port,
    params: readUriParams(text, host.end, paramsEnd),
    headers: readUriHeaders(text, paramsEnd),
  }
}

/** Where `;name=value;flag` ends; -1 where it is malformed or a name comes twice (RFC 3261 §19.1.1). */
function endOfUriParams(text: string, from: number, to: number, strictness: Strictness): number {
  const isExact = strictness === 'exact'
  let at = from
  let count = 0
  while (at < to && text.charCodeAt(at) === semicolon) {
    const nameEnd = endOfUriPart(text, uriPart.parameter, at + 1, to)
    const isNamed = nameEnd > at + 1
    at = nameEnd
    const hasValue = at < to && text.charCodeAt(at) === equals
    if (!isNamed && (isExact || hasValue)) return -1
    if (hasValue) at = endOfUriValue(text, at + 1, to, strictness)
    if (at < 0) return -1
    if (isNamed) count += 1
  }
  return count < 2 || readUriParams(text, from, at).size === count ? at : -1
}

/** -1 for an empty value. */
function endOfUriValue(text: string, from: number, to: number, strictness: Strictness): number {
  let at = endOfUriPart(text, uriPart.parameter, from, to)
  if (strictness === 'exact') return at === from ? -1 : at
  while (at < to && text.charCodeAt(at) === equals) at = endOfUriPart(text, uriPart.parameter, at + 1, to)
  return at
}

/** Of text that `endOfUriParams` has passed. */
function readUriParams(text: string, from: number, to: number): Parameters {
  if (to - from < 2) return noParameters
  const params = new Map<string, string | null>()
  for (const pair of text.slice(from + 1, to).split(';')) {
    const split = pair.indexOf('=')
    if (pair === '') continue
    if (split < 0) params.set(pair.toLowerCase(), null)
    else params.set(pair.slice(0, split).toLowerCase(), pair.slice(split + 1))
  }
  return params
}

/** `?name=value&name=value` up to `to`, or nothing at all. */
function areUriHeaders(text: string, from: number, to: number): boolean {
  let at = from
  while (at < to) {
    if (text.charCodeAt(at) !== (at === from ? questionMark : ampersand)) return false
    const nameEnd = endOfUriPart(text, uriPart.header, at + 1, to)
    if (nameEnd === at + 1 || nameEnd === to || text.charCodeAt(nameEnd) !== equals) return false
    at = endOfUriPart(text, uriPart.header, nameEnd + 1, to)
  }
  return true
}

/** Of text that `areUriHeaders` has passed. */
function readUriHeaders(text: string, from: number): readonly UriHeader[] {
  if (from === text.length) return noHeaders
  return text
    .slice(from + 1)
    .split('&')
    .map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) }))
}

function parseTel(text: string, from: number): TelUri | null {
  const semicolonAt = text.indexOf(';', from)
  const end = semicolonAt < 0 ? text.length : semicolonAt
  const number = text.slice(from, end)
  if (!isTelNumber(number) || endOfUriParams(text, end, text.length, 'generous') < text.length) return null
  return { kind: 'tel', scheme: 'tel', number, params: readUriParams(text, end, text.length) }
}

/** `+` with digits, or a local number with hexadecimal digits, `*` and `#`; visual separators between (RFC 3966 §3). */
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

export { sourceOf }

/** The user part as people know it: `*77*100*` for `%2A77%2A100%2A`. What is no escape stays as it is; UTF-8 is read as such. */
export function decodeUser(text: string): string {
  if (text.indexOf('%') < 0) return text
  let bytes = ''
  for (let at = 0; at < text.length; at += 1) {
    const isEscape = text.charCodeAt(at) === percent && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2))
    bytes += isEscape ? String.fromCharCode(Number.parseInt(text.slice(at + 1, at + 3), 16)) : text.charAt(at)
    if (isEscape) at += 2
  }
  return fromWireText(bytes)
}

export interface SipUriParts {
  /** Decoded, as people know it. */
  readonly user?: string
  readonly host: string
  readonly port?: number | null
  readonly transport?: string
}

/** A SIP URI from its parts. Whatever the user part holds, it stays the user part. */
export function sipUri({ user, host, port = null, transport }: SipUriParts): string {
  const params: Parameters = transport === undefined ? noParameters : new Map([['transport', transport]])
  const encoded = user === undefined ? null : encodeUser(user)
  return printUri({ kind: 'sip', scheme: 'sip', user: encoded, password: null, host, port, params, headers: noHeaders })
}

/** The same address for another user, who is given decoded; null for text that is not a SIP URI. */
export function withUser(text: string, user: string): SipUri | null {
  const uri = parseUri(text)
  return uri?.kind === 'sip' ? { ...uri, user: encodeUser(user), password: null, headers: noHeaders } : null
}

/** A SIP URI without `?header=value`, which must not stand in a Request-URI (RFC 3261 §19.1.1); any other text as it is. */
export function withoutUriHeaders(text: string): string {
  const uri = text.includes('?') ? parseUri(text) : null
  return uri?.kind === 'sip' && uri.headers.length > 0 ? printUri({ ...uri, headers: noHeaders }) : text
}

/**
 * A user part that may stand in a URI: everything but unreserved characters and `&=+$,?/` is escaped (RFC 3261 §25.1). So is `;`, which
 * would begin the parameters of a telephone number (RFC 3261 §19.1.6).
 */
export function encodeUser(text: string): string {
  let encoded = ''
  for (const code of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(code)
    const stands = character !== '#' && character !== ';' && endOfUriPart(character, uriPart.user, 0, 1) === 1
    encoded += stands ? character : `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** RFC 3261 §19.1.4: the same resource? Text that is no URI equals only itself. */
export function sameUri(one: string, other: string): boolean {
  if (one === other) return true
  const [a, b] = [parseUri(one), parseUri(other)]
  if (a?.kind === 'sip' && b?.kind === 'sip') return sameSip(a, b)
  if (a?.kind === 'tel' && b?.kind === 'tel') return sameTel(a, b)
  return a?.kind === 'other' && b?.kind === 'other' && a.scheme === b.scheme && a.opaque === b.opaque
}

/** Parameters that must stand in both URIs or in none; any other is compared only where both have it. */
const decisive = ['user', 'ttl', 'method', 'maddr', 'transport']

function sameSip(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    sameText(a.user, b.user) &&
    sameText(a.password, b.password) &&
    sameHost(a.host, b.host) &&
    a.port === b.port &&
    decisive.every((name) => a.params.has(name) === b.params.has(name)) &&
    sameShared(a.params, b.params) &&
    sameHeaders(a.headers, b.headers)
  )
}

/** With case, but an escape equals its character, unless that is reserved: `%3B` is not `;`. */
function sameText(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && normalEscapes(a) === normalEscapes(b))
}

function normalEscapes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9_.!~*'()-]/.test(character) ? character : escaped.toUpperCase()
  })
}

/** Without case; IPv6 by value (RFC 5954 §4.2). */
export function sameHost(a: string, b: string): boolean {
  if (a === b || a.toLowerCase() === b.toLowerCase()) return true
  return a.includes(':') && b.includes(':') && ipv6Value(a) === ipv6Value(b)
}

function sameShared(a: Parameters, b: Parameters): boolean {
  for (const [name, value] of a) if (b.has(name) && !sameValue(value, b.get(name) ?? null)) return false
  return true
}

function sameValue(a: string | null, b: string | null): boolean {
  return sameText(a?.toLowerCase() ?? null, b?.toLowerCase() ?? null)
}

/** Headers always count, in any order. */
function sameHeaders(a: readonly UriHeader[], b: readonly UriHeader[]): boolean {
  const sorted = (headers: readonly UriHeader[]): string[] =>
    headers.map(({ name, value }) => `${normalEscapes(name).toLowerCase()}=${normalEscapes(value)}`).sort()
  return a.length === b.length && sorted(a).join('&') === sorted(b).join('&')
}

/** RFC 3966 §4: without visual separators; parameters in any order, without case. */
function sameTel(a: TelUri, b: TelUri): boolean {
  const digits = (text: string): string => text.replace(/[().-]/g, '').toLowerCase()
  if (digits(a.number) !== digits(b.number) || a.params.size !== b.params.size) return false
  for (const [name, value] of a.params) if (!b.params.has(name) || !sameValue(value, b.params.get(name) ?? null)) return false
  return true
}
