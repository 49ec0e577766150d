import type { Socket } from 'node:net'
import type { Application, Arrival, Urgency } from '../core/application.js'
import { endpointText } from '../transport/flow.js'
import type { Link } from './link.js'
import { acceptedLine, arrivedLine, proxiedLine, refusedLine, requestSentLine, responseSentLine, unsolicitedLine } from './wire-line.js'

/** One application on the admin wire. */
export interface Client extends Application {
  readonly authenticated: boolean
  /** There is a connection to it at this moment; an application that is expected back is connected without. */
  readonly attached: boolean
  /** Bytes that wait for it. */
  readonly unread: number
  /** What it called itself in `authenticate`. */
  readonly tags: readonly string[]
  /** How it shows that it is the same again; null for one that cannot come back. */
  readonly ticket: string | null
  /** One more command has come that it would have to send again if the connection had failed before. */
  noteCommand(): void
  /** It has authenticated; what arrived for it before is told behind the answer. */
  admit(command: string, introduction: Introduction, greeting: readonly string[]): void
  /** It goes on over this connection, behind the frames that it has read. False if it cannot. */
  readmit(command: string, socket: Socket, read: number, greeting: readonly string[]): boolean
  /** It has read so many frames. */
  hasRead(frames: number): void
  /** Its connection has failed, and it is expected back. */
  detach(): void
  /** It goes for good: the next end of its connection is no failure. */
  leave(): void
  accepted(command: string, ...details: readonly string[]): void
  /** Any line with a message. */
  told(line: string, message: Buffer): void
  /** `NO` and the end of the connection. */
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
  /** For a client that we have connected to, because of these. */
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
    told: (line, message) => link.send(line, message),
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
