import { endOfUriPart, isHex, percent, uriPart } from '../syntax/characters.js'
import { fromWireText } from '../syntax/wire-text.js'

/** The user part as people write it: `*77*100*` for `%2A77%2A100%2A`. A broken escape is left as it is; bytes are read as UTF-8. */
export function decodeUser(text: string): string {
  if (text.indexOf('%') < 0) return text
  let bytes = ''
  for (let at = 0; at < text.length; at += 1) {
    const isEscape = text.charCodeAt(at) === percent && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2))
    bytes += isEscape ? String.fromCharCode(Number.parseInt(text.slice(at + 1, at + 3), 16)) : text.charAt(at)
    if (isEscape) at += 2
  }
  return fromWireText(bytes)
}

/**
 * Escapes a user part for a URI: every character except unreserved ones and `&=+$,?/` (RFC 3261 §25.1). `;` is escaped too, because it
 * would begin the parameters of a telephone number (RFC 3261 §19.1.6).
 */
export function encodeUser(text: string): string {
  let encoded = ''
  for (const code of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(code)
    const isAllowed = character !== '#' && character !== ';' && endOfUriPart(character, uriPart.user, 0, 1) === 1
    encoded += isAllowed ? character : `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
