import { comma, endOfQuoted, endOfToken, equals, isBlank, quoteMark, skipBlanks } from '../syntax/characters.js'
import { unquote } from '../syntax/quoted-string.js'

/** `Digest realm="a", qop=auth`: names in lower case, values without quotes. */
export interface AuthHeader {
  /** Lower case. */
  readonly scheme: string
  readonly params: ReadonlyMap<string, string>
}

/** Parses a challenge or credentials of any scheme (RFC 3261 §25.1). Null if it is malformed or repeats a name. */
export function parseAuthHeader(text: string): AuthHeader | null {
  const schemeEnd = endOfToken(text, 0, text.length)
  if (schemeEnd === 0 || !isBlank(text.charCodeAt(schemeEnd))) return null
  const params = new Map<string, string>()
  let at = schemeEnd
  while (at < text.length) {
    const start = skipBlanks(text, at + 1, text.length)
    const nameEnd = endOfToken(text, start, text.length)
    const name = text.slice(start, nameEnd).toLowerCase()
    const equalsAt = skipBlanks(text, nameEnd, text.length)
    if (name === '' || params.has(name) || text.charCodeAt(equalsAt) !== equals) return null
    const valueStart = skipBlanks(text, equalsAt + 1, text.length)
    const valueEnd = endOfAuthValue(text, valueStart)
    if (valueEnd <= valueStart) return null
    params.set(name, unquote(text.slice(valueStart, valueEnd)))
    at = skipBlanks(text, valueEnd, text.length)
    if (at < text.length && text.charCodeAt(at) !== comma) return null
  }
  return { scheme: text.slice(0, schemeEnd).toLowerCase(), params }
}

/** Some phones omit quotes that the grammar requires: an unquoted value ends at the next comma or blank. */
function endOfAuthValue(text: string, from: number): number {
  if (text.charCodeAt(from) === quoteMark) return endOfQuoted(text, from, text.length)
  let at = from
  while (at < text.length && text.charCodeAt(at) !== comma && !isBlank(text.charCodeAt(at))) at += 1
  return at
}
