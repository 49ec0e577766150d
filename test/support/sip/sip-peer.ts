import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Secret } from '../../../src/base/secret.js'
import { newBranch, newCallId, newTag } from '../../../src/sip/ids.js'
import { createRequest, createResponse } from '../../../src/sip/message/builder.js'
import type { SipMessage, SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { parseMessage } from '../../../src/sip/parser/parser.js'
import { createMailbox } from './mailbox.js'

export const offer = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n'

export type HeaderList = readonly (readonly [name: string, value: string])[]

export interface RequestParts {
  readonly method: string
  readonly to?: string
  readonly toTag?: string
  readonly fromTag?: string
  readonly callId?: string
  readonly cseq?: number
  readonly uri?: string
  readonly headers?: HeaderList
  readonly body?: string
  /** Instead of the peer's own address. */
  readonly contact?: string
  readonly via?: string
  readonly branch?: string
}

/** A SIP element under the test's hand: it sends what it is told, answers nothing by itself and writes down what it hears. */
export interface SipPeer {
  readonly port: number
  readonly address: string
  /** `sip:peer@127.0.0.1:40001`. */
  readonly uri: string
  /** Of every request that it answers. */
  readonly tag: string
  request(parts: RequestParts): SipRequest
  send(message: SipMessage): void
  respond(request: SipRequest, status: number, headers?: HeaderList, body?: string): SipResponse
  /** The next request of that method, which may be a copy of one that was taken. */
  hearsRequest(method: string): Promise<SipRequest>
  /** The next request of that method that is not a copy: on a busy machine a request is sent again before the test answers it. */
  hearsNewRequest(method: string): Promise<SipRequest>
  /** The next response of that status to a request of that method. */
  hearsResponse(status: number, method?: string): Promise<SipResponse>
  /** The next message that fits. */
  hears(wanted: string, fits: (message: SipMessage) => boolean): Promise<SipMessage>
  /** Datagrams that are no message and only keep the way open. */
  readonly keepAlives: number
  /** `INVITE`, `200 INVITE` … of all that nobody has taken. */
  readonly untaken: readonly string[]
  close(): Promise<void>
}

/** The methods, or the requests, that a peer answers 200 by itself. */
type Answers = readonly string[] | ((request: SipRequest) => boolean)

interface Wire {
  readonly port: number
  send(bytes: Buffer): void
  close(): Promise<void>
}

const address = '127.0.0.1'

/** A peer over UDP that talks to `to`. Requests of the methods in `answers` it answers 200 by itself, and writes them down as well. */
export async function openUdpPeer(to: { readonly port: number; readonly host?: string }, answers: Answers = []): Promise<SipPeer> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  let closing: Promise<void> | null = null
  const wire: Wire = {
    port: socket.address().port,
    send: (bytes) => socket.send(bytes, to.port, to.host ?? address),
    close() {
      closing ??= new Promise((resolve) => socket.close(() => resolve()))
      return closing
    },
  }
  const peer = createPeer('UDP', wire, answers)
  socket.on('message', (bytes) => peer.take(bytes))
  return peer
}

/** `closed` resolves when its connection has been closed, by either side. */
type TcpPhone = SipPeer & { readonly closed: Promise<void> }

/** A phone over TCP: it connects, and nobody can connect to it. */
export async function openTcpPhone(to: { readonly port: number }, answers: readonly string[] = []): Promise<TcpPhone> {
  const socket = connect(to.port, address)
  await once(socket, 'connect')
  const wire: Wire = {
    port: socket.localPort ?? 0,
    send: (bytes) => socket.write(bytes),
    close: () => endOf(socket),
  }
  const peer = createPeer('TCP', wire, answers)
  socket.on('data', (bytes: Buffer) => peer.take(bytes))
  return Object.assign(peer, { closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) })
}

type ServerPeer = SipPeer & { readonly connections: () => number }

/** A server over TCP that is connected to. It sends over the latest connection. */
export function openTcpServer(): Promise<ServerPeer> {
  return openServer('TCP', createServer)
}

/** The same over TLS. */
export function openTlsServer(identity: { readonly certificate: string; readonly key: Secret }): Promise<ServerPeer> {
  return openServer('TLS', (take) => createTlsServer({ cert: identity.certificate, key: identity.key.reveal() }, take))
}

