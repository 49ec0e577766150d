import { ampersand, endOfUriPart, equals, questionMark, semicolon, uriPart } from '../syntax/characters.js'
import { noParameters, type Parameters } from '../syntax/parameters.js'

/** A header component of a SIP URI: `?subject=project`. */
export interface UriHeader {
  readonly name: string
  readonly value: string
}

export const noUriHeaders: readonly UriHeader[] = []

/**
 * `lenient` allows empty parameters (phones often send a trailing `;`), `=` inside a parameter's value, and an empty user part (`sip:@host`).
 * None of them is ambiguous.
 */
export type Strictness = 'strict' | 'lenient'

/** Where `;name=value;flag` ends; -1 if it is malformed or repeats a name (RFC 3261 §19.1.1). */
export function endOfUriParams(text: string, from: number, to: number, strictness: Strictness): number {
  const isStrict = strictness === 'strict'
  let at = from
  let count = 0
  while (at < to && text.charCodeAt(at) === semicolon) {
    const nameEnd = endOfUriPart(text, uriPart.parameter, at + 1, to)
    const isNamed = nameEnd > at + 1
    at = nameEnd
    const hasValue = at < to && text.charCodeAt(at) === equals
    if (!isNamed && (isStrict || hasValue)) return -1
    if (hasValue) at = endOfUriValue(text, at + 1, to, strictness)
    if (at < 0) return -1
    if (isNamed) count += 1
  }
  return count < 2 || readUriParams(text, from, at).size === count ? at : -1
}

/** -1 for an empty value if strict. */
function endOfUriValue(text: string, from: number, to: number, strictness: Strictness): number {
  let at = endOfUriPart(text, uriPart.parameter, from, to)
  if (strictness === 'strict') return at === from ? -1 : at
  while (at < to && text.charCodeAt(at) === equals) at = endOfUriPart(text, uriPart.parameter, at + 1, to)
  return at
}

/** For text that `endOfUriParams` has accepted. */
export function readUriParams(text: string, from: number, to: number): Parameters {
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

/** Whether the text up to `to` is `?name=value&name=value` or empty. */
export function areUriHeaders(text: string, from: number, to: number): boolean {
  let at = from
  while (at < to) {
    if (text.charCodeAt(at) !== (at === from ? questionMark : ampersand)) return false
    const nameEnd = endOfUriPart(text, uriPart.header, at + 1, to)
    if (nameEnd === at + 1 || nameEnd === to || text.charCodeAt(nameEnd) !== equals) return false
    at = endOfUriPart(text, uriPart.header, nameEnd + 1, to)
  }
  return true
}

/** For text that `areUriHeaders` has accepted. */
export function readUriHeaders(text: string, from: number): readonly UriHeader[] {
  if (from === text.length) return noUriHeaders
  return text
    .slice(from + 1)
    .split('&')
    .map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) }))
}
