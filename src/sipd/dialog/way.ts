import { isIP } from 'node:net'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import { parseUri } from '../../sip/uri.js'
import type { Flow } from '../transaction/transaction-layer.js'

/**
 * Which way requests in a dialog go. RFC 3261 §12.2.1.1 says: to the route set, else to the remote target. A phone behind NAT
 * names a remote target that nobody can reach; it is reached over the flow it came in on (RFC 5626 §5.3, RFC 3581). The rule,
 * for a peer that talks to us directly (no Record-Route, one Via):
 *
 * - over a stream: that connection, unless the Contact names another address of the public network, or a domain;
 * - over UDP, it called us: the address it came from, where its Via host is another one;
 * - over UDP, we called it: the address that answered, where its Contact is another one, no address of the public network, and
 *   either what we called or answered from a public address.
 *
 * In every other case the remote target. Null means: the remote target. None of this is for a far end that has proved nothing: it is spoken
 * to over the flow that it came by, with its route set in the request, and its Contact and Record-Route open no connection to others.
 */
export function wayOfRequest(request: SipRequest, flow: Flow): Flow | null {
  if (request.vias.length > 1 || request.has('Record-Route')) return null
  if (flow.connection !== null) return staysOn(flow, hostOf(request.contacts[0]?.uri ?? '')) ? flow : null
  return request.topVia.host === flow.remote.address ? null : flow
}

/** The same for a response to a request of ours. */
export function wayOfResponse(response: SipResponse, called: string, flow: Flow): Flow | null {
  if (response.has('Record-Route')) return null
  const uri = response.contacts[0]?.uri ?? ''
  // Nearly always: its own address, and nothing to find out.
  if (flow.connection === null && uri.includes(flow.remote.address)) return null
  const contact = hostOf(uri)
  if (flow.connection !== null) return staysOn(flow, contact) ? flow : null
  if (contact === null || !isHidden(contact)) return null
  return contact === hostOf(called) || !isHidden(flow.remote.address) ? flow : null
}

function staysOn(flow: Flow, contact: string | null): boolean {
  return contact === null || contact === flow.remote.address || isHidden(contact)
}

function hostOf(uri: string): string | null {
  const parsed = parseUri(uri)
  return parsed?.kind === 'sip' ? parsed.host : null
}

/** No address of the public network: private (RFC 1918, 4193), shared (RFC 6598), loopback, link-local, or `.invalid` (RFC 7118 §5). */
export function isHidden(host: string): boolean {
  const family = isIP(host)
  if (family === 4)
    return /^(10|127)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(host)
  if (family === 6) return /^(::1$|f[cd]|fe[89ab])/i.test(host)
  return host.toLowerCase().endsWith('.invalid')
}
