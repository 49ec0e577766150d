import type { SipMessage } from '../../sip/message/message.js'
import type { Endpoint } from '../transaction/transaction-layer.js'
import type { Passage } from './passage.js'

/** A message for the application. */
export interface Arrival {
  readonly txnId: string
  /** `''` outside a dialog. */
  readonly dialogId: string
  readonly passage: Passage
  /** The local socket that received a request outside a dialog; null for any other message. */
  readonly receivedOn: Endpoint | null
  readonly message: Buffer
}

/** How urgent a request is while messages wait for a slow application: outside a dialog, an emergency call, in a dialog. */
export type Urgency = 'new' | 'emergency' | 'in dialog'

/** A connected application, as the UA core sees it. Each command gets one reply, by its id. */
export interface Application {
  /** False once its connection is lost for good. */
  readonly connected: boolean
  /** True if it reads fast enough for one more request. Responses and messages that end a call are delivered in any case. */
  takes(urgency: Urgency): boolean
  requestSent(command: string, txnId: string, passage: Passage, message: Buffer): void
  responseSent(command: string, ids: { readonly txnId: string; readonly dialogId: string }, passage: Passage, message: Buffer): void
  /** The command failed: `NOK` and the reason. */
  refused(command: string, reason: string): void
  arrived(arrival: Arrival): void
  /** The final response of one branch of a `proxy` command; `proxyDone` follows the last. */
  proxied(command: string, passage: Passage, message: Buffer): void
  proxyDone(command: string): void
  /** A BYE that the server sent by itself. */
  unsolicited(dialogId: string, passage: Passage, message: Buffer): void
}

/** The applications that asked for requests outside dialogs. */
export interface Applications {
  /** The next in turn of those that asked for the method; null if none did. */
  choose(method: string): Application | null
  /** The methods that applications asked for, in upper case. */
  methods(): readonly string[]
}

/** The sender of the message in a call record. */
type RecordSource = 'network' | 'application'
type RecordRole = 'uas' | 'uac' | 'proxy-uas' | 'proxy-uac'
export type StopReason =
  | 'normal-release'
  | 'call-rejected'
  | 'call-canceled'
  | 'session-expired'
  | 'system-initiated-termination'
  | 'system-error-initiated-termination'

/** Call records (drachtio's `cdr`) for the applications that asked for them: the INVITE, its 2xx, the end of the call. */
export interface CallRecords {
  attempt(source: RecordSource, message: Recorded): void
  start(source: RecordSource, role: RecordRole, message: Recorded): void
  stop(source: RecordSource, reason: StopReason, message: Recorded): void
}

/** The bytes, or the message, which is printed only if an application asked for the record. */
export type Recorded = Buffer | SipMessage
