import { type Extension, parseExtension } from '../base/identity.js'
import { type Pattern, parsePattern } from './pattern.js'

/** The login and logout codes of a site. */
export interface Codes {
  /** `*77*`, followed by the extension. */
  readonly login: string
  /** `*77*5*` */
  readonly logout: string
  /** `*77*6*`, alone or followed by the extension. Null: there is none. */
  readonly logoutEverywhere: string | null
}

export type CodeRoute =
  | { readonly kind: 'login'; readonly extension: Extension | null }
  | { readonly kind: 'logout' }
  /** Null: the user of the phone. */
  | { readonly kind: 'logout-everywhere'; readonly extension: Extension | null }

const longestExtension = 15

/** A code begins with `*` or `#`, which no number begins with. */
export function parseCode(text: string): string | null {
  return /^[*#][0-9*#]{1,14}$/.test(text) ? text : null
}

/** The logout everywhere lies behind the login code unless the file has one, so that it cannot conflict with the other codes of a file. */
export function codesOf({ login, logout, logoutEverywhere = `${login}6*` }: WrittenCodes): Codes {
  return {
    login,
    logout,
    logoutEverywhere: logoutEverywhere === logout || logoutEverywhere === shortened(logout) ? null : logoutEverywhere,
  }
}

interface WrittenCodes extends Pick<Codes, 'login' | 'logout'> {
  readonly logoutEverywhere?: string | undefined
}

/** Logouts first, because `*77*5*` also reads as the login of 5. A final `*` may be missing, and a final `#` is ignored. */
export function readCode(codes: Codes, dialled: string): CodeRoute | null {
  return readExactly(codes, dialled) ?? (dialled.endsWith('#') ? readExactly(codes, dialled.slice(0, -1)) : null)
}

function readExactly({ login, logout, logoutEverywhere }: Codes, dialled: string): CodeRoute | null {
  if (dialled === logout || dialled === shortened(logout)) return { kind: 'logout' }
  const leaving = logoutEverywhere === null ? null : extensionBehind(logoutEverywhere, dialled)
  if (leaving) return { kind: 'logout-everywhere', ...leaving }
  const entering = extensionBehind(login, dialled)
  return entering ? { kind: 'login', ...entering } : null
}

/** A code alone or followed by an extension; null for other digits. */
function extensionBehind(code: string, dialled: string): { readonly extension: Extension | null } | null {
  if (dialled === code || dialled === shortened(code)) return { extension: null }
  if (!dialled.startsWith(code)) return null
  const extension = parseExtension(shortened(dialled.slice(code.length)))
  return extension ? { extension } : null
}

/** Without its final `*` or `#`. Some phones keep a final `#` for themselves. */
function shortened(code: string): string {
  return /[*#]$/.test(code) ? code.slice(0, -1) : code
}

/** Everything that a user may dial for a code that an extension may follow: login, and logout everywhere. */
export function codeFormsWithExtension(code: string): Pattern[] {
  const digits = Array.from({ length: longestExtension }, (_, index) => 'X'.repeat(index + 1))
  return forms([code, shortened(code), ...digits.flatMap((extension) => [`${code}${extension}`, `${code}${extension}*`])])
}

export function logoutForms(code: string): Pattern[] {
  return forms([code, shortened(code)])
}

function forms(texts: readonly string[]): Pattern[] {
  return texts.flatMap((text) => parsePattern(text) ?? [])
}

/** Why no user may have this extension; null: a user may. */
export function reservedBy({ login, logout, logoutEverywhere }: Codes, extension: Extension): string | null {
  const meanings = [
    [logout, 'the logout code'],
    [logoutEverywhere, 'the code that logs out everywhere'],
  ] as const
  const [code, meaning] = meanings.find(([each]) => each !== null && reservedExtension({ login, logout: each }) === extension) ?? []
  return code === undefined ? null : `${code} is ${meaning}, and the login of ${extension} would read the same`
}

/** The extension whose login would read like a logout code, so that no user may have it; null if there is none. */
export function reservedExtension({ login, logout }: Pick<Codes, 'login' | 'logout'>): Extension | null {
  return logout.startsWith(login) ? parseExtension(shortened(logout.slice(login.length))) : null
}
