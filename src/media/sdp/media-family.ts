import { parse } from 'sdp-transform'
import { type Family, familyOf } from '../../base/ip-address.js'
import { isSessionDescription } from './description.js'

/**
 * The address family of the media in a description. Null if it is unknown or ambiguous: m= lines of both families, host names, or candidates to
 * choose from (RFC 8445, RFC 6947).
 */
export function mediaFamily(description: string): Family | null {
  if (!isSessionDescription(description) || /^a=(?:candidate|altc|ice-)/m.test(description)) return null
  const { connection, media } = parse(description)
  const addresses = media.filter(({ port }) => port !== 0).map((line) => line.connection?.ip ?? connection?.ip ?? '')
  const families = new Set(addresses.map(familyOf))
  const [family = null] = families
  return families.size === 1 ? family : null
}
