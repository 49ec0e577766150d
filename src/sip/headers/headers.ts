import {
  backslash,
  comma,
  endOfQuoted,
  endOfToken,
  greaterThan,
  isBlank,
  isDigit,
  lessThan,
  quoteMark,
  skipBlanks,
  trimEnd,
} from '../syntax/characters.js'
import { knownHeaders } from './known-headers.js'

/** Spellings met all the time, so that most names cost one look-up. */
const keys = new Map<string, string>(
  knownHeaders.flatMap(({ name, key, compact }) => [name, key, ...compact].map((spelling): [string, string] => [spelling, key])),
)
const names = new Map<string, string>(knownHeaders.map(({ name, key }) => [key, name]))

/** What a header name is compared by: lower case, compact forms as the long ones. */
export function headerKey(name: string): string {
  return keys.get(name) ?? keyOfLower(name.toLowerCase())
}

function keyOfLower(name: string): string {
  return keys.get(name) ?? name
}

/** The usual spelling: `Call-ID` for `i`, `call-id` and `CALL-ID`; of an unknown name each word capitalised. */
export function canonicalName(name: string): string {
  const key = headerKey(name)
  return names.get(key) ?? key.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}

/** Splits a comma list outside quotes, angle brackets and escapes; blanks around values fall away. An empty text has no values. */
export function splitList(text: string): readonly string[] {
  if (text.indexOf(',') < 0) {
    const only = text.trim()
    return only === '' ? [] : [only]
  }
  const values: string[] = []
  let from = 0
  while (from <= text.length) {
    const end = endOfListValue(text, from)
    const start = skipBlanks(text, from, end)
    values.push(text.slice(start, trimEnd(text, start, end)))
    from = end + 1
  }
  return values
}

/** Where the list value that starts at `from` ends: at a comma or at the end. */
export function endOfListValue(text: string, from: number): number {
  let bracketed = 0
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quoteMark && bracketed === 0) {
      const end = endOfQuoted(text, at, text.length)
      if (end < 0) return text.length
      at = end - 1
    } else if (code === lessThan) bracketed = 1
    else if (code === greaterThan) bracketed = 0
    else if (code === comma && bracketed === 0) return at
  }
  return text.length
}

/** A decimal number from 0 to `max`; null for anything else. Leading zeros are allowed (RFC 4475 §3.1.1.1). */
export function parseInteger(text: string, max: number): number | null {
  if (text.length === 0) return null
  let value = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return null
    value = value * 10 + (code - 0x30)
    if (value > max) return null
  }
  return value
}

/** The largest delta-seconds and the first number that CSeq cannot hold (RFC 3261 §20.19, §8.1.1.5). */
export const maxDeltaSeconds = 0xffff_ffff
const maxCSeq = 0x7fff_ffff

/** `4711 INVITE` (RFC 3261 §20.16). */
export interface CSeq {
  readonly number: number
  readonly method: string
}

/** The number is below 2^31 (RFC 3261 §8.1.1.5). */
export function parseCSeq(text: string): CSeq | null {
  let end = 0
  while (end < text.length && !isBlank(text.charCodeAt(end))) end += 1
  const number = parseInteger(text.slice(0, end), maxCSeq)
  const start = skipBlanks(text, end, text.length)
  if (number === null || start === text.length || endOfToken(text, start, text.length) < text.length) return null
  return { number, method: text.slice(start) }
}

/** The text of a quoted string without quotes and escapes; any other text as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== quoteMark) return text
  const inner = text.slice(1, -1)
  return inner.indexOf('\\') < 0 ? inner : inner.replace(/\\([\s\S])/g, '$1')
}

/** A quoted string (RFC 3261 §25.1). A line break cannot stand in one and becomes a blank. */
export function quote(text: string): string {
  let quoted = '"'
  for (const character of text.replace(/[\r\n]+/g, ' ')) quoted += mustBeEscaped(character.charCodeAt(0)) ? `\\${character}` : character
  return `${quoted}"`
}

function mustBeEscaped(code: number): boolean {
  return code === quoteMark || code === backslash || code === 0x7f || (code < 0x20 && code !== 0x09)
}

/** UTF-8 as the one-character-one-byte text of messages, for a display name written by people. */
export function toWireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** What people read: the text of a message as UTF-8. */
export function fromWireText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}

/** A run of this length is not layout. */
const longest = 16
const longRun = /[ \t]{16}/

/**
 * A printed message for a reader whose patterns do badly with many blanks: where its header has a long run of them, each run and
 * each fold in the header becomes one blank. Any other message is given back as it is.
 */
export function collapseBlanks(message: Buffer): Buffer {
  if (!mayHaveLongRun(message)) return message
  const end = message.indexOf('\r\n\r\n', 0, 'latin1')
  const head = message.toString('latin1', 0, end < 0 ? message.length : end).replace(/\r\n(?=[ \t])/g, '  ')
  if (!longRun.test(head)) return message
  const collapsed = head
    .replace(/[ \t]+/g, ' ')
    .replaceAll(' \r\n', '\r\n')
    .trimEnd()
  return Buffer.concat([Buffer.from(collapsed, 'latin1'), end < 0 ? Buffer.alloc(0) : message.subarray(end)])
}

const stride = 4

/**
 * Every message for an application passes here, and hardly any has such a run: of sixteen characters in a row, four stand at a multiple of
 * four, and only those are looked at. A line break counts, for it may be a fold.
 */
function mayHaveLongRun(message: Buffer): boolean {
  let inRow = 0
  for (let at = 0; at < message.length; at += stride) {
    const code = message[at]
    inRow = code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a ? inRow + 1 : 0
    if (inRow * stride === longest) return true
  }
  return false
}
