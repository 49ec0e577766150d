import { isBlock, itemsOf, keyText, type ParsedFile, type Path, type Problem } from '../config/yaml/yaml-schema.js'
import { globalEmergencyNumbers } from '../sip/uri/dialled.js'
import { codeFormsWithExtension, logoutForms, parseCode, reservedExtension } from './codes.js'
import { begins, covers, overlap, type Pattern, parsePattern } from './pattern.js'
import { dialledForm } from './short-codes/code-checks.js'
import { codeForms } from './short-codes/short-code.js'

type CodeKind = 'login' | 'logout' | 'logoutEverywhere'

/** The digits that one line of the file claims. */
interface Claim {
  readonly path: Path
  /** As written. */
  readonly text: string
  /** False for a default. */
  readonly isWritten: boolean
  readonly kind: CodeKind | 'short code' | 'bar' | 'emergency' | 'extension' | 'route'
  readonly forms: readonly Pattern[]
}

/** Every claim is compared with every other, so their number is limited. */
const maxClaims = 2_000
const maxConflicts = 1_000

/**
 * Finds codes that are the beginning of another and patterns that match the same digits, before a caller does. Reads the text as written, so
 * it also works on a file with other problems.
 */
export function conflictsIn(written: ParsedFile): Problem[] {
  const claims = claimsOf(written.value)
  const surplus = claims[maxClaims]
  if (surplus) {
    const message = `expected at most ${maxClaims} codes, emergency numbers, extensions and routes together: use patterns such as 1XX`
    return [{ place: written.placeOf(surplus.path), key: keyText(surplus.path), message }]
  }
  const problems: Problem[] = []
  for (const [index, later] of claims.entries()) {
    for (const earlier of claims.slice(0, index)) {
      const conflict = conflictOf(earlier, later)
      if (conflict === null) continue
      const message = `${quoted(later)} ${conflict} ${keyText(earlier.path)} ${quoted(earlier)} (${whereIs(earlier, written)})`
      problems.push({ place: written.placeOf(later.path), key: keyText(later.path), message })
      // Each of a thousand codes may conflict with each: a person reads the first.
      if (problems.length >= maxConflicts) return problems
    }
  }
  return problems
}

function whereIs({ path, isWritten }: Claim, written: ParsedFile): string {
  return isWritten ? `line ${/:([0-9]+):[0-9]+$/.exec(written.placeOf(path))?.[1] ?? '?'}` : 'the default'
}

function quoted({ text }: Claim): string {
  return JSON.stringify(text)
}

function conflictOf(earlier: Claim, later: Claim): string | null {
  // An extension may follow the code that logs out everywhere: without a mark at its end, `*77*6100*` would be two things.
  const isLogout = later.kind === 'logout' || (later.kind === 'logoutEverywhere' && /[*#]$/.test(later.text))
  if (earlier.kind === 'login' && isLogout && reservedExtension({ login: earlier.text, logout: later.text })) return null
  // An emergency number takes precedence over everything, so it conflicts with nothing but codes.
  if (earlier.kind === 'emergency' || later.kind === 'emergency') return isCode(earlier) || isCode(later) ? clash(earlier, later) : null
  if (earlier.kind === 'route' && later.kind === 'route')
    return some(earlier, later, covers) ? 'is never asked: all its numbers go to' : null
  // A barred number is an exception to a route.
  if (earlier.kind === 'route' && later.kind === 'bar') return some(later, earlier, covers) ? 'bars every number of' : null
  if (isCode(earlier) || isCode(later)) return clash(earlier, later)
  return some(earlier, later, overlap) ? 'can match the same digits as' : null
}

function isCode({ kind }: Claim): boolean {
  return kind === 'login' || kind === 'logout' || kind === 'logoutEverywhere' || kind === 'short code' || kind === 'bar'
}

function clash(earlier: Claim, later: Claim): string | null {
  if (some(earlier, later, overlap)) return 'can match the same digits as'
  if (some(later, earlier, begins)) return 'is the beginning of'
  return some(earlier, later, begins) ? 'begins with' : null
}

function some(one: Claim, other: Claim, relation: (one: Pattern, other: Pattern) => boolean): boolean {
  return one.forms.some((first) => other.forms.some((second) => relation(first, second)))
}

// ── reading claims: unreadable text claims nothing, and the schema reports it ──────────────────────────────────────────

function claimsOf(file: unknown): Claim[] {
  const { codes, shortCodes, extensions, routes, outside } = isBlock(file) ? file : {}
  const emergency = isBlock(file) && isBlock(file.emergency) ? Object.keys(file.emergency) : []
  const prefix = typeof outside === 'string' ? outside : ''
  const { login, logout, logoutEverywhere } = isBlock(codes) ? codes : {}
  return [
    ...codeClaim('login', login, codeFormsWithExtension),
    ...codeClaim('logout', logout, logoutForms),
    // The default cannot conflict: it lies behind the login code.
    ...(logoutEverywhere === undefined ? [] : codeClaim('logoutEverywhere', logoutEverywhere, codeFormsWithExtension)),
    ...[...new Set([...globalEmergencyNumbers, ...emergency])].flatMap((number) =>
      claim('emergency', ['emergency', number], number, [number, `${prefix}${number}`]).map((found) => ({
        ...found,
        isWritten: emergency.includes(number),
      })),
    ),
    ...itemsOf(extensions).flatMap((pattern, index) => claim('extension', ['extensions', index], pattern, [pattern])),
    ...itemsOf(routes).flatMap((route, index) => {
      const match = isBlock(route) ? route.match : undefined
      return claim('route', ['routes', index, 'match'], match, [dialledForm(match, prefix)])
    }),
    ...Object.entries(isBlock(shortCodes) ? shortCodes : {}).flatMap(([code, action]) => shortCodeClaim(code, action)),
  ]
}

export const defaultCodes = { login: '*77*', logout: '*77*5*', logoutEverywhere: '*77*6*' }

function codeClaim(kind: CodeKind, text: unknown, formsOf: (code: string) => Pattern[]): Claim[] {
  const code = text === undefined ? defaultCodes[kind] : typeof text === 'string' ? parseCode(text) : null
  return code === null ? [] : [{ path: ['codes', kind], text: code, isWritten: text !== undefined, kind, forms: formsOf(code) }]
}

function shortCodeClaim(code: string, action: unknown): Claim[] {
  const kind = isBlock(action) && action.barred !== undefined ? 'bar' : 'short code'
  const forms = codeForms(code, action)
  return forms.length === 0 ? [] : [{ path: ['shortCodes', code], text: code, isWritten: true, kind, forms }]
}

function claim(kind: Claim['kind'], path: Path, text: unknown, forms: readonly unknown[]): Claim[] {
  if (typeof text !== 'string') return []
  const patterns = forms.flatMap((form) => parsePattern(String(form)) ?? [])
  return patterns.length === 0 ? [] : [{ path, text, isWritten: true, kind, forms: patterns }]
}
