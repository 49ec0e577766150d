import type { Protocol } from '../../base/listen-address.js'
import type { Endpoint } from '../transaction/transaction-layer.js'

/** How a message went or came. */
export interface Passage {
  /** Bytes on the wire; 0 for what never was there. */
  readonly size: number
  /** Null where no transport was chosen. */
  readonly protocol: Protocol | null
  /** The far end; for a request of ours our own socket; null where there is neither. */
  readonly remote: Endpoint | null
  /** Epoch milliseconds. */
  readonly at: number
}

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

/** One connected application, as the UA core sees it. A command is answered once, by its id. */
export interface Application {
  /** False as soon as its connection is gone. */
  readonly connected: boolean
  requestSent(command: string, txnId: string, passage: Passage, message: Buffer): void
  responseSent(command: string, ids: { readonly txnId: string; readonly dialogId: string }, passage: Passage, message: Buffer): void
  /** The command came to nothing: `NOK` and the reason. */
  refused(command: string, reason: string): void
  arrived(arrival: Arrival): void
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
