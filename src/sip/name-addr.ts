import { quote, unquote } from './headers.js'
import { colon, endOfDisplayWord, endOfQuoted, lessThan, quoteMark, skipBlanks, trimEnd } from './syntax/characters.js'
import { type Parameters, parseParameters, printParameters, withoutParameter, withParameter } from './syntax/parameters.js'
import { parseUri } from './uri.js'

/** `"Alice" <sip:100@hotdesk.example>;tag=1`: From, To, Contact, Route and their kin (RFC 3261 §20.10). */
export interface NameAddr {
  /** Unquoted; `''` without. */
  readonly display: string
  readonly uri: string
  /** Header parameters in order; names in lower case; values as they stand, quotes included; null for a flag. */
  readonly params: Parameters
  /** The tag parameter, `''` without. */
  readonly tag: string
}

/**
 * One value of From, To, Contact, Route …: name-addr or addr-spec with parameters (RFC 3261 §20.10, §25.1); null where it is not
 * of that form. Without angle brackets `;` ends the URI, and `?` or `,` must not be in it.
 */
export function parseNameAddr(text: string): NameAddr | null {
  const to = trimEnd(text, 0, text.length)
  const start = skipBlanks(text, 0, to)
  const open = openingBracket(text, start, to)
  if (open < 0) return null
  if (open === to) return parseAddrSpec(text, start, to)
  const close = text.indexOf('>', open)
  if (close < 0 || close >= to) return null
  const display = text.slice(start, trimEnd(text, start, open))
  return build(unquote(display), text.slice(open + 1, close), parseParameters(text, close + 1, to))
}

/** Where `<` stands; `to` where the value is an addr-spec; -1 where neither. */
function openingBracket(text: string, from: number, to: number): number {
  if (text.charCodeAt(from) === quoteMark) {
    const end = endOfQuoted(text, from, to)
    const next = end < 0 ? to : skipBlanks(text, end, to)
    return next < to && text.charCodeAt(next) === lessThan ? next : -1
  }
  let at = from
  while (at < to && text.charCodeAt(at) !== lessThan) {
    const end = endOfDisplayWord(text, at, to)
    if (end === at) return -1
    if (at === from && text.charCodeAt(end) === colon) return to
    at = skipBlanks(text, end, to)
  }
  return at < to ? at : -1
}

function parseAddrSpec(text: string, from: number, to: number): NameAddr | null {
  const semi = text.indexOf(';', from)
  const end = semi < 0 ? to : semi
  const uri = text.slice(from, trimEnd(text, from, end))
  if (uri.indexOf('?') >= 0 || uri.indexOf(',') >= 0) return null
  return build('', uri, parseParameters(text, end, to))
}

function build(display: string, uri: string, params: Parameters | null): NameAddr | null {
  if (!params || !parseUri(uri)) return null
  return { display, uri, params, tag: params.get('tag') ?? '' }
}

/** Always with angle brackets, so that the URI's parameters stay the URI's. */
export function printNameAddr({ display, uri, params }: Pick<NameAddr, 'display' | 'uri' | 'params'>): string {
  const name = display === '' ? '' : `${quote(display)} `
  return `${name}<${uri}>${printParameters(params)}`
}

/** A value from its parts. */
export function nameAddr(uri: string, display = '', params: Parameters = new Map()): NameAddr {
  return { display, uri, params, tag: params.get('tag') ?? '' }
}

/** A copy with the parameter set; null makes a flag. */
export function withNameAddrParam(value: NameAddr, name: string, text: string | null): NameAddr {
  return nameAddr(value.uri, value.display, withParameter(value.params, name, text))
}

/** A copy with that tag; `''` takes it off. */
export function withTag(value: NameAddr, tag: string): NameAddr {
  return nameAddr(value.uri, value.display, tag === '' ? withoutParameter(value.params, 'tag') : withParameter(value.params, 'tag', tag))
}
