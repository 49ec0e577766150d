import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import type { Endpoint, Flow, Hop, Listening } from '../transport/flow.js'

export type { Endpoint, Flow, Hop, Listening } from '../transport/flow.js'

/** A request as the network sent it, outside any known server transaction. CANCEL comes as a transaction of its own (RFC 3261 §9.2). */
export interface ServerTransaction {
  readonly request: SipRequest
  readonly flow: Flow
  /** Bytes on the wire. */
  readonly size: number
  /** For CANCEL: the INVITE it cancels, null where there is none. */
  readonly cancels: ServerTransaction | null
  /**
   * Sends a response (Via, From, Call-ID and CSeq are the user's to copy). Answers the bytes sent; throws AppError SIP_SEND_FAILED
   * where the transaction is over. The user sends 100 himself, at once. In state Accepted a 2xx may be given again and goes out
   * once each time (RFC 6026 §7.1: its retransmission until ACK is the user's).
   */
  respond(response: SipResponse): Buffer
  /** Final response sent, or given up. */
  readonly completed: boolean
  /** Timer H: a non-2xx final response to INVITE was never acknowledged. */
  onUnacknowledged(listener: () => void): void
  /** The way back is broken (RFC 3261 §17.2.4). */
  onTransportFailure(listener: () => void): void
}

/**
 * What a client transaction tells its user: never from inside `send` or `cancel`, always after they returned, and `onSent`
 * before anything else. After `onTimeout` or `onTransportFailure` nothing more comes; neither comes after a final response.
 */
export interface ClientUser {
  /** The request went out for the first time, as these bytes, over this flow. */
  onSent(bytes: Buffer, flow: Flow): void
  /**
   * 100 included; for INVITE also every further 2xx (RFC 6026 §7.2, state Accepted). The message is as it came, our Via still on
   * top: the application is shown it so, and a proxy takes it off itself.
   */
  onResponse(response: SipResponse, flow: Flow, size: number): void
  onTimeout(): void
  onTransportFailure(reason: string): void
}

export interface ClientTransaction {
  readonly request: SipRequest
  /** RFC 3261 §9.1: sends CANCEL now or as soon as a provisional response came; `user` hears of the CANCEL's own transaction. */
  cancel(user: ClientUser, reason: string | null): void
  readonly terminated: boolean
}

/** As it went out, to be sent again for half a minute. */
export interface SentAck {
  readonly bytes: Buffer
  readonly flow: Flow
}

/** RFC 3261 §17 with RFC 6026, over all transports. Adds and strips our Via, rport and received (RFC 3581), ACKs non-2xx itself. */
export interface TransactionLayer {
  /** In the order of the configuration. */
  readonly listening: readonly Listening[]
  onRequest(listener: (transaction: ServerTransaction) => void): void
  /** An emergency call, or what ends or goes on with a call: it has a place where others find none any more. */
  isUrgent(request: SipRequest): boolean
  /** An emergency call, here or at another site. */
  mayCallForHelp(request: SipRequest): boolean
  /** The sender on that flow has proved nothing. */
  isStranger(flow: Flow): boolean
  /** Recognizes the requests of dialogs that exist: those are taken from any source. */
  knowsDialogs(isKnown: (request: SipRequest) => boolean): void
  /** An ACK that belongs to no transaction: that of a 2xx. */
  onAck(listener: (ack: SipRequest, flow: Flow, size: number) => void): void
  /** The hops that need no DNS: numeric host, or a name asked a moment ago. Null: ask `locate`. Throws what `locate` rejects with. `from`: our socket to prefer. */
  locateNow(uri: string, from?: Endpoint | null): readonly Hop[] | null
  /** Next hops for a URI, best first (RFC 3263). Rejects with AppError SIP_SEND_FAILED: `DNS Error`, `requested protocol/transport not available`. */
  locate(uri: string, from?: Endpoint | null): Promise<readonly Hop[]>
  /** Starts a client transaction. The request has no Via of ours yet. */
  send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction
  /** The ACK of a 2xx: sent outside any transaction; null where there is no way. */
  sendAck(ack: SipRequest, hop: Hop): SentAck | null
  /** An ACK that is sent again is the same ACK, branch included (RFC 3261 §13.2.2.4). */
  repeatAck(ack: SentAck): void
  close(): Promise<void>
}
