import { mendedUri } from '../lenient/lenient-uri.js'
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
import { type Parameters, parseParameters, printParameters, readParameters } from '../syntax/parameters.js'
import { quote, unquote } from '../syntax/quoted-string.js'
import { isUri } from '../uri/uri.js'

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
 * One value of From, To, Contact, Route …: name-addr or addr-spec with parameters (RFC 3261 §20.10, §25.1), or what `readOddAddress` makes
 * of it; null where neither is possible.
 */
export function parseNameAddr(text: string, from = 0, to = text.length): NameAddr | null {
  return parseExactAddress(text, from, to) ?? readOddAddress(text.slice(from, to))
}

/** Null where the value is not exactly of the form. Without angle brackets `;` ends the URI, and `?` or `,` must not be in it. */
export function parseExactAddress(text: string, from = 0, to = text.length): NameAddr | null {
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
 * The To of a message. RFC 3261 §8.2.6.2 lets whoever answers add a tag only where there is none; many add one all the same. The first is
 * the dialog's, and the one behind it is passed over.
 */
export function parseTo(text: string, from = 0, to = text.length): NameAddr | null {
  return parseExactAddress(text, from, to) ?? parseWithoutSecondTag(text, from, to)
}

const tagStart = ';tag='

function parseWithoutSecondTag(text: string, from: number, to: number): NameAddr | null {
  const whole = text.slice(from, trimEnd(text, from, to))
  const second = whole.toLowerCase().lastIndexOf(tagStart)
  const start = second + tagStart.length
  if (second < 0 || start === whole.length || endOfToken(whole, start, whole.length) !== whole.length) return null
  const value = parseExactAddress(whole, 0, second)
  return value && value.tag !== '' ? value : null
}

/**
 * What phones write for an address though no grammar allows it, where it can mean one thing only: a display name with brackets, commas or
 * quotes too many, blanks within the angle brackets, none of these around a URI with parameters, empty parameters.
 */
export function readOddAddress(text: string): NameAddr | null {
  const place = onlyUriIn(text)
  if (!place) return null
  const { start, open } = place
  const close = open < 0 ? endOfBareUri(text, start) : text.indexOf('>', start)
  const uri = close < 0 ? null : mendedUri(text.slice(start, close))
  const params = uri === null ? null : readParameters(text, open < 0 ? close : close + 1, text.length)
  if (uri === null || !params) return null
  const named = { display: plainName(text.slice(0, open < 0 ? start : open)), uri, params, tag: params.get('tag') ?? '' }
  return open < 0 ? withUriParameters(named) : named
}

/** The only URI in angle brackets, or the only one at all; null where several may be meant. `open`: its bracket, -1 without. */
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

/** They can only be meant for the URI (RFC 3261 §19.1.1, RFC 5626 §5), though without angle brackets they count as the header's. */
const ofUris: ReadonlySet<string> = new Set(['transport', 'user', 'maddr', 'ttl', 'method', 'lr', 'ob', 'comp', 'gr'])

export function hasUriParameters(params: Parameters): boolean {
  for (const name of params.keys()) if (ofUris.has(name)) return true
  return false
}

/** An address without angle brackets, with the parameters in their places. */
export function withUriParameters({ uri, params, ...named }: NameAddr): NameAddr {
  const [own, moved] = [new Map(params), new Map<string, string | null>()]
  for (const name of ofUris) {
    if (own.has(name)) moved.set(name, own.get(name) ?? null)
    own.delete(name)
  }
  const whole = `${uri}${printParameters(moved)}`
  return { ...named, uri: isUri(whole, 0, whole.length) ? whole : uri, params: own }
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

/** Where the URI without brackets ends: at the first `;`. It must not hold `?` or `,`: -1 where it does. */
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
  /** Of the URI. */
  readonly start: number
  readonly end: number
  readonly paramsStart: number
  readonly to: number
}

function build(display: string, text: string, { start, end, paramsStart, to }: Places): NameAddr | null {
  const params = isUri(text, start, end) ? parseParameters(text, paramsStart, to) : null
  return params && { display, uri: text.slice(start, end), params, tag: params.get('tag') ?? '' }
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
