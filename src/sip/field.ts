import { AppError } from '../base/errors.js'
import { headerKey, toWireText } from './headers.js'
import { isToken, skipBlanks, trimEnd } from './syntax/characters.js'

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
