import { type Extension, parseExtension } from '../base/identity.js'
import { type Pattern, parsePattern } from './pattern.js'

/** The login and logout codes of a site. */
export interface Codes {
  /** `*77*`, followed by the extension. */
  readonly login: string
  /** `*77*5*` */
  readonly logout: string
}

export type CodeRoute = { readonly kind: 'login'; readonly extension: Extension | null } | { readonly kind: 'logout' }

const longestExtension = 15

/** A code begins with `*` or `#`, which no number begins with. */
export function parseCode(text: string): string | null {
  return /^[*#][0-9*#]{1,14}$/.test(text) ? text : null
}

/** Logout first, because `*77*5*` also reads as the login of 5. A final `*` may be missing, and a final `#` is ignored. */
export function readCode({ login, logout }: Codes, dialled: string): CodeRoute | null {
  return readExactly({ login, logout }, dialled) ?? (dialled.endsWith('#') ? readExactly({ login, logout }, dialled.slice(0, -1)) : null)
}

function readExactly({ login, logout }: Codes, dialled: string): CodeRoute | null {
  if (dialled === logout || dialled === shortened(logout)) return { kind: 'logout' }
  if (dialled === login || dialled === shortened(login)) return { kind: 'login', extension: null }
  if (!dialled.startsWith(login)) return null
  const extension = parseExtension(shortened(dialled.slice(login.length)))
  return extension ? { kind: 'login', extension } : null
}

/** Without its final `*` or `#`. Some phones keep a final `#` for themselves. */
function shortened(code: string): string {
  return /[*#]$/.test(code) ? code.slice(0, -1) : code
}

/** Everything that a user may dial to log in. */
export function loginForms({ login }: Pick<Codes, 'login'>): Pattern[] {
  const digits = Array.from({ length: longestExtension }, (_, index) => 'X'.repeat(index + 1))
  return forms([login, shortened(login), ...digits.flatMap((extension) => [`${login}${extension}`, `${login}${extension}*`])])
}

export function logoutForms({ logout }: Pick<Codes, 'logout'>): Pattern[] {
  return forms([logout, shortened(logout)])
}

function forms(texts: readonly string[]): Pattern[] {
  return texts.flatMap((text) => parsePattern(text) ?? [])
}

/** The extension whose login would read like the logout, so that no user may have it; null if there is none. */
export function reservedExtension({ login, logout }: Codes): Extension | null {
  return logout.startsWith(login) ? parseExtension(shortened(logout.slice(login.length))) : null
}
