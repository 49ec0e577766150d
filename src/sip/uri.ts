import { fromWireText } from './headers.js'
import { ampersand, colon, endOfUriPart, equals, isDigit, isHex, isLetter, percent, questionMark, semicolon } from './syntax/characters.js'
import { ipv6Value, parseHostPort, printHostPort } from './syntax/host.js'
import { type Parameters, printParameters } from './syntax/parameters.js'

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

export interface UriHeader {
  readonly name: string
  readonly value: string
}

/** `tel:+4930123;ext=7` (RFC 3966). */
export interface TelUri {
  readonly kind: 'tel'
  readonly scheme: 'tel'
  /** As it stands, with its visual separators. */
  readonly number: string
  readonly params: Parameters
}

/** Any other scheme; nothing of it is looked into. */
export interface OtherUri {
  readonly kind: 'other'
  /** Lower case. */
  readonly scheme: string
  readonly opaque: string
}

export type Uri = SipUri | TelUri | OtherUri

const noParams: Parameters = new Map()
const noHeaders: readonly UriHeader[] = []

/** A URI by RFC 3261 §25.1; null for text that is none. */
export function parseUri(text: string): Uri | null {
  const end = endOfScheme(text)
  if (end < 1) return null
  const scheme = text.slice(0, end).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return parseSip(text, end + 1, scheme)
  if (scheme === 'tel') return parseTel(text, end + 1)
  const rest = endOfUriPart(text, 'opaque', end + 1, text.length)
  return rest === text.length && rest > end + 1 ? { kind: 'other', scheme, opaque: text.slice(end + 1) } : null
}

/** The scheme in lower case, `''` for text that has none. */
export function schemeOf(text: string): string {
  const end = endOfScheme(text)
  return end < 1 ? '' : text.slice(0, end).toLowerCase()
}

function endOfScheme(text: string): number {
  if (!isLetter(text.charCodeAt(0))) return -1
  for (let at = 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === colon) return at
    // ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
    if (!isLetter(code) && !isDigit(code) && code !== 0x2b && code !== 0x2d && code !== 0x2e) return -1
  }
  return -1
}

function parseSip(text: string, from: number, scheme: 'sip' | 'sips'): SipUri | null {
  const user = parseUser(text, from)
  if (!user) return null
  const hostPort = parseHostPort(text, user.end, text.length)
  if (!hostPort) return null
  const params = parseUriParams(text, hostPort.end)
  if (!params) return null
  const headers = parseUriHeaders(text, params.end)
  if (!headers) return null
  return {
    kind: 'sip',
    scheme,
    user: user.user,
    password: user.password,
    host: hostPort.host,
    port: hostPort.port,
    params: params.params,
    headers,
  }
}

interface UserPart {
  readonly user: string | null
  readonly password: string | null
  /** Where the host begins. */
  readonly end: number
}

/** The user part goes up to an `@`; without one there is none. Semicolons and question marks may stand in it. */
function parseUser(text: string, from: number): UserPart | null {
  const at = text.indexOf('@', from)
  if (at < 0) return { user: null, password: null, end: from }
  const userEnd = endOfUriPart(text, 'user', from, at)
  if (userEnd === from) return null
  if (userEnd === at) return { user: text.slice(from, at), password: null, end: at + 1 }
  const password = text.slice(userEnd + 1, at)
  if (text.charCodeAt(userEnd) !== colon || !isPassword(password)) return null
  return { user: text.slice(from, userEnd), password, end: at + 1 }
}

function isPassword(text: string): boolean {
  return endOfUriPart(text, 'user', 0, text.length) === text.length && !/[;?/#]/.test(text)
}

function parseUriParams(text: string, from: number): { params: Parameters; end: number } | null {
  let at = from
  if (text.charCodeAt(at) !== semicolon) return { params: noParams, end: at }
  const params = new Map<string, string | null>()
  while (at < text.length && text.charCodeAt(at) === semicolon) {
    const nameEnd = endOfUriPart(text, 'parameter', at + 1, text.length)
    const name = text.slice(at + 1, nameEnd).toLowerCase()
    if (name === '' || params.has(name)) return null
    at = nameEnd
    if (at < text.length && text.charCodeAt(at) === equals) {
      const valueEnd = endOfUriPart(text, 'parameter', at + 1, text.length)
      if (valueEnd === at + 1) return null
      params.set(name, text.slice(at + 1, valueEnd))
      at = valueEnd
    } else params.set(name, null)
  }
  return { params, end: at }
}

function parseUriHeaders(text: string, from: number): readonly UriHeader[] | null {
  if (from === text.length) return noHeaders
  if (text.charCodeAt(from) !== questionMark) return null
  const headers: UriHeader[] = []
  let at = from
  while (at < text.length) {
    const nameEnd = endOfUriPart(text, 'header', at + 1, text.length)
    if (nameEnd === at + 1 || text.charCodeAt(nameEnd) !== equals) return null
    const valueEnd = endOfUriPart(text, 'header', nameEnd + 1, text.length)
    if (valueEnd < text.length && text.charCodeAt(valueEnd) !== ampersand) return null
    headers.push({ name: text.slice(at + 1, nameEnd), value: text.slice(nameEnd + 1, valueEnd) })
    at = valueEnd
  }
  return headers
}

function parseTel(text: string, from: number): TelUri | null {
  const end = text.indexOf(';', from)
  const number = text.slice(from, end < 0 ? text.length : end)
  if (!isTelNumber(number)) return null
  const params = end < 0 ? { params: noParams, end: text.length } : parseUriParams(text, end)
  return params && params.end === text.length ? { kind: 'tel', scheme: 'tel', number, params: params.params } : null
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

export { printHostPort }

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

/** A user part that may stand in a URI: everything but unreserved characters and `&=+$,;?/` is escaped (RFC 3261 §25.1). */
export function encodeUser(text: string): string {
  let encoded = ''
  for (const code of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(code)
    const stands = character !== '#' && endOfUriPart(character, 'user', 0, 1) === 1
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
function sameHost(a: string, b: string): boolean {
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
