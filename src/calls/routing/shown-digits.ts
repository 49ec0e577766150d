import type { Knowledge } from './contract.js'

/**
 * Dialled digits, if they may be shown, logged and recorded; else null. Digits that lead nowhere may be a PIN: dialled as a number, after a
 * feature code, or after the IVR has hung up. So digits are secret unless they are an emergency number, a user's extension, an outside or barred
 * number or a complete feature code for a user.
 */
export function shownDigits(
  digits: string,
  { dialplan, directory }: Pick<Knowledge, 'dialplan'> & { readonly directory: Pick<Knowledge['directory'], 'user' | 'site'> },
): string | null {
  const route = dialplan.route(digits)
  switch (route.kind) {
    case 'emergency':
    case 'outside':
    case 'logout':
    case 'barred':
    case 'break-out':
    case 'announcement':
      return digits
    case 'feature':
      // An orbit, unless it is as long as a PIN.
      if (route.feature === 'park' && route.argument.length < 4) return digits
      return route.argument === '' || shownDigits(route.argument, { dialplan, directory }) !== null ? digits : null
    case 'user':
      return directory.user(route.extension) ? digits : null
    case 'login':
    case 'logout-everywhere':
      return route.extension === null || directory.user(route.extension) ? digits : null
    case 'unknown':
      return null
  }
}
