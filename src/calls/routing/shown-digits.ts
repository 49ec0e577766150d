import type { Knowledge } from './contract.js'

/**
 * What a person keyed in, if it may be shown, logged and recorded; else null. Digits that lead nowhere may be a PIN in the wrong field: a
 * dial code with a PIN behind it, a PIN dialled as a number, or digits meant for a voice that has hung up. So they are secret unless they
 * are an emergency number, the extension of a user, a number that a trunk takes, or a complete dial code for one of these users.
 */
export function shownDigits(digits: string, { dialplan, directory }: Pick<Knowledge, 'dialplan' | 'directory'>): string | null {
  const route = dialplan.route(digits)
  switch (route.kind) {
    case 'emergency':
    case 'outside':
    case 'logout':
      return digits
    case 'user':
      return directory.user(route.extension) ? digits : null
    case 'login':
      return route.extension === null || directory.user(route.extension) ? digits : null
    case 'unknown':
      return null
  }
}
