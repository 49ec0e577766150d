import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { ListenAddress } from '../../base/listen-address.js'
import { bindFault } from './bind-fault.js'
import type { Connection } from './connections.js'
import type { Endpoint, Hop } from './flow.js'
import { isWildcard, type LocalAddresses } from './local-address.js'
import { acceptSocket, adoptConnecting, type StreamNeeds } from './stream-socket.js'

/** One listening stream socket of any protocol. */
export interface StreamListener {
  readonly bound: Endpoint
  close(): Promise<void>
}

export interface TcpNeeds extends StreamNeeds {
  readonly addresses: LocalAddresses
}

/** Listens for TCP. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function listenTcp(listen: ListenAddress, needs: TcpNeeds): Promise<StreamListener> {
  const server = createServer()
  const bound = await bindServer(server, listen)
  server.on('connection', (socket) => welcome(socket, 'tcp', bound, needs))
  return { bound, close: () => closeServer(server) }
}

/** Opens a connection; what is written meanwhile waits. Null where the table of connections is full. */
export function connectTcp(hop: Hop, needs: StreamNeeds): Connection | null {
  return adoptConnecting(connect(dialOptions(hop)), hop, 'connect', needs)
}

/** Takes in a socket that a peer has opened. */
export function welcome(socket: Socket, protocol: 'tcp' | 'tls', bound: Endpoint, needs: TcpNeeds): void {
  const { remoteAddress, remotePort, localAddress } = socket
  if (remoteAddress === undefined || remotePort === undefined) {
    socket.destroy()
    return
  }
  const socketSide = { address: localAddress ?? bound.address, port: bound.port }
  const sides = needs.addresses.sidesFor(socketSide, remoteAddress)
  acceptSocket(socket, { protocol, remote: { address: remoteAddress, port: remotePort }, ...sides }, needs)
}

export function dialOptions({ remote, local }: Hop): { host: string; port: number; localAddress?: string } {
  const to = { host: remote.address, port: remote.port }
  return isWildcard(local.address) ? to : { ...to, localAddress: local.address }
}

export async function bindServer(server: Server, listen: ListenAddress): Promise<Endpoint> {
  try {
    const listening = once(server, 'listening')
    server.listen({ host: listen.address, port: listen.port, ipv6Only: listen.address.includes(':'), exclusive: true, backlog: 1024 })
    await listening
  } catch (fault) {
    throw bindFault(listen, fault as NodeJS.ErrnoException)
  }
  const bound = server.address()
  return { address: listen.address, port: typeof bound === 'object' && bound ? bound.port : listen.port }
}

/** Stops accepting; the connections themselves are the table's. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
