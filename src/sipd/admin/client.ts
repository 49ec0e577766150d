import type { Application } from '../dialog/application.js'
import { endpointText } from '../transport/flow.js'
import type { Link } from './link.js'
import { acceptedLine, arrivedLine, proxiedLine, refusedLine, requestSentLine, responseSentLine, unsolicitedLine } from './wire-line.js'

/** One application on the admin wire. */
export interface Client extends Application {
  authenticated: boolean
  /** What it called itself in `authenticate`. */
  tags: readonly string[]
  accepted(command: string, ...details: readonly string[]): void
  /** Any line with a message. */
  told(line: string, message: Buffer): void
  /** `NO` and the end of the connection. */
  dismissed(command: string, reason: string): void
}

export function createClient(link: Link): Client {
  return {
    authenticated: false,
    tags: [],
    get connected() {
      return link.open
    },
    accepted: (command, ...details) => link.send(acceptedLine(command, ...details)),
    told: (line, message) => link.send(line, message),
    dismissed(command, reason) {
      link.send(refusedLine(command, 'NO', reason))
      link.end()
    },
    refused: (command, reason) => link.send(refusedLine(command, 'NOK', reason)),
    requestSent: (command, txnId, passage, message) => link.send(requestSentLine(command, txnId, passage), message),
    responseSent(command, { txnId, dialogId }, passage, message) {
      link.send(responseSentLine(command, txnId, dialogId, passage), message)
    },
    arrived({ txnId, dialogId, passage, receivedOn, message }) {
      const socket = receivedOn ? `${endpointText(receivedOn).replace(/:(\d+)$/, '|$1')}|` : ''
      link.send(arrivedLine(txnId, dialogId, passage, socket), message)
    },
    proxied: (command, passage, message) => link.send(proxiedLine(command, passage), message),
    proxyDone: (command) => link.send(acceptedLine(command, 'done')),
    unsolicited: (dialogId, passage, message) => link.send(unsolicitedLine(dialogId, passage), message),
  }
}
