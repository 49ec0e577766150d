import { isUtf8 } from 'node:buffer'
import { AppError } from '../../base/errors.js'
import { canonicalName, headerKey, toWireText } from '../headers/headers.js'
import { knownKey, nextHash } from '../headers/known-headers.js'
import { carriageReturn, colon, isBlank, isToken, isTokenByte, lineFeed, skipBlanks, trimEnd } from './characters.js'

/** Where a header field stands in its text: `start` name `nameEnd` … `colon` value `end`, without the line's end. */
export interface FieldPlace {
  readonly start: number
  readonly nameEnd: number
  readonly colon: number
  readonly end: number
}

/** One header field: a window on the text it came in, so that what is not read costs nothing and is sent on as it was. */
export class HeaderField {
  readonly key: string
  readonly source: string
  readonly start: number
  readonly end: number
  private readonly nameEnd: number
  private readonly colon: number
  private trimmedValue: string | undefined

  constructor(key: string, source: string, place: FieldPlace) {
    this.key = key
    this.source = source
    this.start = place.start
    this.end = place.end
    this.nameEnd = place.nameEnd
    this.colon = place.colon
    this.trimmedValue = undefined
  }

  /** As it stands. */
  get name(): string {
    return this.source.slice(this.start, this.nameEnd)
  }

  /** Without blanks around it. */
  get value(): string {
    this.trimmedValue ??= trimmed(this.source, this.colon + 1, this.end)
    return this.trimmedValue
  }

  /** Parses the value where it stands: reading a piece of a text is dearer than reading the text. */
  parse<Value>(parse: (text: string, from: number, to: number) => Value): Value {
    return parse(this.source, this.colon + 1, this.end)
  }
}

function trimmed(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from, to)
  return text.slice(start, trimEnd(text, start, to))
}

/**
 * A field written by us. Text beyond one byte a character becomes UTF-8.
 * @throws AppError SIP_MALFORMED for a name that is no token or a value with a line break: that would write another header.
 */
export function newField(name: string, value: string, key = headerKey(name)): HeaderField {
  if (!isToken(name)) throw new AppError('SIP_MALFORMED', 'a header name must be a token')
  const text = `${name}: ${wireSafe(value, name)}`
  return new HeaderField(key, text, { start: 0, nameEnd: name.length, colon: name.length, end: text.length })
}

/** The text as it may stand in a line of a message. @throws AppError SIP_MALFORMED for a line break. */
export function wireSafe(text: string, where: string): string {
  if (!/[\r\n\u0100-\uffff]/.test(text)) return text
  if (/[\r\n]/.test(text)) throw new AppError('SIP_MALFORMED', `a line break in ${where}`)
  return toWireText(text)
}

/** Longer fields, folds included, are left out. */
export const maxFieldBytes = 8 * 1024

export interface IndexedFields {
  readonly fields: HeaderField[]
  /** Behind the empty line. */
  readonly bodyStart: number
  /** Lines that are left out: without a name and a colon, too long, or with a carriage return in them. */
  readonly leftOut: number
  /** Null for a header that has its end. */
  readonly fault: string | null
}

const noEnd = 'Header without its end'

/**
 * Finds where each field of a header stands, in one pass over its bytes. `text` is those bytes as latin1. A field that is folded
 * (RFC 3261 §7.3.1), has a compact name (§7.3.3) or is not UTF-8 is spelled anew, so that each is one line with its long name. A line feed alone
 * ends a line as well. A header whose last line is whole needs no empty line behind it where nothing else follows.
 */
export function indexFields(bytes: Buffer, text: string, from: number): IndexedFields {
  const fields: HeaderField[] = []
  let leftOut = 0
  let nextReturn = -1
  let start = from
  while (start < bytes.length && !isLineEnd(bytes, start)) {
    let at = start
    let hash = 0
    while (isTokenByte(bytes[at] ?? 0)) {
      hash = nextHash(hash, bytes[at] ?? 0)
      at += 1
    }
    const nameEnd = at
    while (isBlank(bytes[at] ?? 0)) at += 1
    let feed = text.indexOf('\n', at)
    const lineFeedAt = feed
    while (feed >= 0 && isBlank(bytes[feed + 1] ?? 0)) feed = text.indexOf('\n', feed + 1)
    if (feed < 0) return { fields, bodyStart: bytes.length, leftOut, fault: noEnd }
    const end = bytes[feed - 1] === carriageReturn ? feed - 1 : feed
    if (nextReturn < at) nextReturn = nextIndex(text, '\r', at)
    const isPlain = nextReturn >= end && feed === lineFeedAt
    if (nameEnd === start || bytes[at] !== colon || end - start > maxFieldBytes) leftOut += 1
    else {
      const key = knownKey(bytes, start, nameEnd, hash) ?? text.slice(start, nameEnd).toLowerCase()
      const field = new HeaderField(key, text, { start, nameEnd, colon: at, end })
      if (isPlain && key.length === nameEnd - start) fields.push(field)
      else if (!addRespelled(fields, field)) leftOut += 1
    }
    start = feed + 1
  }
  const bodyStart = start < bytes.length ? start + (bytes[start] === lineFeed ? 1 : 2) : start
  const isText = isUtf8(bytes) || isUtf8(bytes.subarray(from, start))
  return { fields: isText ? fields : fields.map(inUtf8), bodyStart, leftOut, fault: null }
}

function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === lineFeed || (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed)
}

function nextIndex(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? text.length : at
}

function withoutReturn(text: string, feed: number): number {
  return feed > 0 && text.charCodeAt(feed - 1) === carriageReturn ? feed - 1 : feed
}

/** False for a value with a carriage return, which some readers take for a line end. */
function addRespelled(fields: HeaderField[], { key, name, value }: HeaderField): boolean {
  const line = unfolded(value)
  if (line.includes('\r')) return false
  fields.push(newField(name.length === 1 ? canonicalName(name) : name, line, key))
  return true
}

/** Each fold becomes one blank. */
function unfolded(text: string): string {
  if (text.indexOf('\n') < 0) return text
  const lines = text.split('\n').map((line) => trimmed(line, 0, withoutReturn(line, line.length)))
  return lines.join(' ').trim()
}

/** What is echoed must stay as it came. */
const echoed: ReadonlySet<string> = new Set(['via', 'call-id', 'cseq'])

/** Bytes that are not UTF-8 are taken for ISO 8859-1 (RFC 3261 §7.3.1 wants UTF-8; older phones have it otherwise). */
function inUtf8(field: HeaderField): HeaderField {
  const bytes = Buffer.from(field.value, 'latin1')
  return echoed.has(field.key) || isUtf8(bytes)
    ? field
    : newField(field.name, Buffer.from(field.value, 'utf8').toString('latin1'), field.key)
}

/** Where the line ends, without its line end; -1 where none follows. */
export function endOfLine(text: string, from: number): number {
  const feed = text.indexOf('\n', from)
  return feed < 0 ? -1 : withoutReturn(text, feed)
}
