import type { Milliseconds } from '../base/clock.js'
import type { Dialplan } from '../dialplan/dialplan.js'
import { type BodyPart, multipart } from '../sip/message/multipart.js'
import type { IncomingRequest } from '../srf/srf.js'
import type { OutgoingCall } from './identity.js'
import { locationObject, normalizedText } from './pidf-lo.js'

/** The caller's location, and the INVITE whose offer is sent with it. */
export interface CallLocation {
  /** `Paris, 1st floor, desk 2` */
  readonly location: string
  readonly invite: Pick<IncomingRequest, 'body' | 'header'>
  /** The dial plan of the call. */
  readonly plan: Dialplan
}

export interface LocatedCall extends Omit<CallLocation, 'plan'> {
  /** SIP URI of the caller as this trunk is shown it; null if it is shown none. */
  readonly caller: string | null
  readonly at: Milliseconds
}

/**
 * Adds the location of the phone by value, as a back-to-back user agent does for an emergency call (RFC 6442 §3.4, §4.1). The option tags
 * are for a location by reference and are left out (RFC 6442 §4.6). Null if the location has no text, or the body is not an offer.
 */
export function callWithLocation(call: OutgoingCall, { location, invite, caller, at }: LocatedCall): OutgoingCall | null {
  const offer = offerPart(invite)
  if (offer === null || normalizedText(location) === '') return null
  const contentId = `${crypto.randomUUID()}@hotdesk.invalid`
  const entity = (caller ?? 'sip:anonymous@anonymous.invalid').replace(/^sips?:/, 'pres:')
  const { type, body } = multipart('mixed', [...offer, locationPart(contentId, locationObject({ entity, location, at }))])
  const geolocation = {
    Geolocation: `<cid:${contentId}>`,
    // Emergency calls are always routed by location (RFC 6881 §9.3); without this header proxies may not read it (RFC 6442 §4.2).
    'Geolocation-Routing': 'yes',
  }
  return { ...call, parts: { ...call.parts, headers: { ...call.parts.headers, ...geolocation, 'Content-Type': type }, body } }
}

/**
 * Without an offer the location is the only part (an example is in RFC 8262 §1.4.1). Null for a body other than a session description: one
 * multipart body should not contain another (RFC 5621 §4.3).
 */
function offerPart({ body, header }: CallLocation['invite']): readonly BodyPart[] | null {
  if (body === '') return []
  const type = header('Content-Type')
  if (type !== '' && !/^application\/sdp\s*(;|$)/i.test(type)) return null
  return [{ headers: { 'Content-Type': 'application/sdp', 'Content-Disposition': 'session;handling=required' }, content: body }]
}

/** RFC 5621 §8.2, §9.4: read only if a header refers to it; a receiver that does not understand it ignores it. */
function locationPart(contentId: string, content: string): BodyPart {
  const disposition = 'by-reference;handling=optional'
  return {
    headers: { 'Content-Type': 'application/pidf+xml', 'Content-ID': `<${contentId}>`, 'Content-Disposition': disposition },
    content,
  }
}
