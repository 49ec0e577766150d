import { isIP } from 'node:net'
import { isInternal } from '../../../base/ip-address.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { parseUri } from '../../../sip/uri/uri.js'
import type { Flow } from '../../transaction/transaction-layer.js'
import { contactOfDialog } from './remote-target.js'

/**
 * The flow for requests in a dialog; null for the remote target. RFC 3261 §12.2.1.1 uses the route set, otherwise the remote target. The
 * remote target of a phone behind NAT is unreachable; the phone is reached over the flow that it uses (RFC 5626 §5.3, RFC 3581). The rule
 * for a far end that talks to us directly (no Record-Route, one Via):
 *
 * - over a stream: that connection, unless the Contact names another public address or a domain;
 * - over UDP, it called us: its source address, if its Via host is another address, or if its Contact is not a public address and the
 *   source is (NAT may have changed the Via);
 * - over UDP, we called it: the source address of its response, if its Contact differs from it, is not public, and either is the host we
 *   called or the source is public; or if its Contact is a name without a domain;
 * - we called a registered phone over its flow: that flow, whatever its Contact.
 *
 * In all other cases the remote target. The rule does not apply to a far end that has not proved itself: requests to it use the flow of its
 * INVITE, with its route set in the request, and its Contact and Record-Route open no connection to third parties.
 */
export function flowOfRequest(request: SipRequest, flow: Flow): Flow | null {
  if (request.list('Via').length > 1 || request.has('Record-Route')) return null
  if (flow.connection !== null) return staysOn(flow, hostOf(contactOfDialog(request)?.uri ?? '')) ? flow : null
  return isUnreachable(request.topVia.host, contactOfDialog(request)?.uri ?? '', flow) ? flow : null
}

/** Over UDP: the host in Via or Contact cannot be the source of the request. */
function isUnreachable(via: string, uri: string, { remote }: Flow): boolean {
  if (via === remote.address && uri.includes(remote.address)) return false
  const contact = hostOf(uri)
  if (contact !== null && contact !== remote.address && isPrivateHost(contact) && !isPrivateHost(remote.address)) return true
  if (via === remote.address) return false
  // A name tells nothing about addresses, and a public Contact is reachable (RFC 3261 §12.2.1.1).
  return isIP(via) !== 0 || contact === null || isIP(contact) === 0 || isPrivateHost(contact)
}

/** The destination of a request of ours. */
export interface Called {
  readonly uri: string
  /** It was sent over the flow of a phone. */
  readonly overFlow: boolean
}

/** The same for the far end that responds to our request. */
export function flowOfResponse(response: SipResponse, called: Called, flow: Flow): Flow | null {
  if (response.has('Record-Route')) return null
  if (called.overFlow) return flow
  const uri = contactOfDialog(response)?.uri ?? ''
  // The common case: the Contact shows the source address.
  if (flow.connection === null && uri.includes(flow.remote.address)) return null
  const contact = hostOf(uri)
  if (flow.connection !== null) return staysOn(flow, contact) ? flow : null
  // The name of a container or a host that only its neighbours can resolve.
  if (contact !== null && isBareName(contact)) return flow
  if (contact === null || !isPrivateHost(contact)) return null
  return contact === hostOf(called.uri) || !isPrivateHost(flow.remote.address) ? flow : null
}

function staysOn(flow: Flow, contact: string | null): boolean {
  return contact === null || contact === flow.remote.address || isPrivateHost(contact) || isBareName(contact)
}

function hostOf(uri: string): string | null {
  const parsed = parseUri(uri)
  return parsed?.kind === 'sip' ? parsed.host : null
}

function isBareName(host: string): boolean {
  return !host.includes('.') && isIP(host) === 0
}

/** No address of the public Internet, or a name that no resolver knows (RFC 7118 §5). */
export function isPrivateHost(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase().endsWith('.invalid') : isInternal(host)
}
