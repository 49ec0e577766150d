import { dialled } from '../../sip/dialled.js'
import { hiddenCaller } from '../../sip/identity/caller.js'
import { nameAddr, parseNameAddr, printNameAddr } from '../../sip/name-addr.js'
import { sipUri } from '../../sip/uri.js'
import type { SipHeaders } from '../../srf/srf.js'

/** Who calls, as the other side shall see it. */
export interface Shown {
  /** `''` where nothing is known. */
  readonly name: string
  /** User part: an extension or a number. */
  readonly number: string
  /** RFC 3323: the caller wants to stay unknown to those who are called. */
  readonly isPrivate: boolean
}

export interface Party extends Shown {
  /** Known to the network, and not only what an outside caller says (RFC 3325 §5). */
  readonly isAsserted: boolean
}

export const anonymous: Party = { name: 'Anonymous', number: 'anonymous', isPrivate: true, isAsserted: false }

/**
 * From and, if it is known, P-Asserted-Identity (RFC 3325 §9.1) of a call from node to node: the user, never the device. Nodes trust each
 * other, so that Privacy goes along with an identity that is to be hidden at the end.
 */
export function identityHeaders(party: Party, domain: string): SipHeaders {
  const value = printNameAddr(nameAddr(sipUri({ user: party.number, host: domain }), party.name))
  return { From: value, ...(party.isAsserted ? { 'P-Asserted-Identity': value } : {}), ...(party.isPrivate ? { Privacy: 'id' } : {}) }
}

/** The same for a phone: it is told nothing of a caller who wants to stay unknown (RFC 3325 §7, RFC 3323 §4.1.1.3). */
export function shownIdentity(party: Party, domain: string): SipHeaders {
  return party.isPrivate ? { From: hiddenCaller, Privacy: 'id' } : identityHeaders(party, domain)
}

/** The caller by P-Asserted-Identity, else by From (RFC 3325 §5): only where a node of the network has signed them. */
export function assertedParty(header: (name: string) => string): Party {
  const address = parseNameAddr(header('P-Asserted-Identity') || header('From'))
  if (!address) return anonymous
  return {
    name: address.display,
    number: dialled(address.uri) || anonymous.number,
    isPrivate: false,
    isAsserted: header('P-Asserted-Identity') !== '',
  }
}
