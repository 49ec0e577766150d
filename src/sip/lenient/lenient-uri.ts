import { parseUri, printUri } from '../uri/uri.js'

/** A printable character that a user part may hold only escaped, and a `%` that begins no escape. */
const unescaped = /[ "<>[\]\\^`{|}\x80-\xff]|%(?![0-9A-Fa-f]{2})/g

/**
 * A URI as it can be sent, made from one that is of the form or can be understood: blanks around it, empty parameters, and characters in the
 * user part that belong escaped. Null for text that is none.
 */
export function mendedUri(text: string): string | null {
  const trimmed = text.trim()
  const uri = parseUri(trimmed) ?? parseUri(withEscapedUser(trimmed))
  return uri && printUri(uri)
}

function withEscapedUser(text: string): string {
  const [from, at] = [text.indexOf(':') + 1, text.lastIndexOf('@')]
  if (from === 0 || at < from || text.indexOf('@') < at) return text
  const escaped = text
    .slice(from, at)
    .replace(unescaped, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  return `${text.slice(0, from)}${escaped}${text.slice(at)}`
}
