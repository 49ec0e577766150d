import { endOfToken, isBlank, skipBlanks } from '../syntax/characters.js'
import { parseInteger } from '../syntax/integer.js'

const maxCSeq = 0x7fff_ffff

/** `4711 INVITE` (RFC 3261 §20.16). */
export interface CSeq {
  readonly number: number
  readonly method: string
}

/** Null unless the number is below 2^31 (RFC 3261 §8.1.1.5). */
export function parseCSeq(text: string): CSeq | null {
  let end = 0
  while (end < text.length && !isBlank(text.charCodeAt(end))) end += 1
  const number = parseInteger(text.slice(0, end), maxCSeq)
  const start = skipBlanks(text, end, text.length)
  if (number === null || start === text.length || endOfToken(text, start, text.length) < text.length) return null
  return { number, method: text.slice(start) }
}
