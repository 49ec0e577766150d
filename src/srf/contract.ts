import type { Secret } from '../base/secret.js'

/**
 * One value per header; several values of one header are joined with a comma. Names in any case. An array is sent as one
 * header line each, in that order: challenges must not be joined (RFC 3261 §7.3.1).
 */
export type SipHeaders = Readonly<Record<string, string | readonly string[]>>

/** Where a request came from and where it arrived. */
export interface SipSource {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly address: string
  readonly port: number
}

/** A SIP response as a value: a failure response is not an exception. */
export interface SipReply {
  readonly status: number
  readonly reason: string
  /** `''` where the header is absent. */
  header(name: string): string
  readonly body: string
  /** Absent on a response of the far end. `server`: our SIP server gave up waiting or sending. `link`: it was never sent. */
  readonly madeHere?: 'server' | 'link'
}

export interface ResponseParts {
  readonly reason?: string
  readonly headers?: SipHeaders
  readonly body?: string
}

/** A request from the network, in a dialog or not. Must be answered exactly once with a final response. */
export interface IncomingRequest {
  readonly method: string
  /** Request-URI. */
  readonly uri: string
  readonly callId: string
  /** `''` where the header is absent. */
  header(name: string): string
  readonly body: string
  readonly source: SipSource
  /** Local `address:port` it arrived on; empty in a dialog. */
  readonly receivedOn: string
  /** Sends a response. After a final one this does nothing. */
  respond(status: number, parts?: ResponseParts): void
  readonly answered: boolean
}

/** Knows where the far end of a dialog is, if that is not what its Contact says: a phone, on a flow that may change. */
export interface FarEnd {
  /** A request in the dialog came from there. */
  heard(source: SipSource): void
  /** A request to it was not answered. */
  silent(): void
  /** The next hop of requests to it; null: as the dialog says (RFC 3261 §12.2.1.1). */
  hop(): string | null
}

/** An INVITE that begins a call. */
export interface IncomingInvite extends IncomingRequest {
  readonly cancelled: boolean
  /** CANCEL arrived; the SIP server has already sent 487. */
  onCancel(listener: (reason: string) => void): void
  /** Answers 200 and resolves when the dialog exists. Rejects with AppError SIP_SEND_FAILED when the caller is gone. */
  accept(parts: { readonly sdp: string; readonly headers?: SipHeaders }): Promise<SipDialog>
  /** From now on the caller is reached there, unless a proxy has recorded a route. */
  follow(farEnd: FarEnd | null): void
  /** Requests to the caller in the dialog answer 401 and 407 with these. */
  answerChallenges(credentials: SipCredentials): void
}

/** How the dialog came to its end. */
export interface DialogEnd {
  readonly by: 'far end' | 'server'
  /** The Reason header of the BYE, `''` without. */
  readonly reason: string
}

/** A dialog made by INVITE (RFC 3261 §12). */
export interface SipDialog {
  readonly callId: string
  readonly ended: boolean
  /** Once; at once where the dialog has ended before anyone listened. */
  onEnd(listener: (end: DialogEnd) => void | Promise<void>): void
  /** Every in-dialog request except ACK and BYE. Without a listener the request is answered by its method's default. */
  onRequest(listener: (request: IncomingRequest) => void | Promise<void>): void
  /** Every ACK of a 200 of ours, with its body: the answer, when the INVITE had no offer. */
  onAck(listener: (sdp: string) => void | Promise<void>): void
  /** Sends an in-dialog request other than INVITE and BYE. */
  request(method: string, parts?: { readonly headers?: SipHeaders; readonly body?: string }): Promise<SipReply>
  /** re-INVITE. A 2xx to an offerless one must be acknowledged with an answer through `ack`. */
  reinvite(sdp: string | null, headers?: SipHeaders): Promise<ReinviteReply>
  /** Ends the dialog with BYE; resolves when it was answered or has timed out. Does nothing when it has ended. */
  bye(headers?: SipHeaders): Promise<void>
}

export interface ReinviteReply extends SipReply {
  /** Present only on a 2xx to an offerless re-INVITE. */
  readonly ack?: (sdp: string) => void
}

/** An INVITE that we send. */
export interface OutgoingInvite {
  onProvisional(listener: (answer: SipReply) => void): void
  readonly result: Promise<InviteResult>
  /** CANCEL, or BYE when the 200 crosses it. The result becomes `failed` with 487. */
  cancel(headers?: SipHeaders): void
}

export type InviteResult =
  | { readonly outcome: 'answered'; readonly dialog: SipDialog; readonly reply: SipReply }
  /** The INVITE carried no offer and the 200 does: one of the two must follow. */
  | {
      readonly outcome: 'offered'
      readonly reply: SipReply
      /** Sends the ACK with our answer. */
      ack(sdp: string): Promise<SipDialog>
      /** ACK and BYE: nobody is there to answer the offer any more. */
      abandon(): Promise<void>
    }
  | { readonly outcome: 'failed'; readonly reply: SipReply }

export interface SipCredentials {
  readonly username: string
  readonly password: Secret
}

export interface OutgoingParts {
  readonly headers?: SipHeaders
  /** An INVITE carries it in place of the bare offer; its Content-Type is among the headers. */
  readonly body?: string
  /** Next hop instead of the Request-URI, such as `sip:192.0.2.7:5062;transport=tcp`: the flow of a registration. */
  readonly via?: string
  /** Who answers, unless a proxy has recorded a route. */
  readonly farEnd?: FarEnd | null
  /** Answers 401 and 407 with these, in the dialog as well: once for each request, and once more after a stale nonce. */
  readonly credentials?: SipCredentials
}

/** drachtio-srf behind types. The only door to SIP for the layers above. */
export interface SipApplication {
  /** Addresses the SIP server listens on, as it tells them: `udp/192.0.2.10:5060`. */
  readonly listening: readonly string[]
  readonly connected: boolean
  /** A provisional response of an INVITE may be a 100: whoever is called is there. */
  readonly reportsTrying: boolean
  onInvite(handle: (invite: IncomingInvite) => void | Promise<void>): void
  /** Requests outside a dialog other than INVITE. */
  onRequest(
    method: 'REGISTER' | 'OPTIONS' | 'MESSAGE' | 'INFO' | 'NOTIFY' | 'SUBSCRIBE' | 'PUBLISH',
    handle: (request: IncomingRequest) => void | Promise<void>,
  ): void
  /** Sends a request outside a dialog; resolves with its final response (408 and 503 of our own server included). */
  request(method: string, uri: string, parts?: OutgoingParts): Promise<SipReply>
  /** Sends an INVITE; `sdp` null sends it without an offer. */
  invite(uri: string, sdp: string | null, parts?: OutgoingParts): OutgoingInvite
  close(): Promise<void>
}
