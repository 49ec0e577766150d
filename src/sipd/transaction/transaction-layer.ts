import type { Protocol } from '../../base/listen-address.js'
import type { SipRequest, SipResponse } from '../../sip/message.js'

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

/** A next hop that RFC 3263 has found; `flow` is set where an open connection (or the UDP socket) will be used as it is. */
export interface Hop {
  readonly protocol: Protocol
  readonly remote: Endpoint
  readonly local: Endpoint
  readonly advertised: Endpoint
}

/** A request as the network sent it, outside any known server transaction. CANCEL comes as a transaction of its own (RFC 3261 §9.2). */
export interface ServerTransaction {
  readonly request: SipRequest
  readonly flow: Flow
  /** Bytes on the wire. */
  readonly size: number
  /** For CANCEL: the INVITE it cancels, null where there is none. */
  readonly cancels: ServerTransaction | null
  /** Sends a response (Via, From, Call-ID and CSeq are the user's to copy). Answers the bytes sent; throws AppError SIP_SEND_FAILED where the transaction is over. */
  respond(response: SipResponse): Buffer
  /** Final response sent, or given up. */
  readonly completed: boolean
  /** Timer H: a non-2xx final response to INVITE was never acknowledged. */
  onUnacknowledged(listener: () => void): void
  /** The way back is broken (RFC 3261 §17.2.4). */
  onTransportFailure(listener: () => void): void
}

/** What a client transaction tells its user. After `onTimeout` or `onTransportFailure` nothing more comes. */
export interface ClientUser {
  /** The request went out for the first time, as these bytes, over this flow. */
  onSent(bytes: Buffer, flow: Flow): void
  /** 100 included; for INVITE also every further 2xx (RFC 6026 §7.2, state Accepted). */
  onResponse(response: SipResponse, flow: Flow, size: number): void
  onTimeout(): void
  onTransportFailure(reason: string): void
}

export interface ClientTransaction {
  readonly request: SipRequest
  /** The branch of our Via. */
  readonly branch: string
  /** RFC 3261 §9.1: sends CANCEL now or as soon as a provisional response came; `user` hears of the CANCEL's own transaction. */
  cancel(user: ClientUser, reason: string | null): void
  readonly terminated: boolean
}

/** RFC 3261 §17 with RFC 6026, over all transports. Adds and strips our Via, rport and received (RFC 3581), ACKs non-2xx itself. */
export interface TransactionLayer {
  onRequest(listener: (transaction: ServerTransaction) => void): void
  /** An ACK that belongs to no transaction: that of a 2xx. */
  onAck(listener: (ack: SipRequest, flow: Flow, size: number) => void): void
  /** Next hops for a URI, best first (RFC 3263). Rejects with AppError SIP_SEND_FAILED: `DNS Error`, `requested protocol/transport not available`. */
  locate(uri: string): Promise<readonly Hop[]>
  /** Starts a client transaction. The request has no Via of ours yet. */
  send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction
  /** The ACK of a 2xx: sent once, outside any transaction. Resolves with what was sent. */
  sendAck(ack: SipRequest, hop: Hop): Promise<{ readonly bytes: Buffer; readonly flow: Flow }>
  close(): Promise<void>
}
