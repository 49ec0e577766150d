/**
 * The character classes of RFC 3261 §25.1 as one table, and the scanners on which all parsers are built. A scanner never goes back, so its cost
 * is linear in the length of its text.
 */

const tokenBit = 1
const wordBit = 2
const userBit = 4
const uriParameterBit = 8
const uriBit = 16
const digitBit = 32
const hexBit = 64
const headerValueBit = 128
const uriHeaderBit = 256
const passwordBit = 512
const schemeBit = 1024
const labelBit = 2048

const alphanumeric = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const unreserved = `${alphanumeric}-_.!~*'()`

const classes = new Uint16Array(256)
mark(tokenBit, `${alphanumeric}-.!%*_+\`'~`)
mark(wordBit, `${alphanumeric}-.!%*_+\`'~()<>:\\"/[]?{}`)
// '#' should be escaped, but phones send it bare, and in a user part it is not ambiguous.
mark(userBit, `${unreserved}&=+$,;?/#`)
mark(passwordBit, `${unreserved}&=+$,`)
mark(schemeBit, `${alphanumeric}+-.`)
mark(labelBit, `${alphanumeric}_-`)
mark(uriParameterBit, `${unreserved}[]/:&+$`)
mark(uriHeaderBit, `${unreserved}[]/?:+$`)
mark(uriBit, `${unreserved};/?:@&=+$,[]`)
mark(digitBit, '0123456789')
mark(hexBit, '0123456789abcdefABCDEF')
mark(headerValueBit, `${alphanumeric}-.!%*_+\`'~[]:`)

function mark(bit: number, characters: string): void {
  for (let at = 0; at < characters.length; at += 1) {
    const code = characters.charCodeAt(at)
    classes[code] = (classes[code] ?? 0) | bit
  }
}

function isIn(code: number, bit: number): boolean {
  return ((classes[code] ?? 0) & bit) !== 0
}

export const lineFeed = 0x0a
export const carriageReturn = 0x0d
export const quoteMark = 0x22
export const percent = 0x25
export const ampersand = 0x26
export const comma = 0x2c
export const dot = 0x2e
export const slash = 0x2f
export const colon = 0x3a
export const semicolon = 0x3b
export const lessThan = 0x3c
export const equals = 0x3d
export const greaterThan = 0x3e
export const questionMark = 0x3f
export const atSign = 0x40
export const leftBracket = 0x5b
export const backslash = 0x5c
export const rightBracket = 0x5d

export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** One hexadecimal digit. */
export function isHex(code: number): boolean {
  return isIn(code, hexBit)
}

export function isTokenByte(code: number): boolean {
  return isIn(code, tokenBit)
}

/** Where the blanks that start at `from` end. */
export function skipBlanks(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isBlank(text.charCodeAt(at))) at += 1
  return at
}

/** Where `text` up to `to` ends without its trailing blanks. */
export function trimEnd(text: string, from: number, to: number): number {
  let at = to
  while (at > from && isBlank(text.charCodeAt(at - 1))) at -= 1
  return at
}

/** Where the token that starts at `from` ends; `from` if there is none. */
export function endOfToken(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isIn(text.charCodeAt(at), tokenBit)) at += 1
  return at
}

/** Where an unquoted parameter value (token or host, RFC 3261 §25.1 gen-value) ends. */
export function endOfValue(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isIn(text.charCodeAt(at), headerValueBit)) at += 1
  return at
}

/** Where the next word of a display name ends: a token, or UTF-8 bytes, which phones send unquoted. */
export function endOfDisplayWord(text: string, from: number, to: number): number {
  let at = from
  while (at < to) {
    const code = text.charCodeAt(at)
    if (!isIn(code, tokenBit) && code < 0x80) break
    at += 1
  }
  return at
}

/** Position after the closing quote of the quoted string that starts at `from`; -1 if it is not closed. */
export function endOfQuoted(text: string, from: number, to: number): number {
  let at = from + 1
  while (at < to) {
    const code = text.charCodeAt(at)
    if (code === quoteMark) return at + 1
    at += code === backslash ? 2 : 1
  }
  return -1
}

/** The parts of a URI with their character classes. */
export const uriPart = { user: userBit, password: passwordBit, parameter: uriParameterBit, header: uriHeaderBit, opaque: uriBit } as const
type UriPart = (typeof uriPart)[keyof typeof uriPart]

/** Where a label of a host name ends. */
export function endOfLabel(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isIn(text.charCodeAt(at), labelBit)) at += 1
  return at
}

/** Position of the colon after a URI's scheme; -1 if there is no scheme. */
export function endOfScheme(text: string, from: number, to: number): number {
  if (!isLetter(text.charCodeAt(from))) return -1
  let at = from + 1
  while (at < to && isIn(text.charCodeAt(at), schemeBit)) at += 1
  return at < to && text.charCodeAt(at) === colon ? at : -1
}

/** Where a part of a URI ends. Escapes (`%41`) belong to it; a broken escape ends it. */
export function endOfUriPart(text: string, part: UriPart, from: number, to: number): number {
  let at = from
  while (at < to) {
    const code = text.charCodeAt(at)
    if (isIn(code, part)) at += 1
    else if (code === percent && at + 2 < to && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2))) at += 3
    else return at
  }
  return at
}

export function isToken(text: string): boolean {
  return text.length > 0 && endOfToken(text, 0, text.length) === text.length
}
