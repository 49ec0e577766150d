import { nameAddr, parseNameAddr, printNameAddr } from '../../sip/headers/name-addr.js'
import { hiddenCaller } from '../../sip/identity/caller.js'
import { anonymous, type Party } from '../../sip/identity/party.js'
import { dialled } from '../../sip/uri/dialled.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import type { SipHeaders } from '../../srf/srf.js'

/**
 * From and, if the number is asserted, P-Asserted-Identity (RFC 3325 §9.1) of a call between nodes: the user, never the device. Nodes trust
 * each other, so an identity that the last node must hide is sent with Privacy.
 */
export function nodeIdentity(party: Party, domain: string): SipHeaders {
  const value = printNameAddr(nameAddr(sipUri({ user: party.number, host: domain }), party.name))
  return { From: value, ...(party.isAsserted ? { 'P-Asserted-Identity': value } : {}), ...(party.isPrivate ? { Privacy: 'id' } : {}) }
}

/** The same for a phone, which learns nothing about an anonymous caller (RFC 3325 §7, RFC 3323 §4.1.1.3). */
export function phoneIdentity(party: Party, domain: string): SipHeaders {
  return party.isPrivate ? { From: hiddenCaller, Privacy: 'id' } : nodeIdentity(party, domain)
}

/**
 * Reads the headers that `nodeIdentity` writes, and nothing else: unlike `sip/identity`, it takes names such as "Private" literally. Only for
 * calls that a node of the network has signed.
 */
export function signedParty(header: (name: string) => string): Party {
  const address = parseNameAddr(header('P-Asserted-Identity') || header('From'))
  const isPrivate = /\bid\b/.test(header('Privacy'))
  if (!address) return { ...anonymous, isPrivate }
  const isAsserted = header('P-Asserted-Identity') !== ''
  return { name: address.display, number: dialled(address.uri) || anonymous.number, isPrivate, isAsserted }
}
