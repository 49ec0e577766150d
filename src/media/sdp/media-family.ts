import { isIP } from 'node:net'
import { parse } from 'sdp-transform'
import { isSessionDescription } from './description.js'

export type Family = 'IPv4' | 'IPv6'

/** The family of a literal address; null for a host name. */
export function familyOf(address: string): Family | null {
  return ([null, 'IPv4', 'IPv6'] as const)[[0, 4, 6].indexOf(isIP(address))] ?? null
}

/**
 * The one family of addresses at which a description wants its media. Null where it is not known, or where it has more than one: lines of both,
 * host names, or candidates to choose from (RFC 8445, RFC 6947).
 */
export function mediaFamily(description: string): Family | null {
  if (!isSessionDescription(description) || /^a=(?:candidate|altc|ice-)/m.test(description)) return null
  const { connection, media } = parse(description)
  const addresses = media.filter(({ port }) => port !== 0).map((line) => line.connection?.ip ?? connection?.ip ?? '')
  const families = new Set(addresses.map(familyOf))
  const [family = null] = families
  return families.size === 1 ? family : null
}
