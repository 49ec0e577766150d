import { printHostPort } from '../../base/host-port.js'
import type { Protocol } from '../../base/listen-address.js'

export { sourceOf } from '../../sip/source-prefix.js'

/** IP address (IPv6 without brackets) and port. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** The path of a message and of its response. For streams it is one connection. */
export interface Flow {
  readonly protocol: Protocol
  readonly remote: Endpoint
  /** The socket's own address. */
  readonly local: Endpoint
  /** Address in Via and Contact: the advertised host, else the local address. */
  readonly advertised: Endpoint
  /** The stream connection; null for UDP. */
  readonly connection: number | null
}

/** A next hop (RFC 3263). If a connection to `remote` is open, it is used. */
export interface Hop {
  readonly protocol: Protocol
  readonly remote: Endpoint
  readonly local: Endpoint
  readonly advertised: Endpoint
  /** Host of the URI, for which a TLS certificate must be valid; absent if the URI has an address. */
  readonly name?: string
  /** Use only this flow. If it is closed, the request fails with `onTransportFailure`; no connection is opened. */
  readonly flow?: Flow | null
  /** The far end has sent a request and nothing since, so its address may be forged. Requests to it use its byte credit. */
  readonly isUnconfirmed?: boolean
}

/** One bound socket. */
export interface Listening {
  readonly protocol: Protocol
  readonly local: Endpoint
  readonly advertised: Endpoint
}

/** `192.0.2.7:5060`, `[2001:db8::1]:5060`. */
export function endpointText({ address, port }: Endpoint): string {
  return printHostPort(address, port)
}

/** Stream protocols need no retransmission (RFC 3261 §17). */
export function isReliable(protocol: Protocol): boolean {
  return protocol !== 'udp'
}

/** `udp 192.0.2.7:5060`: identifies one phone, also behind a shared address. */
export function flowKey({ protocol, remote }: Pick<Flow, 'protocol' | 'remote'>): string {
  return `${protocol} ${remote.address}:${remote.port}`
}
