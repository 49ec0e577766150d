import { AppError } from '../../base/errors.js'
import { headerKey, toWireText } from '../headers.js'
import { carriageReturn, colon, isBlank, isToken, isTokenByte, lineFeed, skipBlanks, trimEnd } from './characters.js'
import { knownKey, nextHash } from './known-headers.js'

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
  private unfolded: string | undefined

  constructor(key: string, source: string, place: FieldPlace) {
    this.key = key
    this.source = source
    this.start = place.start
    this.end = place.end
    this.nameEnd = place.nameEnd
    this.colon = place.colon
    this.unfolded = undefined
  }

  /** As it stands. */
  get name(): string {
    return this.source.slice(this.start, this.nameEnd)
  }

  /** Unfolded and trimmed. */
  get value(): string {
    this.unfolded ??= unfold(trimmed(this.source, this.colon + 1, this.end))
    return this.unfolded
  }

  /** Parses the value where it stands: reading a piece of a text is dearer than reading the text. */
  parse<Value>(parse: (text: string, from: number, to: number) => Value): Value {
    const lineEnd = this.source.indexOf('\r', this.colon)
    const isFolded = lineEnd >= 0 && lineEnd < this.end
    return isFolded ? parse(this.value, 0, this.value.length) : parse(this.source, this.colon + 1, this.end)
  }
}

/** Line ends within a field stand before blanks only, and fall away. */
function unfold(text: string): string {
  if (text.indexOf('\r') < 0) return text
  const joined = text.replaceAll('\r\n', '')
  return trimmed(joined, 0, joined.length)
}

function trimmed(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from, to)
  return text.slice(start, trimEnd(text, start, to))
}

/**
 * A field written by us. Text beyond one byte a character becomes UTF-8.
 * @throws AppError SIP_MALFORMED for a name that is no token or a value with a line break: that would write another header.
 */
export function newField(name: string, value: string): HeaderField {
  if (!isToken(name)) throw new AppError('SIP_MALFORMED', 'a header name must be a token')
  const text = `${name}: ${wireSafe(value, name)}`
  return new HeaderField(headerKey(name), text, { start: 0, nameEnd: name.length, colon: name.length, end: text.length })
}

/** The text as it may stand in a line of a message. @throws AppError SIP_MALFORMED for a line break. */
export function wireSafe(text: string, where: string): string {
  if (!/[\r\n\u0100-\uffff]/.test(text)) return text
  if (/[\r\n]/.test(text)) throw new AppError('SIP_MALFORMED', `a line break in ${where}`)
  return toWireText(text)
}

/** Longer fields, folds included, are malformed. */
export const maxFieldBytes = 8 * 1024

export interface IndexedFields {
  readonly fields: HeaderField[]
  /** Behind the empty line. */
  readonly bodyStart: number
  /** Null for a header that is whole and well formed. */
  readonly fault: string | null
}

/**
 * Finds where each field of a header stands, in one pass over its bytes. `text` is those bytes as latin1. A line that is no field
 * is left out and told, so that the rest can still carry an answer; a line that does not end with CRLF ends it all.
 */
export function indexFields(bytes: Buffer, text: string, from: number): IndexedFields {
  const fields: HeaderField[] = []
  let fault: string | null = null
  let start = from
  while (bytes[start] !== carriageReturn) {
    let at = start
    let hash = 0
    while (isTokenByte(bytes[at] ?? 0)) {
      hash = nextHash(hash, bytes[at] ?? 0)
      at += 1
    }
    const nameEnd = at
    while (isBlank(bytes[at] ?? 0)) at += 1
    const end = endOfField(text, at)
    if (end < 0) return { fields, bodyStart: bytes.length, fault: 'Header without its end' }
    if (nameEnd === start || bytes[at] !== colon || end - start > maxFieldBytes) fault ??= 'Malformed header field'
    else {
      const key = knownKey(bytes, start, nameEnd, hash) ?? text.slice(start, nameEnd).toLowerCase()
      fields.push(new HeaderField(key, text, { start, nameEnd, colon: at, end }))
    }
    start = end + 2
  }
  return { fields, bodyStart: start + 2, fault: bytes[start + 1] === lineFeed ? fault : 'Header without its end' }
}

/** Where the CRLF behind the field stands; a line that begins with a blank belongs to the one before (RFC 3261 §7.3.1). -1 without. */
function endOfField(text: string, from: number): number {
  let end = endOfLine(text, from)
  while (end >= 0 && isBlank(text.charCodeAt(end + 2))) end = endOfLine(text, end + 2)
  return end
}

/** Where the line's CRLF stands; -1 where it ends otherwise, or not at all. */
export function endOfLine(text: string, from: number): number {
  const lineFeedAt = text.indexOf('\n', from)
  return lineFeedAt > from && text.indexOf('\r', from) === lineFeedAt - 1 ? lineFeedAt - 1 : -1
}
