import { parseExtension } from '../../base/identity.js'
import { choices, fill, matches, type Pattern, parsePattern, wildcards } from '../pattern.js'
import type { Route, Trunk } from '../route.js'
import type { ShortCode } from './short-code.js'

interface Entry {
  readonly pattern: Pattern
  readonly action: ShortCode
}

export interface CodeLookupNeeds {
  readonly shortCodes: Readonly<Record<string, ShortCode>>
  /** Enabled trunks. */
  readonly trunks: readonly Trunk[]
  /** Route of a number that a code forwards to. */
  readonly numberRoute: (digits: string) => Route
}

/** The route of a short code; null for digits that are not one. At most one code matches, because conflicts are refused at load. */
export type CodeLookup = (digits: string) => Route | null

export function createCodeLookup(needs: CodeLookupNeeds): CodeLookup {
  const entries = Object.entries(needs.shortCodes).flatMap(([text, action]): Entry[] => {
    const pattern = parsePattern(text)
    return pattern ? [{ pattern, action }] : []
  })
  return (digits) => {
    const found = entries.find(({ pattern }) => matches(pattern, digits))
    return found ? { ...routeOf(found, digits, needs), shortCode: found.pattern.text } : null
  }
}

function routeOf({ pattern, action }: Entry, digits: string, { trunks, numberRoute }: CodeLookupNeeds): Route {
  if (action.barred) return { kind: 'barred' }
  if (action.trunks) {
    const { strip = 0, prepend = '', callerId = null } = action
    const named = action.trunks.flatMap((name) => trunks.find((trunk) => trunk.name === name) ?? [])
    return { kind: 'outside', number: `${prepend}${digits.slice(strip)}`, trunks: named, callerId }
  }
  if (action.forward) return numberRoute(filled(action.forward, pattern, digits))
  const extension = action.extension ? parseExtension(filled(action.extension, pattern, digits)) : null
  return extension === null ? { kind: 'unknown' } : { kind: 'user', extension }
}

/** With the digits at the wildcards of the code; `''` if a digit is not allowed there. */
function filled(target: Pattern, code: Pattern, digits: string): string {
  return wildcards(target) === 0 ? target.text : (fill(target, choices(code, digits) ?? '') ?? '')
}
