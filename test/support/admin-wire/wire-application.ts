import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { SipMessage } from '../../../src/sip/message/message.js'
import { parseMessage } from '../../../src/sip/parser/parser.js'
import { createFrameReader, encodeFrame } from '../../../src/sipd/admin/frame.js'
import { createMailbox } from '../sip/mailbox.js'
import type { HeaderList } from '../sip/sip-peer.js'

/** One frame from the server. */
export interface Heard {
  readonly words: readonly string[]
  /** `response`, `sip`, `cdr:start` … */
  readonly kind: string
  /** Of `response`: `OK`, `NO`, `NOK`. */
  readonly verdict: string
  /** Of `sip`. */
  readonly txnId: string
  readonly dialogId: string
  readonly message: SipMessage | null
}

/** An application on the admin wire that does what the test says, without drachtio-srf between. */
export interface WireApplication {
  /** Sends a command and awaits its answer; the id is put in front. */
  command(text: string): Promise<Heard>
  /** A request of that method, or a response of that status, from the network. */
  arrives(what: string): Promise<Heard>
  /** Anything that fits. */
  hears(wanted: string, fits: (heard: Heard) => boolean): Promise<Heard>
  /** `sip` with a response to what arrived. */
  respond(arrived: Heard, status: number, headers?: HeaderList, body?: string): Promise<Heard>
  /** `sip` with a request outside a dialog. */
  request(method: string, uri: string, headers?: HeaderList, body?: string, route?: string): Promise<Heard>
  requestInDialog(dialogId: string, method: string, headers?: HeaderList, body?: string): Promise<Heard>
  cancel(txnId: string): Promise<Heard>
  readonly untaken: readonly string[]
  raw(text: string): void
  readonly isClosed: boolean
  closed(): Promise<void>
  close(): Promise<void>
}

export interface WireApplicationOptions {
  readonly port: number
  readonly secret?: string
  readonly verbs?: readonly string[]
  readonly tags?: string
}

/** Connects, authenticates and asks for verbs. */
export async function openWireApplication(options: WireApplicationOptions): Promise<WireApplication> {
  const application = await connectWireApplication(options.port)
  await application.command(`authenticate|${options.secret ?? 'cymru'}|${options.tags ?? ''}`)
  for (const verb of options.verbs ?? []) await application.command(`route|${verb}`)
  return application
}

/** Only connects. */
export async function connectWireApplication(port: number): Promise<WireApplication> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return applicationOn(socket)
}

/** An application that sipd connects to. */
export interface ListeningApplication {
  readonly port: number
  /** The next connection. */
  connected(): Promise<WireApplication>
  close(): Promise<void>
}

export async function listenForSipd(): Promise<ListeningApplication> {
  const connections = createMailbox<WireApplication>(() => 'a connection')
  const server = createServer((socket) => connections.put(applicationOn(socket)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  let closing: Promise<void> | null = null
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    connected: () => connections.take('a connection', () => true),
    close() {
      closing ??= new Promise((resolve) => server.close(() => resolve()))
      return closing
    },
  }
}

function applicationOn(socket: Socket): WireApplication {
  const mailbox = createMailbox<Heard>(nameOf)
  const frames = createFrameReader()
  socket.on('data', (chunk: Buffer) => {
    for (const payload of frames.push(chunk) ?? []) mailbox.put(readHeard(payload))
  })
  socket.on('error', () => undefined)
  const closed = once(socket, 'close').then(() => undefined)

  async function command(text: string): Promise<Heard> {
    const id = randomUUID()
    socket.write(encodeFrame(`${id}|${text}`, null))
    return mailbox.take(`the answer to ${text.split('\r\n', 2).join(' ')}`, ({ kind, words }) => kind === 'response' && words[2] === id)
  }

  return {
    command,
    arrives: (what) => mailbox.take(what, (heard) => heard.kind === 'sip' && nameOf(heard).startsWith(`${what} `)),
    hears: (wanted, fits) => mailbox.take(wanted, fits),
    respond: (arrived, status, headers, body) => command(`sip|${arrived.txnId}|\r\n${text(`SIP/2.0 ${status} Because`, headers, body)}`),
    request: (method, uri, headers, body, route) => command(`sip|||${route ?? ''}\r\n${text(`${method} ${uri} SIP/2.0`, headers, body)}`),
    requestInDialog: (dialogId, method, headers, body) =>
      command(`sip||${dialogId}\r\n${text(`${method} sip:placeholder SIP/2.0`, headers, body)}`),
    cancel: (txnId) => command(`sip|${txnId}|\r\n${text('CANCEL sip:x SIP/2.0')}`),
    get untaken() {
      return mailbox.items.map(nameOf)
    },
    raw: (bytes) => socket.write(bytes),
    get isClosed() {
      return socket.destroyed
    },
    closed: () => closed,
    close() {
      socket.destroy()
      return closed
    },
  }
}

function text(start: string, headers: HeaderList = [], body = ''): string {
  return `${[start, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n${body}`
}

function readHeard(payload: string): Heard {
  const end = payload.indexOf('\r\n')
  const words = (end < 0 ? payload : payload.slice(0, end)).split('|')
  const parsed = end < 0 ? null : parseMessage(Buffer.from(payload.slice(end + 2), 'latin1'))
  const isResponse = words[1] === 'response'
  return {
    words,
    kind: words[1] ?? '',
    verdict: isResponse ? (words[3] ?? '') : '',
    txnId: (isResponse ? words[10] : words[8]) ?? '',
    dialogId: (isResponse ? words[11] : words[9]) ?? '',
    message: parsed?.outcome === 'message' ? parsed.message : null,
  }
}

function nameOf({ kind, verdict, words, message }: Heard): string {
  if (kind === 'response') return `${verdict} ${words.slice(4).join('|')}`
  if (!message) return words.join('|')
  const name = message.kind === 'request' ? message.method : String(message.status)
  return `${name} ${message.cseq.method}${words[2] === 'application' ? ' (unsolicited)' : ''}`
}
