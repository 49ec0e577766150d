import { normalizedUri } from '../lenient/lenient-uri.js'
import {
  colon,
  comma,
  endOfDisplayWord,
  endOfQuoted,
  endOfToken,
  lessThan,
  questionMark,
  quoteMark,
  semicolon,
  skipBlanks,
  trimEnd,
} from '../syntax/characters.js'
import { type Parameters, parseLenientParameters, parseParameters, printParameters } from '../syntax/parameters.js'
import { quote, unquote } from '../syntax/quoted-string.js'
import { isUri } from '../uri/uri.js'

/** `"Alice" <sip:100@hotdesk.example>;tag=1`: From, To, Contact, Route and similar headers (RFC 3261 §20.10). */
export interface NameAddr {
  /** Unquoted; `''` if there is none. */
  readonly display: string
  readonly uri: string
  /** Header parameters in order: names in lower case, values as received with quotes, null for a flag. */
  readonly params: Parameters
  /** The tag parameter; `''` if there is none. */
  readonly tag: string
}

/**
 * Parses one value of From, To, Contact, Route …: name-addr or addr-spec with parameters (RFC 3261 §20.10, §25.1), else leniently. Null if
 * neither succeeds.
 */
export function parseNameAddr(text: string, from = 0, to = text.length): NameAddr | null {
  return parseStrictAddress(text, from, to) ?? parseLenientAddress(text.slice(from, to))
}

/** Null unless the value follows the grammar. Without angle brackets, `;` ends the URI, and it must not contain `?` or `,`. */
export function parseStrictAddress(text: string, from = 0, to = text.length): NameAddr | null {
  const end = trimEnd(text, from, to)
  const start = skipBlanks(text, from, end)
  const open = openingBracket(text, start, end)
  if (open < 0) return null
  if (open === end) return parseAddrSpec(text, start, end)
  const close = text.indexOf('>', open)
  if (close < 0 || close >= end) return null
  const display = text.slice(start, trimEnd(text, start, open))
  return build(unquote(display), text, { start: open + 1, end: close, paramsStart: close + 1, to: end })
}

/**
 * The To of a message. RFC 3261 §8.2.6.2 allows a responder to add a tag only if there is none, but some always add one. The first tag is the
 * dialog's; a second one is ignored.
 */
export function parseTo(text: string, from = 0, to = text.length): NameAddr | null {
  return parseStrictAddress(text, from, to) ?? parseWithoutSecondTag(text, from, to)
}

const tagStart = ';tag='

function parseWithoutSecondTag(text: string, from: number, to: number): NameAddr | null {
  const whole = text.slice(from, trimEnd(text, from, to))
  const second = whole.toLowerCase().lastIndexOf(tagStart)
  const start = second + tagStart.length
  if (second < 0 || start === whole.length || endOfToken(whole, start, whole.length) !== whole.length) return null
  const value = parseStrictAddress(whole, 0, second)
  return value && value.tag !== '' ? value : null
}

/**
 * Accepts addresses that break the grammar but have only one possible meaning: a display name with stray brackets, commas or quotes, blanks
 * inside the angle brackets, a URI with parameters but without angle brackets, empty parameters.
 */
export function parseLenientAddress(text: string): NameAddr | null {
  const place = onlyUriIn(text)
  if (!place) return null
  const { start, open } = place
  const close = open < 0 ? endOfBareUri(text, start) : text.indexOf('>', start)
  const uri = close < 0 ? null : normalizedUri(text.slice(start, close))
  const params = uri === null ? null : parseLenientParameters(text, open < 0 ? close : close + 1, text.length)
  if (uri === null || !params) return null
  const named = { display: plainName(text.slice(0, open < 0 ? start : open)), uri, params, tag: params.get('tag') ?? '' }
  return open < 0 ? withUriParameters(named) : named
}

