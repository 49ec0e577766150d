import { parseUri } from './uri.js'
import { decodeUser } from './user-part.js'

/** A service and no number: help of whatever kind, wherever the caller is (RFC 5031 §4.2). */
export function isEmergencyService(uri: string): boolean {
  return /^urn:service:sos(\.[a-z0-9.-]{1,60})?$/i.test(uri)
}

/** The user part or telephone number of a URI, decoded: what was dialled, or whose address it is. `''` for a URI that has none. */
export function dialled(uri: string): string {
  const parsed = parseUri(uri)
  // RFC 3966 §5.1.1: visual separators say nothing.
  if (parsed?.kind === 'tel') return parsed.number.replace(/[-.()]/g, '')
  if (parsed?.kind !== 'sip') return ''
  // RFC 3261 §19.1.6: parameters of a telephone number may stand in the user part.
  return plainNumber(decodeUser((parsed.user ?? numberIn(parsed.host)).split(';', 1)[0] ?? ''))
}

/** `sip:112`, without a domain: no host has a name of digits alone (RFC 3261 §25.1, `toplabel`). */
function numberIn(host: string): string {
  return /^[0-9]{2,16}$/.test(host) ? host : ''
}

/** `+33 6-12.34.56(78)` as `+33612345678`. Any other user part as it is. */
function plainNumber(user: string): string {
  const digits = user.replace(/[-.() ]/g, '')
  return /^\+?[0-9]+$/.test(digits) ? digits : user
}
