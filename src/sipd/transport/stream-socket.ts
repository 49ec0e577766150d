import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../../base/clock.js'
import type { Defect } from '../../sip/parser/defect.js'
import { createFramer, type Frame } from '../../sip/parser/framer.js'
import type { AcceptLimiter } from './accept-limiter.js'
import type { Connection, ConnectionLimits, ConnectionTable, Wire } from './connections.js'
import type { Flow, Hop } from './flow.js'
import type { LocalAddresses } from './local-address.js'
import { checkSipIdentity } from './sip-identity.js'

/** Events of streams. */
export interface StreamEvents {
  onMessage(bytes: Buffer, flow: Flow): void
  /** An outgoing connection is established. */
  onOpen(flow: Flow): void
  /** The connection is closed. */
  onGone(flow: Flow, reason: string): void
  /** The stream has lost its framing. `head` may contain a request that can still get a response. */
  onUnframed(head: Buffer, flow: Flow, defect: Defect): void
  /** The table of connections is full. */
  onRefused(): void
}

export interface StreamNeeds {
  readonly table: ConnectionTable
  readonly limits: ConnectionLimits
  readonly clock: Clock
  readonly events: StreamEvents
  readonly addresses: LocalAddresses
  readonly acceptLimiter: AcceptLimiter
}

const pong = Buffer.from('\r\n')
const keepAliveMs = 30_000

/** Adds an accepted socket to the table; closes it if the table is full. */
export function acceptSocket(socket: Socket, flow: Omit<Flow, 'connection'>, needs: StreamNeeds): void {
  const connection = adopt(socket, { ...flow, isOpen: true }, needs)
  if (connection) return
  socket.destroy()
  needs.events.onRefused()
}

/** Adds a connecting socket to the table; null if the table is full. `opened`: the event of the socket when it is open. */
export function adoptConnecting(socket: Socket, hop: Hop, opened: 'connect' | 'secureConnect', needs: StreamNeeds): Connection | null {
  const { protocol, remote, local, advertised } = hop
  const openedTo = protocol === 'tls' ? (hop.name ?? remote.address) : null
  const connection = adopt(socket, { protocol, remote, local, advertised, isOpen: false, openedTo }, needs)
  if (!connection) {
    socket.destroy()
    return null
  }
  const { limits, clock, events } = needs
  const timeout = clock.after(limits.connectMs, () => socket.destroy(new Error(`no connection within ${limits.connectMs} ms`)))
  socket.once('close', () => timeout.cancel())
  socket.once(opened, () => {
    timeout.cancel()
    connection.isOpen = true
    events.onOpen(connection.flow)
  })
  return connection
}

function adopt(
  socket: Socket,
  entry: Omit<Flow, 'connection'> & { isOpen: boolean; openedTo?: string | null },
  needs: StreamNeeds,
): Connection | null {
  const { isOpen, openedTo = null, ...flow } = entry
  const framer = createFramer()
  const wire: Wire = {
    write: (bytes) => write(socket, bytes, needs.limits.queuedBytes),
    get waiting() {
      return framer.partialBytes
    },
    destroy: () => void socket.destroy(),
    close: () => socket.destroySoon(),
    certifies: (host) => socket instanceof TLSSocket && certifies(socket, host),
  }
  const connection = needs.table.add({ flow, wire, isOpen, openedTo })
  if (connection) listen(socket, connection, push, needs)
  return connection

  function push(chunk: Buffer, to: Connection): void {
    const frames = framer.push(chunk)
    if (framer.partialBytes === 0) to.partialSince = null
    else if (frames.length > 0 || to.partialSince === null) to.partialSince = needs.clock.now()
    handleFrames(frames, socket, to.flow, needs.events)
  }
}

function certifies(socket: TLSSocket, host: string): boolean {
  return socket.authorized && checkSipIdentity(host, socket.getPeerCertificate()) === undefined
}

function handleFrames(frames: readonly Frame[], socket: Socket, flow: Flow, events: StreamEvents): void {
  for (const frame of frames) {
    if (frame.kind === 'message') events.onMessage(frame.bytes, flow)
    else if (frame.kind === 'ping') socket.write(pong)
    else if (frame.kind === 'broken') {
      events.onUnframed(frame.head, flow, frame)
      socket.destroySoon()
    }
  }
}

function write(socket: Socket, bytes: Buffer, limit: number): void {
  socket.write(bytes)
  if (socket.writableLength > limit) socket.destroy(new Error('the peer does not read'))
}

function listen(
  socket: Socket,
  connection: Connection,
  push: (chunk: Buffer, to: Connection) => void,
  { table, clock, events }: StreamNeeds,
): void {
  let reason = 'connection closed'
  socket.setNoDelay(true)
  socket.setKeepAlive(true, keepAliveMs)
  socket.on('data', (chunk: Buffer) => {
    connection.receivedAt = clock.now()
    push(chunk, connection)
  })
  socket.on('error', (fault) => {
    reason = fault.message
  })
  socket.on('close', () => {
    if (table.remove(connection)) events.onGone(connection.flow, reason)
  })
}
