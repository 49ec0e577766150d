import type { Party } from '../../sip/identity/party.js'
import type { SipHeaders } from '../../srf/srf.js'
import { nodeIdentity } from '../identity/identity-headers.js'
import type { Caller } from '../inbound/caller.js'

/** Shows a phone who is at the other side now (RFC 3325 §9.1). A trunk learns nothing new. */
export function connectedIdentity(party: Party | undefined, to: Caller, domain: string): SipHeaders {
  if (!party?.isAsserted || party.isPrivate || to.kind === 'trunk') return {}
  const { 'P-Asserted-Identity': identity = '' } = nodeIdentity(party, domain)
  return { 'P-Asserted-Identity': identity }
}
