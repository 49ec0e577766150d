import { printHostPort } from '../../base/host-port.js'
import type { Protocol } from '../../base/listen-address.js'

export { sourceOf } from '../../sip/source-prefix.js'

/** IP address (IPv6 without brackets) and port. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** The way a message came, and the way its answer goes: for streams the very connection. */
export interface Flow {
  readonly protocol: Protocol
  readonly remote: Endpoint
  /** The socket's own address. */
  readonly local: Endpoint
  /** What Via and Contact show for this socket: the advertised host, else the local address. */
  readonly advertised: Endpoint
  /** The stream connection; null for UDP. */
  readonly connection: number | null
}

/** A next hop that RFC 3263 has found. An open connection to `remote` is used as it is; else one is opened. */
export interface Hop {
  readonly protocol: Protocol
  readonly remote: Endpoint
  readonly local: Endpoint
  readonly advertised: Endpoint
  /** The host of the URI, which a TLS certificate must be for; absent where the URI had an address. */
  readonly name?: string
  /** Set by a user who wants this very connection (or UDP socket) and no other: `onTransportFailure` where it is gone, never a new connection. */
  readonly flow?: Flow | null
  /** The far end has sent a request and nothing since: it may be forged, and requests to it spend from its credit of bytes. */
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

/** The stream protocols: no retransmission is needed over them (RFC 3261 §17). */
export function isReliable(protocol: Protocol): boolean {
  return protocol !== 'udp'
}

/** `udp 192.0.2.7:5060`: one phone, even behind an address that it shares. */
export function flowKey({ protocol, remote }: Pick<Flow, 'protocol' | 'remote'>): string {
  return `${protocol} ${remote.address}:${remote.port}`
}
