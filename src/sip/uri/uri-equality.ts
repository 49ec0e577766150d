import { ipv6Value } from '../syntax/host.js'
import type { Parameters } from '../syntax/parameters.js'
import { parseUri, type SipUri, type TelUri } from './uri.js'
import type { UriHeader } from './uri-parameters.js'

/** Whether two URIs name the same resource (RFC 3261 §19.1.4). Text that is not a URI equals only itself. */
export function sameUri(one: string, other: string): boolean {
  if (one === other) return true
  const [a, b] = [parseUri(one), parseUri(other)]
  if (a?.kind === 'sip' && b?.kind === 'sip') return sameSip(a, b)
  if (a?.kind === 'tel' && b?.kind === 'tel') return sameTel(a, b)
  return a?.kind === 'other' && b?.kind === 'other' && a.scheme === b.scheme && a.opaque === b.opaque
}

/** Case-insensitive; IPv6 addresses by value (RFC 5954 §4.2). */
export function sameHost(a: string, b: string): boolean {
  if (a === b || a.toLowerCase() === b.toLowerCase()) return true
  return a.includes(':') && b.includes(':') && ipv6Value(a) === ipv6Value(b)
}

/** A parameter listed here must be in both URIs or in neither. Any other one is compared only if both have it. */
const matchedParameters = ['user', 'ttl', 'method', 'maddr', 'transport']

function sameSip(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    sameText(a.user, b.user) &&
    sameText(a.password, b.password) &&
    sameHost(a.host, b.host) &&
    a.port === b.port &&
    matchedParameters.every((name) => a.params.has(name) === b.params.has(name)) &&
    sameShared(a.params, b.params) &&
    sameHeaders(a.headers, b.headers)
  )
}

/** RFC 3966 §4: visual separators do not count; parameters in any order, case-insensitive. */
function sameTel(a: TelUri, b: TelUri): boolean {
  const digits = (text: string): string => text.replace(/[().-]/g, '').toLowerCase()
  if (digits(a.number) !== digits(b.number) || a.params.size !== b.params.size) return false
  for (const [name, value] of a.params) if (!b.params.has(name) || !sameValue(value, b.params.get(name) ?? null)) return false
  return true
}

/** Case-sensitive. An escape equals its character unless the character is reserved: `%3B` is not `;`. */
function sameText(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && normalEscapes(a) === normalEscapes(b))
}

function normalEscapes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9_.!~*'()-]/.test(character) ? character : escaped.toUpperCase()
  })
}

function sameShared(a: Parameters, b: Parameters): boolean {
  for (const [name, value] of a) if (b.has(name) && !sameValue(value, b.get(name) ?? null)) return false
  return true
}

function sameValue(a: string | null, b: string | null): boolean {
  return sameText(a?.toLowerCase() ?? null, b?.toLowerCase() ?? null)
}

/** Header components are never ignored; their order is. */
function sameHeaders(a: readonly UriHeader[], b: readonly UriHeader[]): boolean {
  const sorted = (headers: readonly UriHeader[]): string[] =>
    headers.map(({ name, value }) => `${normalEscapes(name).toLowerCase()}=${normalEscapes(value)}`).sort()
  return a.length === b.length && sorted(a).join('&') === sorted(b).join('&')
}
