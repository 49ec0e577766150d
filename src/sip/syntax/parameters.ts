import { endOfQuoted, endOfToken, endOfValue, equals, quoteMark, semicolon, skipBlanks } from './characters.js'

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

/** A copy without the parameter. */
export function withoutParameter(parameters: Parameters, name: string): Parameters {
  const copy = new Map(parameters)
  copy.delete(name)
  return copy
}
