import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Clock } from '../../base/clock.js'
import type { ListenAddress } from '../../base/listen-address.js'
import { bindFault } from './bind-fault.js'
import type { Endpoint } from './flow.js'
import { isStunRequest, stunResponse } from './stun.js'
import { createUnreachableProbe, type UnreachableProbe } from './unreachable-probe.js'

/** One bound UDP socket. Tests replace it with a lossy one. */
export interface DatagramSocket {
  readonly bound: Endpoint
  send(bytes: Buffer, remote: Endpoint): void
  /** Probes whether the port of a silent peer is closed. If so, `onUnreachable` is called. */
  probe(remote: Endpoint): void
  close(): Promise<void>
}

interface DatagramEvents {
  onDatagram(bytes: Buffer, remote: Endpoint, socket: DatagramSocket): void
  /** The system cannot send to this remote, or its port is closed. */
  onUnreachable(remote: Endpoint, reason: string): void
}

export type OpenDatagramSocket = (listen: ListenAddress, events: DatagramEvents, clock: Clock) => Promise<DatagramSocket>

// Enough for one second at 950 calls a second, in case the thread is busy. The system limits it (net.core.rmem_max).
const bufferBytes = 4 * 1024 * 1024
const probeLimit = 64

type SendFault = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }

/** Errors that concern every datagram to a remote. Others concern one datagram, which counts as lost. */
const unreachableCodes: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ECONNREFUSED',
  'EINVAL',
  'EACCES',
])

/** Binds a UDP socket. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export const openUdpSocket: OpenDatagramSocket = async (listen, events, clock) => {
  const family = isIPv6(listen.address) ? 6 : 4
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    // Remotes are numeric. Node's own lookup would use the thread pool for each datagram.
    lookup: (host, _options, found) => found(null, host, family),
  })
  await bind(socket, listen)
  return attach(socket, events, createUnreachableProbe({ clock, limit: probeLimit, onUnreachable: events.onUnreachable }))
}

async function bind(socket: Socket, listen: ListenAddress): Promise<void> {
  try {
    const listening = once(socket, 'listening')
    socket.bind({ address: listen.address, port: listen.port, exclusive: true })
    await listening
  } catch (fault) {
    socket.close()
    throw bindFault(listen, fault as NodeJS.ErrnoException)
  }
}

function attach(socket: Socket, events: DatagramEvents, probe: UnreachableProbe): DatagramSocket {
  const { address, port } = socket.address()
  let open = true
  // One function for all sends, because the error names the remote.
  const sent = (fault: SendFault | null): void => {
    if (fault?.address !== undefined && fault.port !== undefined && unreachableCodes.has(fault.code ?? ''))
      events.onUnreachable({ address: fault.address, port: fault.port }, fault.message)
  }
  // Waking the receiver costs more than sending, so the datagrams of one turn of the event loop are sent together.
  let waiting: { readonly bytes: Buffer; readonly remote: Endpoint }[] = []
  const flush = (): void => {
    const batch = waiting
    waiting = []
    if (open) for (const { bytes, remote } of batch) socket.send(bytes, remote.port, remote.address, sent)
  }
  const datagrams: DatagramSocket = {
    bound: { address, port },
    send(bytes, remote) {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ bytes, remote })
    },
    probe: (remote) => probe.start(remote),
    close() {
      probe.close()
      flush()
      if (!open) return Promise.resolve()
      open = false
      return new Promise((resolve) => socket.close(() => resolve()))
    },
  }
  socket.on('message', (bytes, remote) => {
    if (isStunRequest(bytes)) datagrams.send(stunResponse(bytes, remote), remote)
    else events.onDatagram(bytes, remote, datagrams)
  })
  // Errors of an unconnected socket concern one datagram only.
  socket.on('error', sent)
  return datagrams
}
