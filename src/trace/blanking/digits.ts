import { isIPv4 } from 'node:net'
import { decodeUser } from '../../sip/uri/user-part.js'
import { blanked } from './mark.js'

/** Whether dialled digits lead somewhere. Others may be a PIN. */
export type IsShown = (digits: string) => boolean

/** No URI of a phone is longer. The rest of a longer one is not looked at, so it is blanked. */
const longest = 1_024

/** Blanks user parts of URIs and telephone numbers that are digits which lead nowhere, and passwords and tokens in URIs. */
export function blankDigits(text: string, isShown: IsShown): string {
  let shown = ''
  let done = 0
  for (const { index, 0: scheme } of text.matchAll(/\b(?:sips?|tel):/gi)) {
    // Inside the previous URI.
    if (index < done) continue
    const start = index + scheme.length
    const uri = /^[^\s<>"]{0,1024}/.exec(text.slice(start, start + longest))?.[0] ?? ''
    shown += text.slice(done, start) + (scheme.length === 4 && /^t/i.test(scheme) ? blankNumber(uri, isShown) : blankUser(uri, isShown))
    done = start + uri.length
  }
  return withoutBareDigits(withoutTokens(shown + text.slice(done)), isShown)
}

function blankUser(uri: string, isShown: IsShown): string {
  const at = uri.indexOf('@')
  // RFC 3261 §25.1: a host name cannot be all digits, so `sip:4711` is a number without a host.
  if (at < 0) return isIPv4(/^[0-9.]{0,15}/.exec(uri)?.[0] ?? '') ? uri : blankNumber(uri, isShown)
  // RFC 3261 §19.1.1: a password may follow the user.
  const [user = '', ...password] = uri.slice(0, at).split(':')
  return blankNumber(user, isShown) + (password.length > 0 ? `:${blanked}` : '') + nested(uri.slice(at), isShown)
}

/** A URI may contain others: `?Refer-To=sip:4711@…`. */
function nested(rest: string, isShown: IsShown): string {
  return rest.length > 1 ? blankDigits(rest, isShown) : rest
}

/** The number up to its parameters. */
function blankNumber(text: string, isShown: IsShown): string {
  const number = /^[^;?,:]{0,1024}/.exec(text)?.[0] ?? ''
  const digits = decodeUser(number).replace(/[-.() ]/g, '')
  const isSecret = /^[0-9*#+]{1,1024}$/.test(digits) && !isShown(digits)
  return (isSecret ? blanked : number) + text.slice(number.length)
}

/** Push tokens (RFC 8599 §4) and the like. */
function withoutTokens(text: string): string {
  return text.replace(/([;?&])(token|access[_-]token|pn-prid|pn-param|password|passwd|secret|pin)=[^;?&>,\s"]+/gi, `$1$2=${blanked}`)
}

/** `INVITE 4711 SIP/2.0`, which is no URI. */
function withoutBareDigits(text: string, isShown: IsShown): string {
  const [method = '', target = '', ...rest] = text.split(' ')
  if (!/^[A-Z]{2,20}$/.test(method) || !/^[0-9*#+]+$/.test(target)) return text
  return [method, isShown(target) ? target : blanked, ...rest].join(' ')
}
