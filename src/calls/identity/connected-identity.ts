import type { Party } from '../../sip/identity/party.js'
import type { SipHeaders } from '../../srf/srf.js'
import { nodeIdentity } from './identity-headers.js'

/** Shows a phone who is at the other side now (RFC 3325 §9.1). */
export function connectedIdentity(party: Party | undefined, domain: string): SipHeaders {
  if (!party?.isAsserted || party.isPrivate) return {}
  const { 'P-Asserted-Identity': identity = '' } = nodeIdentity(party, domain)
  return { 'P-Asserted-Identity': identity }
}
