import { printHostPort } from '../../base/host-port.js'
import { type Protocol, sipPortOf } from '../../base/listen-address.js'
import { printVia, type Via, withViaParam } from '../../sip/headers/via.js'
import type { SipRequest } from '../../sip/message/message.js'
import type { Endpoint, Flow } from '../transport/flow.js'
import { defaultPorts } from '../transport/locate/dns-names.js'

/**
 * Our Via (RFC 3261 §18.1.1), with rport (RFC 3581 §3). The default port 5060 is left out. Over TLS it offers the connection for requests of the
 * peer (RFC 5923 §8.1).
 */
export function ourVia(protocol: Protocol, { address, port }: Endpoint, branch: string): string {
  const sentBy = printHostPort(address, port === defaultPorts[protocol] && port === 5060 ? null : port)
  const alias = protocol === 'tls' ? ';alias' : ''
  return `SIP/2.0/${protocol.toUpperCase()} ${sentBy};rport;branch=${branch}${alias}`
}

/** Adds the source of a request to its top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stampReceived(request: SipRequest, { address, port }: Endpoint): void {
  const via = request.topVia
  const wantsPort = via.params.has('rport')
  if (!wantsPort && via.host === address && !via.params.has('received')) return
  const seen = withViaParam(via, 'received', address)
  request.replaceFirst('Via', printVia(wantsPort ? withViaParam(seen, 'rport', String(port)) : seen))
}

/** Where responses are sent if not over the connection of the request (RFC 3261 §18.2.2, RFC 3581 §4). */
export function responseTargetOf(via: Via, flow: Flow): Endpoint {
  if (flow.protocol === 'udp' && via.params.has('rport')) return flow.remote
  return { address: flow.remote.address, port: via.port ?? sipPortOf(flow.protocol) }
}
