import type { SipHeaders } from '../srf/srf.js'

/** Value of the Reason header (RFC 3326 §2) when we end a call ourselves. */
export function ourReason(text: string): string {
  return `SIP;cause=480;text="${text}"`
}

/** Phones that lose the race must not show a missed call (RFC 3326 §2, RFC 3261 §16.7). */
export const answeredElsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

/** No header for an empty reason. */
export function reasonHeaders(reason: string): SipHeaders {
  return reason === '' ? {} : { Reason: reason }
}
