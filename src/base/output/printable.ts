/**
 * Characters that a terminal obeys instead of showing: control characters (C0, DEL, C1), bidirectional marks, line and paragraph
 * separators, zero-width spaces and tags. Names and reasons come from the network, Redis and files.
 */
const unprintable = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** `\u001b`, as in JSON: two escapes for a character beyond 16 bits. */
function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
}

/** One line without unprintable characters. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped)
}

/** The same for text with lines and tabs. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (found) => (found === '\n' || found === '\t' ? found : escaped(found)))
}

/** Unprintable characters in JSON, and the escapes of JSON. */
const inJson = /\\(?:u[0-9a-fA-F]{4}|.)|[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gsu
/** A line of a stack trace. */
const stackLine = /^ {4}at /

/** Escapes unprintable characters in a line of JSON; its value stays the same. */
export function printableJson(line: string): string {
  return line.replace(inJson, (found, at: number) => (found.startsWith('\\') || at === line.length - 1 ? found : escaped(found)))
}

/** The same for JSON whose strings will be printed decoded: they stay escaped then. */
export function doublyEscaped(line: string): string {
  return line.replace(inJson, (found, at: number) => {
    if (at === line.length - 1) return found
    if (!found.startsWith('\\')) return escaped(found).replaceAll('\\', '\\\\')
    if (found === '\\n') return stackLine.test(line.slice(at + 2, at + 9)) ? found : '\\\\n'
    return /^\\(u00[01]|[bfrt])/.test(found) ? `\\${found}` : found
  })
}
