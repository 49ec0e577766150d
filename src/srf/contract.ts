import type { Secret } from '../base/secret.js'

/**
 * Header values by name, in any case. Several values of a header are joined with commas. An array is sent as one header line for each value,
 * in this order: challenges must not be joined (RFC 3261 §7.3.1).
 */
export type SipHeaders = Readonly<Record<string, string | readonly string[]>>

/** The transport and the remote address of a request. */
export interface SipSource {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly address: string
  readonly port: number
}

/** A SIP response as a value: a failure response is not an exception. */
export interface SipReply {
  readonly status: number
  readonly reason: string
  /** `''` if the header is absent. */
  header(name: string): string
  readonly body: string
  /** Absent on a response of the far end. `server`: our SIP server timed out or could not send. `link`: the request was never sent. */
  readonly madeHere?: 'server' | 'link'
  /** Where a response of the far end came from; absent on other responses. */
  readonly source?: SipSource
  /** The dialog that a 2xx to our SUBSCRIBE has created, for `OutgoingParts.dialog`; absent on other responses. */
  readonly dialog?: string
}

export interface ResponseParts {
  readonly reason?: string
  readonly headers?: SipHeaders
  readonly body?: string
}

/** Event packages that phones may subscribe to: RFC 4235, RFC 3856, RFC 3842. */
export type EventPackage = 'dialog' | 'presence' | 'message-summary'

/** A request from the network, inside or outside a dialog. It needs exactly one final response. */
export interface IncomingRequest {
  readonly method: string
  /** Request-URI. */
  readonly uri: string
  readonly callId: string
  /** `''` if the header is absent. */
  header(name: string): string
  readonly body: string
  readonly source: SipSource
  /** The local `address:port` that received it; empty in a dialog. */
  readonly receivedOn: string
  /** Sends a response. Does nothing after a final response. */
  respond(status: number, parts?: ResponseParts): void
  /** True after a final response. */
  readonly responded: boolean
}

/** Locates the far end of a dialog if its Contact does not: a phone, whose flow may change. */
export interface FarEnd {
  /** A request of the far end arrived from this source. */
  heard(source: SipSource): void
  /** A request to the far end had no response. */
  silent(): void
  /** The next hop of requests to the far end; null: the dialog's (RFC 3261 §12.2.1.1). */
  hop(): string | null
}

/** An INVITE that begins a call. */
export interface IncomingInvite extends IncomingRequest {
  readonly cancelled: boolean
  /** Calls the listener when a CANCEL has arrived. The SIP server has already sent 487. */
  onCancel(listener: (reason: string) => void): void
  /** Sends 200; resolves when the dialog exists. @throws AppError SIP_SEND_FAILED if the caller is gone */
  accept(parts: { readonly sdp: string; readonly headers?: SipHeaders }): Promise<SipDialog>
  /** Sends further requests to the caller there, unless a proxy has recorded a route. */
  follow(farEnd: FarEnd | null): void
  /** Credentials for 401 and 407 responses to our requests in the dialog. */
  answerChallenges(credentials: SipCredentials): void
}

/** A REFER outside a dialog. */
export interface IncomingRefer extends IncomingRequest {
  /**
   * Sends 202, and begins a dialog for the NOTIFYs of the subscription (RFC 3515 §2.4.4), which go to `farEnd`. `onSubscribe` receives each
   * SUBSCRIBE in this dialog. One with `Expires: 0` may have its response already.
   * @throws AppError SIP_SEND_FAILED if the far end is gone
   */
  accept(farEnd: FarEnd | null, onSubscribe: (request: IncomingRequest) => void): Promise<ReferNotifier>
}

/** The subscription of a REFER outside a dialog. */
export interface ReferNotifier {
  notify(parts: { readonly headers: SipHeaders; readonly body: string }): Promise<SipReply>
  /** To be called after the last NOTIFY. */
  end(): void
}

