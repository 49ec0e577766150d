import type { Milliseconds } from '../base/clock.js'
import { xmlText } from '../base/output/xml-text.js'

export interface LocationObject {
  /** Whose location it is: `pres:+33199000001@192.0.2.20` (RFC 3863 §4.1.1). */
  readonly entity: string
  /** As the operator has written it: `Paris, 1st floor, desk 2`. */
  readonly location: string
  readonly at: Milliseconds
}

/** Longer text would only make the request too large to send. */
const longest = 1_000

/**
 * A PIDF-LO document (RFC 4119) with a civic address (RFC 5139 §4). It has one tuple with one location, so the receiver need not choose
 * (RFC 5491 §3). LOC, "additional location information", is the only element for free text that is not split into street, floor and desk.
 * The location was entered by hand (method `Manual`, RFC 4119 §6.1), and the emergency centre may pass it on (`retransmission-allowed`,
 * RFC 4119 §2.2.2).
 */
export function locationObject({ entity, location, at }: LocationObject): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"',
    ' xmlns:gbp="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"',
    ` entity="${xmlText(entity)}">`,
    '<tuple id="phone"><status><gp:geopriv>',
    `<gp:location-info><ca:civicAddress><ca:LOC>${xmlText(normalizedText(location))}</ca:LOC></ca:civicAddress></gp:location-info>`,
    '<gp:usage-rules><gbp:retransmission-allowed>true</gbp:retransmission-allowed></gp:usage-rules>',
    '<gp:method>Manual</gp:method>',
    `</gp:geopriv></status><timestamp>${new Date(at).toISOString()}</timestamp></tuple>`,
    '</presence>',
    '',
  ].join('\r\n')
}

/** Single spaces between words (RFC 5139 §3.6). Characters that XML forbids, such as controls and lone surrogates, count as spaces. */
export function normalizedText(text: string): string {
  const words = text.replace(/[^\u{21}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]+/gu, ' ').trim()
  return Array.from(words).slice(0, longest).join('').trim()
}
