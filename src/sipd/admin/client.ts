import type { Application, Arrival } from '../dialog/application.js'
import { endpointText } from '../transport/flow.js'
import type { Link } from './link.js'
import { acceptedLine, arrivedLine, proxiedLine, refusedLine, requestSentLine, responseSentLine, unsolicitedLine } from './wire-line.js'

/** One application on the admin wire. */
export interface Client extends Application {
  readonly authenticated: boolean
  /** What it called itself in `authenticate`. */
  readonly tags: readonly string[]
  /** It has authenticated; what arrived for it before is told behind the answer. */
  admit(command: string, tags: readonly string[], greeting: readonly string[]): void
  accepted(command: string, ...details: readonly string[]): void
  /** Any line with a message. */
  told(line: string, message: Buffer): void
  /** `NO` and the end of the connection. */
  dismissed(command: string, reason: string): void
}

export function createClient(link: Link): Client {
  let admitted = false
  let names: readonly string[] = []
  /** For a client that we have connected to, because of these. */
  const early: (() => void)[] = []

  function tellArrival({ txnId, dialogId, passage, receivedOn, message }: Arrival): void {
    const socket = receivedOn ? `${endpointText(receivedOn).replace(/:(\d+)$/, '|$1')}|` : ''
    link.send(arrivedLine(txnId, dialogId, passage, socket), message)
  }

  return {
    get authenticated() {
      return admitted
    },
    get tags() {
      return names
    },
    get connected() {
      return link.open
    },
    admit(command, tags, greeting) {
      admitted = true
      names = tags
      link.send(acceptedLine(command, ...greeting))
      for (const tell of early.splice(0)) tell()
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
    arrived(arrival) {
      if (admitted) tellArrival(arrival)
      else early.push(() => tellArrival(arrival))
    },
    proxied: (command, passage, message) => link.send(proxiedLine(command, passage), message),
    proxyDone: (command) => link.send(acceptedLine(command, 'done')),
    unsolicited: (dialogId, passage, message) => link.send(unsolicitedLine(dialogId, passage), message),
  }
}