/** The only URI in angle brackets, or the only URI at all; null if it is ambiguous. `open`: position of its bracket, -1 if there is none. */
function onlyUriIn(text: string): { readonly start: number; readonly open: number } | null {
  const found = Array.from(text.matchAll(/(^|[^\w.+-])(?:sips?|tel):/gi), ({ index, 1: before = '' }) => {
    const start = index + before.length
    const open = trimEnd(text, 0, start) - 1
    return { start, open: text.charCodeAt(open) === lessThan ? open : -1 }
  })
  const bracketed = found.filter(({ open }) => open >= 0)
  const [only, another] = bracketed.length > 0 ? bracketed : found
  return only && !another ? only : null
}

function endOfBareUri(text: string, from: number): number {
  const end = text.indexOf(';', from)
  return end < 0 ? text.length : end
}

function plainName(text: string): string {
  const name = text.trim()
  if (name.charCodeAt(0) === quoteMark && endOfQuoted(name, 0, name.length) === name.length) return unquote(name)
  return name
    .replace(/^"+|"+$/g, '')
    .replace(/\\(.)/g, '$1')
    .trim()
}

/** Parameters that only make sense in a URI (RFC 3261 §19.1.1, RFC 5626 §5). Without angle brackets they count as header parameters. */
const uriParameters: ReadonlySet<string> = new Set(['transport', 'user', 'maddr', 'ttl', 'method', 'lr', 'ob', 'comp', 'gr'])

export function hasUriParameters(params: Parameters): boolean {
  for (const name of params.keys()) if (uriParameters.has(name)) return true
  return false
}

/** For an address without angle brackets: moves URI parameters from the header to the URI. */
export function withUriParameters({ uri, params, ...named }: NameAddr): NameAddr {
  const [own, moved] = [new Map(params), new Map<string, string | null>()]
  for (const name of uriParameters) {
    if (own.has(name)) moved.set(name, own.get(name) ?? null)
    own.delete(name)
  }
  const whole = `${uri}${printParameters(moved)}`
  return { ...named, uri: isUri(whole, 0, whole.length) ? whole : uri, params: own }
}

/** Position of `<`; `to` if the value is an addr-spec; -1 if it is neither. */
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
    if (at === from && end < to && text.charCodeAt(end) === colon) return to
    at = skipBlanks(text, end, to)
  }
  return at < to ? at : -1
}

function parseAddrSpec(text: string, from: number, to: number): NameAddr | null {
  const semi = endOfAddrSpec(text, from, to)
  if (semi < 0) return null
  return build('', text, { start: from, end: trimEnd(text, from, semi), paramsStart: semi, to })
}

/** Where a URI without brackets ends: at the first `;`. -1 if it contains `?` or `,`. */
function endOfAddrSpec(text: string, from: number, to: number): number {
  let at = from
  while (at < to && text.charCodeAt(at) !== semicolon) {
    const code = text.charCodeAt(at)
    if (code === questionMark || code === comma) return -1
    at += 1
  }
  return at
}

interface Places {
  /** Start and end of the URI. */
  readonly start: number
  readonly end: number
  readonly paramsStart: number
  readonly to: number
}

function build(display: string, text: string, { start, end, paramsStart, to }: Places): NameAddr | null {
  const params = isUri(text, start, end) ? parseParameters(text, paramsStart, to) : null
  return params && { display, uri: text.slice(start, end), params, tag: params.get('tag') ?? '' }
}

/** Always uses angle brackets, so that URI parameters do not become header parameters. */
export function printNameAddr({ display, uri, params }: Pick<NameAddr, 'display' | 'uri' | 'params'>): string {
  const name = display === '' ? '' : `${quote(display)} `
  return `${name}<${uri}>${printParameters(params)}`
}

/** Builds a value from its parts. */
export function nameAddr(uri: string, display = '', params: Parameters = new Map()): NameAddr {
  return { display, uri, params, tag: params.get('tag') ?? '' }
}
