import type { Milliseconds } from '../base/clock.js'

export interface LocationObject {
  /** Whose place it is: `pres:+33199000001@192.0.2.20` (RFC 3863 §4.1.1). */
  readonly entity: string
  /** As the operator has written it: `Paris, 1st floor, desk 2`. */
  readonly location: string
  readonly at: Milliseconds
}

/** What is longer is no name of a place any more, and would only make the request too large for the way. */
const longest = 1_000

/**
 * A place as a document: RFC 4119, with the address of RFC 5139 §4; one tuple with one place, so that nobody has to choose (RFC 5491 §3).
 * LOC is "additional location information", the only element for words that are not sorted into street, floor and desk. Whoever has
 * named the place did so by hand (RFC 4119 §6.1), and the centre may pass it on to those it sends (`retransmission-allowed`, RFC 4119
 * §2.2.2).
 */
export function locationObject({ entity, location, at }: LocationObject): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"',
    ' xmlns:gbp="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"',
    ` entity="${escaped(entity)}">`,
    '<tuple id="phone"><status><gp:geopriv>',
    `<gp:location-info><ca:civicAddress><ca:LOC>${escaped(token(location))}</ca:LOC></ca:civicAddress></gp:location-info>`,
    '<gp:usage-rules><gbp:retransmission-allowed>true</gbp:retransmission-allowed></gp:usage-rules>',
    '<gp:method>Manual</gp:method>',
    `</gp:geopriv></status><timestamp>${new Date(at).toISOString()}</timestamp></tuple>`,
    '</presence>',
    '',
  ].join('\r\n')
}

/** RFC 5139 §3.6: single blanks. What no XML document may hold (control characters, half a character) counts as one. */
export function token(text: string): string {
  const words = text.replace(/[^\u{21}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]+/gu, ' ').trim()
  return Array.from(words).slice(0, longest).join('').trim()
}

const references: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => references[character] ?? '')
}
