import { errors } from '../../base/errors.js'
import { isToken, skipBlanks, trimEnd } from '../syntax/characters.js'
import { toWireText } from '../syntax/wire-text.js'
import { headerKey } from './header-names.js'

/** The position of a header field in its text: `start` name `nameEnd` … `colon` value `end`, without the line end. */
export interface FieldPlace {
  readonly start: number
  readonly nameEnd: number
  readonly colon: number
  readonly end: number
}

/** One header field: a window on the text it came in. A field that is not read costs nothing and is forwarded unchanged. */
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

  /** As received. */
  get name(): string {
    return this.source.slice(this.start, this.nameEnd)
  }

  /** Trimmed. */
  get value(): string {
    this.trimmedValue ??= trimmed(this.source, this.colon + 1, this.end)
    return this.trimmedValue
  }

  /** Parses the value in place, which is cheaper than parsing a slice. */
  parse<Value>(parse: (text: string, from: number, to: number) => Value): Value {
    return parse(this.source, this.colon + 1, this.end)
  }
}

export function trimmed(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from, to)
  return text.slice(start, trimEnd(text, start, to))
}

/**
 * Builds a field. Characters above U+00FF are written as UTF-8.
 * @throws AppError SIP_MALFORMED if the name is not a token or the value has a line break, which would inject another header.
 */
export function newField(name: string, value: string, key = headerKey(name)): HeaderField {
  if (!isToken(name)) throw errors.SIP_MALFORMED.headerName()
  const text = `${name}: ${wireSafe(value, name)}`
  return new HeaderField(key, text, { start: 0, nameEnd: name.length, colon: name.length, end: text.length })
}

/** Text that is safe in a line of a message. @throws AppError SIP_MALFORMED for a line break. */
export function wireSafe(text: string, where: string): string {
  if (!/[\r\n\u0100-\uffff]/.test(text)) return text
  if (/[\r\n]/.test(text)) throw errors.SIP_MALFORMED.lineBreak({ header: where })
  return toWireText(text)
}
