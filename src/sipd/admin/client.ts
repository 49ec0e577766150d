import type { Socket } from 'node:net'
import type { Application, Arrival, Urgency } from '../core/application.js'
import { endpointText } from '../transport/flow.js'
import type { Link } from './link.js'
import { acceptedLine, arrivedLine, proxiedLine, refusedLine, requestSentLine, responseSentLine, unsolicitedLine } from './wire-line.js'

/** One application on the admin wire. */
export interface Client extends Application {
  readonly authenticated: boolean
  /** The application has a connection now. One that may still resume is `connected` without. */
  readonly attached: boolean
  /** Bytes that it has not read. */
  readonly unread: number
  /** Its tags in `authenticate`. */
  readonly tags: readonly string[]
  /** With the ticket it can resume; null if it cannot. */
  readonly ticket: string | null
  /** Counts a command that it would repeat after a failure of the connection. */
  noteCommand(): void
  /** It has authenticated. Requests that arrived before follow the response. */
  admit(command: string, introduction: Introduction, greeting: readonly string[]): void
  /** It resumes over this connection after the frames that it has read. False if it cannot. */
  readmit(command: string, socket: Socket, read: number, greeting: readonly string[]): boolean
  /** It has read this many frames. */
  hasRead(frames: number): void
  /** Its connection has failed, and it may resume. */
  detach(): void
  /** It leaves: the end of its connection will not be a failure. */
  leave(): void
  accepted(command: string, ...details: readonly string[]): void
  /** Sends a line with a message. */
  sent(line: string, message: Buffer): void
  /** Sends `NO` and closes the connection. */
  dismissed(command: string, reason: string): void
  close(): void
}

interface Introduction {
  readonly tags: readonly string[]
  readonly ticket: string | null
}

const mebibyte = 1024 * 1024

/** Bytes that wait for the application, up to which another message is accepted. */
const marks: Readonly<Record<Urgency, number>> = { new: 6 * mebibyte, emergency: 12 * mebibyte, 'in dialog': 16 * mebibyte }

export function createClient(link: Link): Client {
  let admitted = false
  let names: readonly string[] = []
  let ticket: string | null = null
  let commands = 0
  /** Requests for a client that we have connected to, before it has authenticated. */
  const early: (() => void)[] = []

  function tellArrival({ txnId, dialogId, passage, receivedOn, message }: Arrival): void {
    const socket = receivedOn ? `${endpointText(receivedOn).replace(/:(\d+)$/, '|$1')}|` : ''
    link.send(arrivedLine(txnId, dialogId, passage, socket), message)
  }

  return {
    noteCommand() {
      commands += 1
    },
    get authenticated() {
      return admitted
    },
    get tags() {
      return names
    },
    get ticket() {
      return ticket
    },
    get connected() {
      return link.open
    },
    get attached() {
      return link.attached
    },
    get unread() {
      return link.unread
    },
    takes: (urgency) => link.unread < marks[urgency],
    admit(command, introduction, greeting) {
      admitted = true
      names = introduction.tags
      ticket = introduction.ticket
      if (ticket === null) link.send(acceptedLine(command, ...greeting))
      else link.greet(acceptedLine(command, ...greeting, 'resumable'))
      for (const tell of early.splice(0)) tell()
    },
    readmit(command, socket, read, greeting) {
      return link.attach(socket, acceptedLine(command, ...greeting, `resumed=${commands}`), read)
    },
    hasRead: link.acknowledge,
    detach: link.detach,
    leave() {
      ticket = null
    },
    accepted: (command, ...details) => link.send(acceptedLine(command, ...details)),
    sent: (line, message) => link.send(line, message),
    dismissed(command, reason) {
      ticket = null
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
    close: link.close,
  }
}
