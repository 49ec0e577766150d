import { parseExtension, parseSiteName, type SiteName } from '../../base/identity.js'
import { createPatternIndex } from '../numbers/pattern-index.js'
import type { OutsideRoutes } from '../outside-route.js'
import { choices, fill, fixedLength, type Pattern, wildcards } from '../pattern.js'
import type { Route } from '../route.js'
import { codeForms, type ShortCode } from './short-code.js'

interface Entry {
  /** As the file writes the code. */
  readonly code: string
  readonly pattern: Pattern
  readonly action: ShortCode
}

export interface CodeLookupNeeds {
  readonly shortCodes: Readonly<Record<string, ShortCode>>
  readonly outsideTo: OutsideRoutes
  /** Route of a number that a code forwards to. An emergency number has none: help would not be called as in an emergency call. */
  readonly forwardRoute: (digits: string) => Route
}

/** The route of a short code; null for digits that are not one. At most one code matches, because conflicts are refused at load. */
export type CodeLookup = (digits: string) => Route | null

export function createCodeLookup(needs: CodeLookupNeeds): CodeLookup {
  const entries = Object.entries(needs.shortCodes).flatMap(([code, action]) =>
    codeForms(code, action).map((pattern): Entry => ({ code, pattern, action })),
  )
  const entryOf = createPatternIndex(entries, ({ pattern }) => pattern)
  return (digits) => {
    const found = entryOf([digits])
    // A copy would read the number of an outside route.
    return found ? Object.assign(routeOf(found, digits, needs), { shortCode: found.code }) : null
  }
}

function routeOf({ pattern, action }: Entry, digits: string, { outsideTo, forwardRoute }: CodeLookupNeeds): Route {
  if (action.barred) return { kind: 'barred' }
  if (action.announcement) return { kind: 'announcement', prompt: action.announcement }
  if (action.feature) return { kind: 'feature', feature: action.feature, argument: openPart(pattern, digits).replace(/[*#]$/, '') }
  if (action.breakOut) return breakOutRoute(action.breakOut, openPart(pattern, digits))
  if (action.trunks) return outsideTo(digits, { ...action, trunks: action.trunks })
  if (action.forward) return forwardRoute(filled(action.forward, pattern, digits))
  const extension = action.extension ? parseExtension(filled(action.extension, pattern, digits)) : null
  return extension === null ? { kind: 'unknown' } : { kind: 'user', extension }
}

/** What follows the fixed beginning of the code. */
function openPart(pattern: Pattern, digits: string): string {
  return digits.slice(fixedLength(pattern))
}

/** `any`: the site is named before the digits, as in `london*020…`. A name begins with a letter, which no number does. */
function breakOutRoute(site: SiteName | 'any', rest: string): Route {
  if (site !== 'any') return { kind: 'break-out', site, digits: rest }
  const [, name = '', , digits = ''] = /^([a-z][a-z0-9-]*)(\*(.*))?$/i.exec(rest) ?? []
  const named = parseSiteName(name.toLowerCase())
  return { kind: 'break-out', site: named, digits: named === null ? rest : digits }
}

/** With the digits at the wildcards of the code; `''` if a digit is not allowed there. */
function filled(target: Pattern, code: Pattern, digits: string): string {
  return wildcards(target) === 0 ? target.text : (fill(target, choices(code, digits) ?? '') ?? '')
}
