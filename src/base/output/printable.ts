/**
 * What a terminal would obey instead of showing: control characters (C0, DEL, C1), marks that turn the direction of writing, line and
 * paragraph separators, blanks without width, and tags. Names and reasons come from the network, from Redis and from files.
 */
const unprintable = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** `\u001b`, and two of them for a character beyond 16 bits: in JSON it means the same. */
function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
}

/** One line in which everything can be seen. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped)
}

/** The same for a text of ours, which has lines and tabs. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (found) => (found === '\n' || found === '\t' ? found : escaped(found)))
}

/** The same in JSON, and what JSON itself has escaped. */
const inJson = /\\(?:u[0-9a-fA-F]{4}|.)|[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gsu
/** pino's own: a stack has a line a call. */
const stackLine = /^ {4}at /

/** A line of JSON: the same value, in characters that a terminal shows. */
export function printableJson(line: string): string {
  return line.replace(inJson, (found, at: number) => (found.startsWith('\\') || at === line.length - 1 ? found : escaped(found)))
}

/** A line of JSON whose texts will be printed bare: what JSON has escaped stays escaped then. */
export function doublyEscaped(line: string): string {
  return line.replace(inJson, (found, at: number) => {
    if (at === line.length - 1) return found
    if (!found.startsWith('\\')) return escaped(found).replaceAll('\\', '\\\\')
    if (found === '\\n') return stackLine.test(line.slice(at + 2, at + 9)) ? found : '\\\\n'
    return /^\\(u00[01]|[bfrt])/.test(found) ? `\\${found}` : found
  })
}
