import { z } from 'zod'
import { quote } from '../../../config/yaml/yaml-schema.js'

/** The secret that may be in a wrong column of the same table. */
export type Neighbour = 'pin' | 'password'

/**
 * Like `form` in config/yaml/yaml-schema.ts, but errors quote only text that can be neither a PIN nor a password: two columns may be
 * exchanged.
 */
export function shownForm<Value>(expects: string, parse: (text: string) => Value | null, neighbour: Neighbour) {
  return z.unknown().transform((found, context): Value => {
    const value = typeof found === 'string' ? parse(found) : null
    if (value !== null) return value
    const shown = typeof found === 'string' && !mayBeSecret(found, neighbour) ? `, found ${quote(found)}${hint(found)}` : ''
    context.addIssue({ code: 'custom', message: `${found === undefined ? 'missing: ' : ''}expected ${expects}${shown}` })
    return z.NEVER
  })
}

/** The same for a PIN, which is never quoted. */
export function pinForm<Value>(expects: string, parse: (text: string) => Value | null) {
  return z.unknown().transform((found, context): Value => {
    const value = typeof found === 'string' ? parse(found) : null
    if (value !== null) return value
    const isShort = typeof found === 'string' && /^[0-9]{1,3}$/.test(found)
    const zeros = isShort ? ', found fewer digits: a spreadsheet removes leading zeros; format the column as text' : ''
    context.addIssue({ code: 'custom', message: `expected ${expects}${zeros}` })
    return z.NEVER
  })
}

const harmless: readonly RegExp[] = [
  /^.{0,3}$/u,
  /^\p{L}{1,7}$/u,
  // A number rewritten by a spreadsheet, a hardware address, a telephone number, seconds.
  /^[0-9]([.,][0-9]+)?E\+?[0-9]+$/i,
  /^[0-9a-f]{2}([:.-][0-9a-f]{2,4}){2,7}$/i,
  /^\+[0-9 ()./-]*$/,
  /^-?[0-9]{1,3}([.,][0-9]{1,2})?( ?(s|sec|min))?$/,
]

function mayBeSecret(text: string, neighbour: Neighbour): boolean {
  if (harmless.some((form) => form.test(text))) return false
  return neighbour === 'password' || text.replace(/[^0-9]/g, '').length > 3
}

function hint(text: string): string {
  return /E\+?[0-9]+$/i.test(text) ? ': a spreadsheet has rewritten it; format the column as text' : ''
}
