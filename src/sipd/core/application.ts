import type { SipMessage } from '../../sip/message/message.js'
import type { Endpoint } from '../transaction/transaction-layer.js'
import type { Passage } from './passage.js'

/** A message for the application. */
export interface Arrival {
  readonly txnId: string
  /** `''` outside a dialog. */
  readonly dialogId: string
  readonly passage: Passage
  /** The socket a request outside a dialog came in on. */
  readonly receivedOn: Endpoint | null
  readonly message: Buffer
}

/** What a message is worth while messages wait for the application: one that opens something new, an emergency call, one in a dialog. */
export type Weight = 'new' | 'emergency' | 'in dialog'

/** One connected application, as the UA core sees it. A command is answered once, by its id. */
export interface Application {
  /** False as soon as its connection is gone for good. */
  readonly connected: boolean
  /** It reads fast enough for one more request of that weight. Responses, and what ends a call, it is always told. */
  takes(weight: Weight): boolean
  requestSent(command: string, txnId: string, passage: Passage, message: Buffer): void
  responseSent(command: string, ids: { readonly txnId: string; readonly dialogId: string }, passage: Passage, message: Buffer): void
  /** The command came to nothing: `NOK` and the reason. */
  refused(command: string, reason: string): void
  arrived(arrival: Arrival): void
  /** The final response of one attempt of a `proxy` command; `proxyDone` follows the last. */
  proxied(command: string, passage: Passage, message: Buffer): void
  proxyDone(command: string): void
  /** A BYE that the server has sent by itself. */
  unsolicited(dialogId: string, passage: Passage, message: Buffer): void
}

/** Who wants the requests that open something new. */
export interface Applications {
  /** The next in turn of those that asked for the method; null without. */
  choose(method: string): Application | null
  /** Methods somebody asked for, upper case. */
  methods(): readonly string[]
}

/** Who has sent the message of a call record. */
type RecordSource = 'network' | 'application'
type RecordRole = 'uas' | 'uac' | 'proxy-uas' | 'proxy-uac'
export type StopReason =
  | 'normal-release'
  | 'call-rejected'
  | 'call-canceled'
  | 'session-expired'
  | 'system-initiated-termination'
  | 'system-error-initiated-termination'

/** Call records (drachtio's `cdr`) for the applications that asked for them: an INVITE, its 2xx, its end. */
export interface CallRecords {
  attempt(source: RecordSource, message: Recorded): void
  start(source: RecordSource, role: RecordRole, message: Recorded): void
  stop(source: RecordSource, reason: StopReason, message: Recorded): void
}

/** The bytes, or the message that is printed only where somebody wants the record. */
export type Recorded = Buffer | SipMessage
