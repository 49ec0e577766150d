import { isIPv4 } from 'node:net'
import { decodeUser } from '../../sip/uri/user-part.js'
import { blanked } from './mark.js'

/** Whether dialled digits lead somewhere. Others may be a PIN. */
export type IsShown = (digits: string) => boolean

/**
 * A URI up to its host: scheme, user part or number, what was dialled after a pause, password (RFC 3261 §19.1.1). In the header fields of
 * another URI it is escaped: `?To=sip%3A4711%40host`. A password may not have a colon, so there are at most eight.
 */
const uri =
  /\b(?:sips?|tel)(?::|%3A)((?:[^\s<>"@;?,:&%]|%(?!40|3[ABF])[^\s<>"@;?,:&%]{0,2})*)((?:[, ][0-9*#+,pw -]{0,64}(?=@))?)((?:(?:(?::|%3A)[^\s<>"@;?:%]{0,256}){1,8}(?=@|%40))?)/gi

/** Blanks user parts of URIs and telephone numbers that are digits which lead nowhere, and passwords and tokens in URIs. */
export function blankDigits(text: string, isShown: IsShown): string {
  const shown = text.replace(uri, (whole, user: string, more: string, password: string) => {
    const number = user + more
    const scheme = whole.slice(0, whole.length - number.length - password.length)
    return scheme + blankNumber(number, isShown) + (password === '' ? '' : `:${blanked}`)
  })
  return withoutBareDigits(withoutTokens(shown), isShown)
}

/** Phones repeat what was dialled as the name: `"4711" <sip:4711@…>`. A parameter keeps its value. */
export function blankNames(text: string, isShown: IsShown): string {
  return text.replace(/(=\s{0,8})?"([^"]*)"/g, (whole, equals: string | undefined, name: string) =>
    equals === undefined && blankNumber(name, isShown) !== name ? `"${blanked}"` : whole,
  )
}

/** The same without quotes, and a number in place of a URI: `To: 4711 <sip:4711@…>`, `To: 4711`, `<4711@…>`. */
export function blankBareNames(field: string, isShown: IsShown): string {
  return field.replace(
    /(^[^:]{0,64}:\s{0,8}|[,<]\s{0,8})([0-9*#+(). -]{1,64})(?=[<@>;,]|$)/g,
    (_whole, before: string, name: string) => before + (/[0-9]/.test(name) ? spaced(name, blankNumber(name, isShown)) : name),
  )
}

function spaced(name: string, shown: string): string {
  return shown !== name && name.endsWith(' ') ? `${shown} ` : shown
}

/** With pauses, after which a phone dials on. An address is not a number. */
function blankNumber(number: string, isShown: IsShown): string {
  const digits = decodeUser(number).replace(/[-.() ]/g, '')
  const isSecret = /^[0-9*#+][0-9*#+,pwx]*$/i.test(digits) && !isAddress(number) && !isShown(digits)
  return isSecret ? blanked : number
}

/** RFC 3261 §25.1: a host name cannot be all digits, so `sip:4711` is a number without a host. */
function isAddress(text: string): boolean {
  return text.length <= 15 && isIPv4(text)
}

/** Push tokens (RFC 8599 §4) and the like, and digits that are dialled after the answer (`postd`). */
function withoutTokens(text: string): string {
  return text.replace(
    /([;?&])(token|access[_-]token|pn-prid|pn-param|password|passwd|secret|pin|postd)=(?:"[^"]*"?|[^;?&>,\s"]+)/gi,
    `$1$2=${blanked}`,
  )
}

/** `INVITE 4711 SIP/2.0`, which is no URI. */
function withoutBareDigits(text: string, isShown: IsShown): string {
  const [method = '', target = '', ...rest] = text.split(' ')
  if (!/^[A-Z]{2,20}$/i.test(method) || !/^[0-9*#+]+$/.test(target)) return text
  return [method, isShown(target) ? target : blanked, ...rest].join(' ')
}
