import { endOfQuoted, endOfToken, endOfValue, equals, isToken, quoteMark, semicolon, skipBlanks } from './characters.js'

/** Names in lower case, values as received with quotes, null for a flag. */
export type Parameters = ReadonlyMap<string, string | null>

export const noParameters: Parameters = new Map()

/**
 * Parses `;name=value;flag` between `from` and `to` (RFC 3261 §25.1 generic-param). Null if it is malformed or repeats a name
 * (RFC 3261 §7.3.1).
 */
export function parseParameters(text: string, from: number, to: number): Parameters | null {
  let at = skipBlanks(text, from, to)
  if (at === to) return noParameters
  const parameters = new Map<string, string | null>()
  while (at < to) {
    if (text.charCodeAt(at) !== semicolon) return null
    const start = skipBlanks(text, at + 1, to)
    const end = endOfToken(text, start, to)
    const name = text.slice(start, end).toLowerCase()
    if (end === start || parameters.has(name)) return null
    at = skipBlanks(text, end, to)
    if (at < to && text.charCodeAt(at) === equals) {
      const valueStart = skipBlanks(text, at + 1, to)
      const valueEnd = endOfParameterValue(text, valueStart, to)
      if (valueEnd <= valueStart) return null
      parameters.set(name, text.slice(valueStart, valueEnd))
      at = skipBlanks(text, valueEnd, to)
    } else {
      parameters.set(name, null)
    }
  }
  return parameters
}

/**
 * Like `parseParameters`, but ignores empty parameters and values, uses the first of several parameters with one name, and accepts any visible
 * character in a value except `;`, `,`, quotes and angle brackets. Null if the text does not begin with `;` or a quoted string is not closed.
 */
export function parseLenientParameters(text: string, from: number, to: number): Parameters | null {
  let at = skipBlanks(text, from, to)
  if (at < to && text.charCodeAt(at) !== semicolon) return null
  const parameters = new Map<string, string | null>()
  while (at < to) {
    const end = endOfLenientParameter(text, at + 1, to)
    if (end < 0) return null
    const [name, value] = splitParameter(text.slice(at + 1, end))
    if (isToken(name) && isVisible(value) && !parameters.has(name)) parameters.set(name, value)
    at = end
  }
  return parameters
}

/** Position of the next `;` outside quoted strings; -1 if one of them is not closed. */
function endOfLenientParameter(text: string, from: number, to: number): number {
  let at = from
  while (at < to && text.charCodeAt(at) !== semicolon) {
    at = text.charCodeAt(at) === quoteMark ? endOfQuoted(text, at, to) : at + 1
    if (at < 0) return -1
  }
  return at
}

function splitParameter(text: string): readonly [name: string, value: string | null] {
  const split = text.indexOf('=')
  if (split < 0) return [text.trim().toLowerCase(), null]
  return [text.slice(0, split).trim().toLowerCase(), text.slice(split + 1).trim()]
}

/** Whether the value is one word or one quoted string. */
function isVisible(value: string | null): boolean {
  if (value === null) return true
  return value.charCodeAt(0) === quoteMark ? endOfQuoted(value, 0, value.length) === value.length : /^[^\s",<>]+$/.test(value)
}

function endOfParameterValue(text: string, from: number, to: number): number {
  return text.charCodeAt(from) === quoteMark && from < to ? endOfQuoted(text, from, to) : endOfValue(text, from, to)
}

export function printParameters(parameters: Parameters): string {
  let text = ''
  for (const [name, value] of parameters) text += value === null ? `;${name}` : `;${name}=${value}`
  return text
}

/** A copy with a parameter set, in its place or at the end; a null value makes it a flag. */
export function withParameter(parameters: Parameters, name: string, value: string | null): Parameters {
  return new Map(parameters).set(name, value)
}
