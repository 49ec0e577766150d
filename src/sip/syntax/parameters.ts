import { endOfQuoted, endOfToken, endOfValue, equals, isToken, quoteMark, semicolon, skipBlanks } from './characters.js'

/** Names in lower case; values as they stand, quotes included; null for a flag. */
export type Parameters = ReadonlyMap<string, string | null>

export const noParameters: Parameters = new Map()

/**
 * `;name=value;flag` from `from` to `to` (RFC 3261 §25.1 generic-param). Null where it is not of that form, or where a name
 * comes twice (RFC 3261 §7.3.1).
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
 * The same where it is not of that form but can be understood: empty parameters and values are passed over, of two with one name the first
 * counts, and a value may hold any visible character but `;`, `,`, quotes and angle brackets. Null where something else than `;` comes first, or a quoted string is not closed.
 */
export function readParameters(text: string, from: number, to: number): Parameters | null {
  let at = skipBlanks(text, from, to)
  if (at < to && text.charCodeAt(at) !== semicolon) return null
  const parameters = new Map<string, string | null>()
  while (at < to) {
    const end = endOfOddParameter(text, at + 1, to)
    if (end < 0) return null
    const [name, value] = oddParameter(text.slice(at + 1, end))
    if (isToken(name) && isVisible(value) && !parameters.has(name)) parameters.set(name, value)
    at = end
  }
  return parameters
}

/** Where the next `;` outside a quoted string stands; -1 where such a string is not closed. */
function endOfOddParameter(text: string, from: number, to: number): number {
  let at = from
  while (at < to && text.charCodeAt(at) !== semicolon) {
    at = text.charCodeAt(at) === quoteMark ? endOfQuoted(text, at, to) : at + 1
    if (at < 0) return -1
  }
  return at
}

function oddParameter(text: string): readonly [name: string, value: string | null] {
  const split = text.indexOf('=')
  if (split < 0) return [text.trim().toLowerCase(), null]
  return [text.slice(0, split).trim().toLowerCase(), text.slice(split + 1).trim()]
}

/** One word, or one quoted string. */
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

/** A copy with the parameter set at its place, or at the end; null makes a flag. */
export function withParameter(parameters: Parameters, name: string, value: string | null): Parameters {
  return new Map(parameters).set(name, value)
}