/** A SUBSCRIBE that begins a subscription at us (RFC 6665 §4.2.1). */
export interface IncomingSubscribe extends IncomingRequest {
  /** The event package, in lower case and without parameters. */
  readonly event: string
  /** Requested seconds; null if the phone leaves them to us. */
  readonly expires: number | null
  /**
   * Sends 200, which begins the dialog; a NOTIFY must follow at once (RFC 6665 §4.2.1.2). `expires` is lowered to what was requested. NOTIFYs go to
   * `farEnd`.
   * @throws AppError SIP_SEND_FAILED if the far end is gone
   */
  accept(parts: { readonly expires: number; readonly headers?: SipHeaders; readonly farEnd?: FarEnd | null }): Promise<SubscriptionDialog>
}

/** The dialog of a subscription at us. */
export interface SubscriptionDialog {
  /** Unique while the dialog lasts, and the same after `restoreSubscription`. */
  readonly id: string
  /**
   * What `restoreSubscription` needs; no secrets. It changes with each NOTIFY and SUBSCRIBE. A text kept since the latest SUBSCRIBE restores the
   * dialog too.
   */
  readonly saved: string
  /**
   * Sends NOTIFY after all earlier ones have their responses. `Event` is added. `endsSubscription` tells what a failure means. If the far end is
   * silent and has moved meanwhile, the NOTIFY is sent there too.
   */
  notify(parts: { readonly headers: SipHeaders; readonly body: string }): Promise<SipReply>
  /** Receives each SUBSCRIBE in the dialog: a refresh, or the end with `Expires: 0`. It needs a response; 2xx with `Expires`. */
  onSubscribe(listener: (request: IncomingRequest) => void | Promise<void>): void
  /** Forgets the dialog, after the last NOTIFY (`Subscription-State: terminated`), or if the far end is gone. */
  end(): void
}

/** How a dialog has ended. */
export interface DialogEnd {
  readonly by: 'far end' | 'server'
  /** The Reason header of the BYE; `''` if absent. */
  readonly reason: string
}

/** A dialog made by INVITE (RFC 3261 §12). */
export interface SipDialog {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  /** Where the far end was when the dialog began; null for this process. */
  readonly began: SipSource | null
  /** `us`: we sent its INVITE, and own its Call-ID (RFC 3261 §14.1). */
  readonly createdBy: 'us' | 'far end'
  /** The session description that the far end got last; `''` before the first. */
  readonly description: string
  readonly ended: boolean
  /**
   * The far end talks to another party from now on. For it the session goes on: the o= line and the number of m= lines of our descriptions
   * stay (RFC 3264 §8).
   */
  continueSession(): void
  /** Calls the listener once, immediately if the dialog has already ended. */
  onEnd(listener: (end: DialogEnd) => void | Promise<void>): void
  /**
   * Receives every request in the dialog except ACK and BYE. Without a listener, each method has a default response. A SUBSCRIBE with
   * `Expires: 0` may have its response already.
   */
  onRequest(listener: (request: IncomingRequest) => void | Promise<void>): void
  /** Receives the body of every ACK to our 200: the answer, if the INVITE had no offer. */
  onAck(listener: (sdp: string) => void | Promise<void>): void
  /** Sends a request in the dialog, other than INVITE and BYE. */
  request(method: string, parts?: { readonly headers?: SipHeaders; readonly body?: string }): Promise<SipReply>
  /** Sends a re-INVITE, unless another INVITE or offer is under way (491). `sdp` null sends it without an offer. A 2xx to an offerless one must be acknowledged with an answer, by `ack`. */
  reinvite(sdp: string | null, headers?: SipHeaders): Promise<ReinviteReply>
  /** Ends the dialog with BYE; resolves when the BYE has a response or has timed out. Does nothing if the dialog has ended. */
  bye(headers?: SipHeaders): Promise<void>
}

export interface ReinviteReply extends SipReply {
  /** Only on a 2xx to an offerless re-INVITE. */
  readonly ack?: (sdp: string) => void
}

