import { isUtf8 } from 'node:buffer'
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../../base/clock.js'
import type { ListenAddress } from '../../../base/listen-address.js'
import { maxMessageBytes } from '../../../sip/parser/parser.js'
import type { Connection, Wire } from '../connections.js'
import type { Endpoint } from '../flow.js'
import { bindServer, closeServer, flowOf, type StreamListener } from '../stream-listener.js'
import type { StreamNeeds } from '../stream-socket.js'
import { contextOf, identityFor, type TlsIdentities } from '../tls.js'
import { createFrameWatch, type FrameWatch } from './frame-watch.js'
import { allowsOrigin } from './origin.js'

/** RFC 7118 §4.1. */
const subprotocol = 'sip'
const requestMs = 10_000
/** RFC 6455 §7.4.1: the server is going down. */
const goingAway = 1001
const pong = Buffer.from('\r\n')
const ping = '\r\n\r\n'

export interface WebSocketNeeds extends StreamNeeds {
  /** Web pages that may connect; see origin.ts. */
  readonly origins: readonly string[]
}

/** Listens for WebSocket, secure or not (RFC 7118). @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function listenWebSocket(listen: ListenAddress, needs: WebSocketNeeds, identities: TlsIdentities): Promise<StreamListener> {
  const server = httpServer(listen, identities)
  const bound = await bindServer(server, listen, needs)
  const sockets = new WebSocketServer({
    server,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => offered.has(subprotocol) && subprotocol,
    verifyClient: ({ req }: { req: IncomingMessage }, answer: (accepted: boolean, status?: number) => void) => {
      if (!allowsOrigin(req, needs.origins)) answer(false, 403)
      else answer(offersSip(req), 401)
    },
  })
  sockets.on('connection', (socket, request) => welcome(socket, request, { ...listen, ...bound }, needs))
  return {
    bound,
    close() {
      sockets.close()
      return closeServer(server)
    },
  }
}

function httpServer(listen: ListenAddress, identities: TlsIdentities): HttpServer | HttpsServer {
  const patience = { requestTimeout: requestMs, headersTimeout: requestMs }
  if (listen.protocol === 'ws') return createHttpServer(patience, refusePlainHttp)
  const server = createHttpsServer({ ...patience, ...contextOf(identityFor(listen, identities)) }, refusePlainHttp)
  identities.follow(server)
  return server
}

function refusePlainHttp(_request: IncomingMessage, response: import('node:http').ServerResponse): void {
  response.writeHead(426, { Upgrade: 'websocket', 'Content-Type': 'text/plain', Connection: 'close' }).end('SIP over WebSocket only\n')
}

function offersSip({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some((name) => name.trim().toLowerCase() === subprotocol)
}

function welcome(socket: WebSocket, request: IncomingMessage, listen: ListenAddress & Endpoint, needs: StreamNeeds): void {
  const flow = flowOf(request.socket, listen.protocol, listen, needs)
  const frames = createFrameWatch()
  const connection = flow && needs.table.add({ flow, wire: wireOf(socket, frames, needs.limits.queuedBytes), isOpen: true })
  if (connection) {
    // A web page may wait for its user before it registers.
    needs.acceptLimiter.advance(connection.flow.remote, listen.port, 'spoke')
    watchFragments(request.socket, frames, connection, needs.clock)
    listenTo(socket, connection, needs)
  } else {
    socket.terminate()
    needs.events.onRefused()
  }
}

/** Pings and pongs between fragments do not extend the time for a message. */
function watchFragments(bytes: Socket, frames: FrameWatch, connection: Connection, clock: Clock): void {
  let ended = 0
  bytes.prependListener('data', (chunk: Buffer) => {
    frames.push(chunk)
    if (!frames.isOpen) connection.partialSince = null
    else if (connection.partialSince === null || frames.ended > ended) connection.partialSince = clock.now()
    ended = frames.ended
  })
}

function wireOf(socket: WebSocket, frames: FrameWatch, limit: number): Wire {
  return {
    // RFC 7118 §5.3: text if the message is UTF-8, which is easier for browsers.
    write(bytes) {
      socket.send(bytes, { binary: !isUtf8(bytes) })
      if (socket.bufferedAmount > limit) socket.terminate()
    },
    get waiting() {
      return frames.bytes
    },
    destroy: () => socket.terminate(),
    close: () => socket.close(goingAway),
    certifies: () => false,
  }
}

function listenTo(socket: WebSocket, connection: Connection, { table, clock, events }: StreamNeeds): void {
  let reason = 'connection closed'
  const heard = (): void => {
    connection.receivedAt = clock.now()
  }
  socket.on('ping', heard)
  socket.on('pong', heard)
  socket.on('message', (data) => {
    heard()
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)])
    if (bytes.length <= ping.length && bytes.toString('latin1') === ping) socket.send(pong, { binary: false })
    else events.onMessage(bytes, connection.flow)
  })
  socket.on('error', (fault) => {
    reason = fault.message
  })
  socket.on('close', () => {
    if (table.remove(connection)) events.onGone(connection.flow, reason)
  })
}
