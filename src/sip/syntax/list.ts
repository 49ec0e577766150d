import { comma, endOfQuoted, greaterThan, lessThan, quoteMark, skipBlanks, trimEnd } from './characters.js'

/** Splits a list at commas outside quotes and angle brackets, and trims each value. An empty text has no values. */
export function splitList(text: string): readonly string[] {
  if (text.indexOf(',') < 0) {
    const only = text.trim()
    return only === '' ? [] : [only]
  }
  const values: string[] = []
  let from = 0
  while (from <= text.length) {
    const end = endOfListValue(text, from)
    const start = skipBlanks(text, from, end)
    values.push(text.slice(start, trimEnd(text, start, end)))
    from = end + 1
  }
  return values
}

/** Where the list value that starts at `from` ends: at a comma or at the end of the text. */
export function endOfListValue(text: string, from: number): number {
  let bracketed = 0
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quoteMark && bracketed === 0) {
      const end = endOfQuoted(text, at, text.length)
      if (end < 0) return text.length
      at = end - 1
    } else if (code === lessThan) bracketed = 1
    else if (code === greaterThan) bracketed = 0
    else if (code === comma && bracketed === 0) return at
  }
  return text.length
}
