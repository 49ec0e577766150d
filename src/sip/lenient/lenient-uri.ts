import { parseUri, printUri } from '../uri/uri.js'

/** A printable character that must be escaped in a user part, or a `%` that does not begin an escape. */
const unescaped = /[ "<>[\]\\^`{|}\x80-\xff]|%(?![0-9A-Fa-f]{2})/g

/**
 * Rewrites a URI to the form that the grammar requires: without surrounding blanks and empty parameters, and with the user part escaped.
 * Null for text that is not a URI.
 */
export function normalizedUri(text: string): string | null {
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
