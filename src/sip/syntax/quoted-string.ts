import { backslash, quoteMark } from './characters.js'

/** The content of a quoted string, without quotes and escapes. Any other text is returned unchanged. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== quoteMark) return text
  const inner = text.slice(1, -1)
  return inner.indexOf('\\') < 0 ? inner : inner.replace(/\\([\s\S])/g, '$1')
}

/** A quoted string (RFC 3261 §25.1). It cannot contain a line break, so that becomes a blank. */
export function quote(text: string): string {
  let quoted = '"'
  for (const character of text.replace(/[\r\n]+/g, ' ')) quoted += mustBeEscaped(character.charCodeAt(0)) ? `\\${character}` : character
  return `${quoted}"`
}

function mustBeEscaped(code: number): boolean {
  return code === quoteMark || code === backslash || code === 0x7f || (code < 0x20 && code !== 0x09)
}
