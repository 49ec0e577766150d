import { isIP } from 'node:net'
import { isInternal } from '../../../base/ip-address.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { parseUri } from '../../../sip/uri/uri.js'
import type { Flow } from '../../transaction/transaction-layer.js'
import { contactOfDialog } from './remote-target.js'

/**
 * Which way requests in a dialog go. RFC 3261 §12.2.1.1 says: to the route set, else to the remote target. A phone behind NAT
 * names a remote target that nobody can reach; it is reached over the flow it came in on (RFC 5626 §5.3, RFC 3581). The rule,
 * for a peer that talks to us directly (no Record-Route, one Via):
 *
 * - over a stream: that connection, unless the Contact names another address of the public network, or a domain;
 * - over UDP, it called us: the address it came from, if its Via host is another address, or if its Contact is not an address of
 *   the public network and the call came from one (its Via may show what NAT has made of it);
 * - over UDP, we called it: the address that answered, where its Contact is another one, no address of the public network, and
 *   either what we called or answered from a public address; or where its Contact is a name without a domain;
 * - we called a registered phone over its flow: that flow, whatever its Contact says.
 *
 * In every other case the remote target. Null means: the remote target. None of this is for a far end that has proved nothing: it is spoken
 * to over the flow that it came by, with its route set in the request, and its Contact and Record-Route open no connection to others.
 */
export function flowOfRequest(request: SipRequest, flow: Flow): Flow | null {
  if (request.list('Via').length > 1 || request.has('Record-Route')) return null
  if (flow.connection !== null) return staysOn(flow, hostOf(contactOfDialog(request)?.uri ?? '')) ? flow : null
  return isMistaken(request.topVia.host, contactOfDialog(request)?.uri ?? '', flow) ? flow : null
}

/** Over UDP: the host in Via or the one in Contact cannot be where the request came from. */
function isMistaken(via: string, uri: string, { remote }: Flow): boolean {
  if (via === remote.address && uri.includes(remote.address)) return false
  const contact = hostOf(uri)
  if (contact !== null && contact !== remote.address && isHidden(contact) && !isHidden(remote.address)) return true
  if (via === remote.address) return false
  // A name says nothing of addresses, and a Contact of the public network leads where it says (RFC 3261 §12.2.1.1).
  return isIP(via) !== 0 || contact === null || isIP(contact) === 0 || isHidden(contact)
}

/** Whom a request of ours went to. */
export interface Called {
  readonly uri: string
  /** It went over the flow of a phone. */
  readonly overFlow: boolean
}

/** The same for a response to a request of ours. */
export function flowOfResponse(response: SipResponse, called: Called, flow: Flow): Flow | null {
  if (response.has('Record-Route')) return null
  if (called.overFlow) return flow
  const uri = contactOfDialog(response)?.uri ?? ''
  // Nearly always: its own address, and nothing to find out.
  if (flow.connection === null && uri.includes(flow.remote.address)) return null
  const contact = hostOf(uri)
  if (flow.connection !== null) return staysOn(flow, contact) ? flow : null
  // The name of a container, or of a machine beside it, that only its neighbours can look up.
  if (contact !== null && isBareName(contact)) return flow
  if (contact === null || !isHidden(contact)) return null
  return contact === hostOf(called.uri) || !isHidden(flow.remote.address) ? flow : null
}

function staysOn(flow: Flow, contact: string | null): boolean {
  return contact === null || contact === flow.remote.address || isHidden(contact) || isBareName(contact)
}

function hostOf(uri: string): string | null {
  const parsed = parseUri(uri)
  return parsed?.kind === 'sip' ? parsed.host : null
}

function isBareName(host: string): boolean {
  return !host.includes('.') && isIP(host) === 0
}

/** No address of the public Internet, or a name that no resolver knows (RFC 7118 §5). */
export function isHidden(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase().endsWith('.invalid') : isInternal(host)
}