async function openServer(transport: 'TCP' | 'TLS', listen: (take: (socket: Socket) => void) => Server): Promise<ServerPeer> {
  const sockets: Socket[] = []
  const server = listen((socket) => {
    sockets.push(socket)
    socket.on('data', (bytes: Buffer) => peer.take(bytes))
    socket.on('error', () => undefined)
  })
  server.listen(0, address)
  await once(server, 'listening')
  const bound = server.address()
  const wire: Wire = {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    send: (bytes) => sockets.at(-1)?.write(bytes),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const peer = createPeer(transport, wire)
  return Object.assign(peer, { connections: () => sockets.length })
}

function endOf(socket: Socket): Promise<void> {
  socket.on('error', () => undefined)
  if (socket.destroyed) return Promise.resolve()
  const closed = once(socket, 'close')
  socket.destroy()
  return closed.then(() => undefined)
}

function createPeer(transport: 'UDP' | 'TCP' | 'TLS', wire: Wire, answers: Answers = []): SipPeer & { take(bytes: Buffer): void } {
  const mailbox = createMailbox<SipMessage>(nameOf)
  const host = `${address}:${wire.port}`
  const tag = `peer-${wire.port}`
  const isAnswered = typeof answers === 'function' ? answers : ({ method }: SipRequest) => answers.includes(method)
  let keepAlives = 0
  const parameters = transport === 'UDP' ? '' : `;transport=${transport.toLowerCase()}`

  function send(message: SipMessage): void {
    wire.send(message.toBuffer())
  }

  const taken = new Set<string>()

  async function request(method: string, fits: (one: SipRequest) => boolean): Promise<SipRequest> {
    const one = await mailbox.take(method, (message) => message.kind === 'request' && message.method === method && fits(message))
    taken.add(transactionOf(one as SipRequest))
    return one as SipRequest
  }

  return {
    port: wire.port,
    tag,
    address: host,
    uri: `sip:peer@${host}${parameters}`,
    request: (parts) => requestOf(parts, transport, host, `<sip:peer@${host}${parameters}>`),
    send,
    respond(request, status, headers = [], body = '') {
      const response = createResponse(request, status, undefined, tag)
      if (request.method === 'INVITE' || request.method === 'SUBSCRIBE') response.append('Contact', `<sip:peer@${host}${parameters}>`)
      for (const [name, value] of headers) response.set(name, value)
      if (body !== '') {
        response.append('Content-Type', 'application/sdp')
        response.body = Buffer.from(body)
      }
      send(response)
      return response
    },
    hearsRequest: (method) => request(method, () => true),
    hearsNewRequest: (method) => request(method, (one) => !taken.has(transactionOf(one))),
    hearsResponse: async (status, method) =>
      (await mailbox.take(
        `${status} ${method ?? ''}`,
        (message) => message.kind === 'response' && message.status === status && (!method || message.cseq.method === method),
      )) as SipResponse,
    hears: (wanted, fits) => mailbox.take(wanted, fits),
    get keepAlives() {
      return keepAlives
    },
    get untaken() {
      return mailbox.items.map(nameOf)
    },
    take(bytes) {
      let rest = bytes
      while (rest.length > 0) {
        const parsed = parseMessage(rest)
        if (parsed.outcome === 'keep-alive') keepAlives += 1
        if (parsed.outcome !== 'message') return
        mailbox.put(parsed.message)
        if (parsed.message.kind === 'request' && isAnswered(parsed.message)) send(createResponse(parsed.message, 200, undefined, tag))
        const end = rest.indexOf('\r\n\r\n') + 4 + parsed.message.body.length
        rest = rest.subarray(end)
      }
    },
    close: wire.close,
  }
}

function transactionOf({ callId, cseq }: SipRequest): string {
  return `${callId} ${cseq.number} ${cseq.method}`
}

function nameOf(message: SipMessage): string {
  return message.kind === 'request' ? message.method : `${message.status} ${message.cseq.method}`
}

function requestOf(parts: RequestParts, transport: string, host: string, own: string): SipRequest {
  const { method, to = 'sip:app@127.0.0.1', toTag, fromTag = newTag(), callId = newCallId(), cseq = 1, headers = [], body = '' } = parts
  return createRequest({
    method,
    uri: parts.uri ?? to,
    headers: [
      ['Via', `SIP/2.0/${transport} ${parts.via ?? host};branch=${parts.branch ?? newBranch()};rport`],
      ['Max-Forwards', '70'],
      ['From', `<sip:peer@${host}>;tag=${fromTag}`],
      ['To', toTag === undefined ? `<${to}>` : `<${to}>;tag=${toTag}`],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
      ['Contact', parts.contact ?? own],
      ...headers,
      ...(body === '' ? [] : ([['Content-Type', 'application/sdp']] as const)),
    ],
    ...(body !== '' && { body: Buffer.from(body) }),
  })
}

/** A request in the dialog that an INVITE of ours and its answer have made. */
export function inDialog(
  invite: SipRequest,
  answer: SipResponse,
  parts: Omit<RequestParts, 'to' | 'toTag' | 'callId' | 'fromTag'>,
): RequestParts {
  return {
    uri: answer.contacts[0]?.uri ?? invite.uri,
    ...parts,
    to: invite.to.uri,
    toTag: answer.to.tag,
    fromTag: invite.from.tag,
    callId: invite.callId,
  }
}
