import type { Milliseconds } from '../base/clock.js'
import type { IncomingRequest } from '../srf/srf.js'
import type { OutgoingCall } from './identity.js'
import { type BodyPart, multipart } from './multipart.js'
import { locationObject, token } from './pidf-lo.js'

/** Where a call comes from. */
export interface CallPlace {
  /** `Paris, 1st floor, desk 2` */
  readonly location: string
  /** Its offer goes out with the place. */
  readonly invite: Pick<IncomingRequest, 'body' | 'header'>
}

export interface Located extends CallPlace {
  /** SIP URI of whoever calls, as the carrier is shown it; null: it is shown nobody. */
  readonly caller: string | null
  readonly at: Milliseconds
}

/**
 * The call with the place of the phone by value, which a back-to-back user agent puts into an emergency call (RFC 6442 §3.4, §4.1).
 * No option tag goes with it: those are for a location that has to be fetched (RFC 6442 §4.6). Null where it cannot be carried.
 */
export function locatedCall(call: OutgoingCall, { location, invite, caller, at }: Located): OutgoingCall | null {
  const offer = offerPart(invite)
  if (offer === null || token(location) === '') return null
  const contentId = `${crypto.randomUUID()}@hotdesk.invalid`
  const entity = (caller ?? 'sip:anonymous@anonymous.invalid').replace(/^sips?:/, 'pres:')
  const { type, body } = multipart([...offer, placePart(contentId, locationObject({ entity, location, at }))])
  const geolocation = {
    Geolocation: `<cid:${contentId}>`,
    // An emergency call is always routed by location (RFC 6881 §9.3), and without this nobody on the way may look at it (RFC 6442 §4.2).
    'Geolocation-Routing': 'yes',
  }
  return { ...call, parts: { ...call.parts, headers: { ...call.parts.headers, ...geolocation, 'Content-Type': type }, body } }
}

/**
 * Without an offer the place is the only part (RFC 8262 §1.4.1 has that example). Null for anything but a session description: the
 * caller's own parts go out as they are, since one multipart body should not lie in another (RFC 5621 §4.3).
 */
function offerPart({ body, header }: CallPlace['invite']): readonly BodyPart[] | null {
  if (body === '') return []
  const type = header('Content-Type')
  if (type !== '' && !/^application\/sdp\s*(;|$)/i.test(type)) return null
  return [{ headers: { 'Content-Type': 'application/sdp', 'Content-Disposition': 'session;handling=required' }, content: body }]
}

/** RFC 5621 §8.2, §9.4: to be read where a header points to it, and otherwise to be ignored. */
function placePart(contentId: string, content: string): BodyPart {
  const disposition = 'by-reference;handling=optional'
  return {
    headers: { 'Content-Type': 'application/pidf+xml', 'Content-ID': `<${contentId}>`, 'Content-Disposition': disposition },
    content,
  }
}
