import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import type { Endpoint, Flow, Hop, Listening } from '../transport/flow.js'

export type { Endpoint, Flow, Hop, Listening } from '../transport/flow.js'

/** A request that has opened a server transaction. A CANCEL is a transaction of its own (RFC 3261 §9.2). */
export interface ServerTransaction {
  readonly request: SipRequest
  readonly flow: Flow
  /** Bytes on the wire. */
  readonly size: number
  /** The INVITE that a CANCEL is for; null if there is none. */
  readonly cancels: ServerTransaction | null
  /**
   * Sends a response; the user copies Via, From, Call-ID and CSeq, and sends 100 at once. Returns the bytes sent. In state Accepted, each 2xx
   * is sent once, because the user retransmits it until the ACK (RFC 6026 §7.1). @throws AppError SIP_SEND_FAILED if the transaction is over
   */
  respond(response: SipResponse): Buffer
  /** A final response was sent, or the transaction was given up. */
  readonly completed: boolean
  /** Timer H: a non-2xx final response to INVITE was never acknowledged. */
  onUnacknowledged(listener: () => void): void
  /** The response could not be sent (RFC 3261 §17.2.4). */
  onTransportFailure(listener: () => void): void
}

/**
 * Events of a client transaction. They never occur inside `send` or `cancel`, and `onSent` is the first. `onTimeout` and `onTransportFailure` are
 * the last, and do not occur after a final response.
 */
export interface ClientUser {
  /** The request was sent for the first time, as these bytes, over this flow. */
  onSent(bytes: Buffer, flow: Flow): void
  /**
   * Also called for 100, and for each further 2xx to INVITE (RFC 6026 §7.2, state Accepted). The message is unchanged, with our Via on top: the
   * application sees it so, and a proxy removes it itself.
   */
  onResponse(response: SipResponse, flow: Flow, size: number): void
  onTimeout(): void
  onTransportFailure(reason: string): void
}

export interface ClientTransaction {
  readonly request: SipRequest
  /** RFC 3261 §9.1: sends CANCEL now, or after the first provisional response. `user` gets the events of the CANCEL's own transaction. */
  cancel(user: ClientUser, reason: string | null): void
  readonly terminated: boolean
}

/** An ACK as it was sent, for retransmission. */
export interface SentAck {
  readonly bytes: Buffer
  readonly flow: Flow
}

/** RFC 3261 §17 with RFC 6026, over all transports. Adds our Via, rport and received (RFC 3581), and sends the ACK of a non-2xx. */
export interface TransactionLayer {
  /** In the order of the configuration. */
  readonly listening: readonly Listening[]
  onRequest(listener: (transaction: ServerTransaction) => void): void
  /** Whether the request may use reserved entries of full tables: an emergency call, CANCEL, or a request in a dialog. */
  isUrgent(request: SipRequest): boolean
  /** Whether the request is an emergency call here or at another site. */
  mayBeEmergency(request: SipRequest): boolean
  /** Whether the source of the flow is neither trusted nor proven. */
  isUnknownSource(flow: Flow): boolean
  /** Sets how requests of existing dialogs are recognised. They are admitted from any source. */
  knowsDialogs(isKnown: (request: SipRequest) => boolean): void
  /** Sets how requests in the dialog of an emergency call are recognised. They are not refused for a malformed header. */
  knowsEmergencyDialogs(isKnown: (request: SipRequest) => boolean): void
  /** An ACK without a transaction: that of a 2xx. */
  onAck(listener: (ack: SipRequest, flow: Flow, size: number) => void): void
  /** The next hops, if no DNS query is needed; null: call `locate`. Throws what `locate` rejects with. `from`: our preferred socket. */
  locateNow(uri: string, from?: Endpoint | null): readonly Hop[] | null
  /** Next hops for a URI, best first (RFC 3263). Rejects with AppError SIP_SEND_FAILED: `DNS Error`, `requested protocol/transport not available`. */
  locate(uri: string, from?: Endpoint | null): Promise<readonly Hop[]>
  /** Starts a client transaction. The request has no Via of ours yet. */
  send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction
  /** Sends the ACK of a 2xx, outside any transaction; null if it cannot be sent. */
  sendAck(ack: SipRequest, hop: Hop): SentAck | null
  /** Retransmits an ACK with the same branch (RFC 3261 §13.2.2.4). */
  repeatAck(ack: SentAck): void
  close(): Promise<void>
}
