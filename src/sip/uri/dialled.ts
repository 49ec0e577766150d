import { parseUri } from './uri.js'
import { decodeUser } from './user-part.js'

/** Emergency numbers everywhere, whatever the dial plan says: GSM's and that of North America. */
export const globalEmergencyNumbers: readonly string[] = ['112', '911']

/** Whether the URI is an emergency service URN, which any phone may send instead of a number (RFC 5031 §4.2). */
export function isEmergencyService(uri: string): boolean {
  return /^urn:service:sos(\.[a-z0-9.-]{1,60})?$/i.test(uri)
}

/**
 * Dialled digits in the form in which emergency numbers are compared: without final signs, and without the `+` that some phones put before every
 * number. No international number is that short.
 */
export function emergencyDigits(digits: string): string {
  return withoutFinalSigns(digits).replace(/^\+(?=[0-9]{2,5}$)/, '')
}

function withoutFinalSigns(digits: string): string {
  let end = digits.length
  while (end > 0 && '*#'.includes(digits.charAt(end - 1))) end -= 1
  return digits.slice(0, end)
}

/** The user part or telephone number of a URI, decoded; `''` if it has neither. */
export function dialled(uri: string): string {
  const parsed = parseUri(uri)
  // RFC 3966 §5.1.1: visual separators have no meaning.
  if (parsed?.kind === 'tel') return parsed.number.replace(/[-.()]/g, '')
  if (parsed?.kind !== 'sip') return ''
  // RFC 3261 §19.1.6: the user part may contain parameters of a telephone number.
  return plainNumber(decodeUser((parsed.user ?? numberIn(parsed.host)).split(';', 1)[0] ?? ''))
}

/** `sip:112` has no domain: a host name cannot be all digits (RFC 3261 §25.1, `toplabel`). */
function numberIn(host: string): string {
  return /^[0-9]{2,16}$/.test(host) ? host : ''
}

/** `+33 6-12.34.56(78)#` becomes `+33612345678#`. Any other user part is returned unchanged. */
function plainNumber(user: string): string {
  const digits = user.replace(/[-.() ]/g, '')
  return /^\+?[0-9]+#?$/.test(digits) ? digits : user
}