/** An INVITE that we send. */
export interface OutgoingInvite {
  /** Called with the Call-ID each time the INVITE is sent: again with credentials, or a longer session interval. */
  onSent(listener: (callId: string) => void): void
  onProvisional(listener: (reply: SipReply) => void): void
  readonly result: Promise<InviteResult>
  /** Sends CANCEL, or BYE if the 200 crosses it. The result becomes `failed` with 487. */
  cancel(headers?: SipHeaders): void
}

export type InviteResult =
  | { readonly outcome: 'answered'; readonly dialog: SipDialog; readonly reply: SipReply }
  /** The INVITE had no offer, the 200 has one: either `ack` or `abandon` must follow. */
  | {
      readonly outcome: 'offered'
      readonly reply: SipReply
      /** Sends ACK with our answer. */
      ack(sdp: string): Promise<SipDialog>
      /** Sends ACK and BYE, when the caller is gone. */
      abandon(): Promise<void>
    }
  | { readonly outcome: 'failed'; readonly reply: SipReply }

export interface SipCredentials {
  readonly username: string
  readonly password: Secret
}

export interface OutgoingParts {
  readonly headers?: SipHeaders
  /** The body of an INVITE instead of the bare offer. Its Content-Type is among the headers. */
  readonly body?: string
  /** Sends the request in this dialog, whose target and route it takes (RFC 3261 §12.2.1.1). */
  readonly dialog?: string
  /** The next hop instead of the Request-URI, such as `sip:192.0.2.7:5062;transport=tcp`: the flow of a registration. */
  readonly via?: string
  /** Locates the callee in the dialog, unless a proxy has recorded a route. */
  readonly farEnd?: FarEnd | null
  /** Credentials for 401 and 407, in the dialog as well: used once for each request, and once more after a stale nonce. */
  readonly credentials?: SipCredentials
}

/** drachtio-srf behind types: all SIP of the layers above. */
export interface SipApplication {
  /** Listen addresses, as the SIP server reports them: `udp/192.0.2.10:5060`. */
  readonly listening: readonly string[]
  readonly connected: boolean
  /** True if the SIP server reports 100 responses too: the next hop is alive. */
  readonly reportsTrying: boolean
  /** Calls the listener each time a SIP server without our state is connected, after a restart. Returns the function that removes it. */
  onReconnected(listener: () => void): () => void
  onInvite(handle: (invite: IncomingInvite) => void | Promise<void>): void
  onRefer(handle: (refer: IncomingRefer) => void | Promise<void>): void
  /** Handles the SUBSCRIBEs that begin a subscription of this event package. Other packages get 489 with those handled in Allow-Events. */
  onSubscribe(event: EventPackage, handle: (subscribe: IncomingSubscribe) => void | Promise<void>): void
  /**
   * Continues a subscription of a SIP server that has restarted, under the same Call-ID and tags. NOTIFYs go to `farEnd`, else to the Contact. Null
   * if it has expired, if the text is not understood, or if the SIP server cannot do this (drachtio-server).
   */
  restoreSubscription(saved: string, farEnd?: FarEnd | null): SubscriptionDialog | null
  /** Handles requests outside a dialog, other than INVITE, REFER and SUBSCRIBE. */
  onRequest(
    method: 'REGISTER' | 'OPTIONS' | 'MESSAGE' | 'INFO' | 'NOTIFY' | 'PUBLISH',
    handle: (request: IncomingRequest) => void | Promise<void>,
  ): void
  /** Sends a request outside a dialog; resolves with its final response, which may be a 408 or 503 of our own SIP server. */
  request(method: string, uri: string, parts?: OutgoingParts): Promise<SipReply>
  /** Sends an INVITE; `sdp` null sends it without an offer. */
  invite(uri: string, sdp: string | null, parts?: OutgoingParts): OutgoingInvite
  close(): Promise<void>
}
