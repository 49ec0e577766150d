import { once } from 'node:events'
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net'
import { isWildcard } from '../../base/ip-address.js'
import type { ListenAddress, Protocol } from '../../base/listen-address.js'
import { bindFault } from './bind-fault.js'
import type { Connection } from './connections.js'
import type { Endpoint, Flow, Hop } from './flow.js'
import { acceptSocket, adoptConnecting, type StreamNeeds } from './stream-socket.js'

/** One listening stream socket of any protocol. */
export interface StreamListener {
  readonly bound: Endpoint
  /** Stops accepting connections. Those that are open belong to the table. */
  close(): Promise<void>
}

/** Listens for TCP. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function listenTcp(listen: ListenAddress, needs: StreamNeeds): Promise<StreamListener> {
  const server = createServer()
  const bound = await bindServer(server, listen, needs)
  server.on('connection', (socket) => welcome(socket, 'tcp', bound, needs))
  return { bound, close: () => closeServer(server) }
}

/** Opens a connection; writes wait until it is open. Null if the table of connections is full. */
export function connectTcp(hop: Hop, needs: StreamNeeds): Connection | null {
  return adoptConnecting(connect(dialOptions(hop)), hop, 'connect', needs)
}

/** Accepts a socket that a peer has opened. */
export function welcome(socket: Socket, protocol: Protocol, bound: Endpoint, needs: StreamNeeds): void {
  const flow = flowOf(socket, protocol, bound, needs)
  if (flow) acceptSocket(socket, flow, needs)
  else socket.destroy()
}

/** The two ends of an accepted socket; null if it is closed already. */
export function flowOf(socket: Socket, protocol: Protocol, bound: Endpoint, { addresses }: StreamNeeds): Omit<Flow, 'connection'> | null {
  const { remoteAddress, remotePort, localAddress } = socket
  if (remoteAddress === undefined || remotePort === undefined) return null
  const ours = { address: localAddress ?? bound.address, port: bound.port }
  return { protocol, remote: { address: remoteAddress, port: remotePort }, ...addresses.sidesFor(ours, remoteAddress) }
}

export function dialOptions({ remote, local }: Hop): { host: string; port: number; localAddress?: string } {
  const to = { host: remote.address, port: remote.port }
  return isWildcard(local.address) ? to : { ...to, localAddress: local.address }
}

/** @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function bindServer(server: Server, listen: ListenAddress, { acceptLimiter }: StreamNeeds): Promise<Endpoint> {
  acceptLimiter.watch(server)
  try {
    const listening = once(server, 'listening')
    server.listen({ host: listen.address, port: listen.port, ipv6Only: isIPv6(listen.address), exclusive: true, backlog: 1024 })
    await listening
  } catch (fault) {
    throw bindFault(listen, fault as NodeJS.ErrnoException)
  }
  const bound = server.address()
  return { address: listen.address, port: typeof bound === 'object' && bound ? bound.port : listen.port }
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
