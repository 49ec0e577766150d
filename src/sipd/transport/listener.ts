import type { ListenAddress, Protocol } from '../../base/listen-address.js'
import type { Connection } from './connections.js'
import type { Endpoint, Flow, Hop } from './flow.js'
import { isReliable } from './flow.js'
import type { LocalSides } from './local-address.js'
import { connectTcp, listenTcp } from './stream-listener.js'
import { connectTls, listenTls, type TlsIdentities } from './tls.js'
import type { DatagramSocket, OpenDatagramSocket } from './udp-socket.js'
import { listenWebSocket, type WebSocketNeeds } from './web/websocket.js'

/** One listen address, of any protocol. */
export interface Listener {
  readonly protocol: Protocol
  readonly bound: Endpoint
  /** Only UDP sends without a connection. */
  readonly datagrams: DatagramSocket | null
  close(): Promise<void>
}

export interface ListenerNeeds extends WebSocketNeeds {
  readonly identities: TlsIdentities
  readonly openDatagramSocket: OpenDatagramSocket
  readonly onUnreachable: (remote: Endpoint, reason: string) => void
}

/** @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE; CONFIG_INVALID for TLS without a certificate */
export async function openListener(listen: ListenAddress, needs: ListenerNeeds): Promise<Listener> {
  if (!isReliable(listen.protocol)) return openDatagrams(listen, needs)
  const stream = await openStream(listen, needs)
  return { protocol: listen.protocol, bound: stream.bound, datagrams: null, close: stream.close }
}

function openStream(listen: ListenAddress, needs: ListenerNeeds): ReturnType<typeof listenTcp> {
  if (listen.protocol === 'tcp') return listenTcp(listen, needs)
  return listen.protocol === 'tls' ? listenTls(listen, needs, needs.identities) : listenWebSocket(listen, needs, needs.identities)
}

async function openDatagrams(
  listen: ListenAddress,
  { openDatagramSocket, events, addresses, onUnreachable, clock }: ListenerNeeds,
): Promise<Listener> {
  const datagrams = await openDatagramSocket(
    listen,
    {
      onDatagram: (bytes, remote, { bound }) => events.onMessage(bytes, udpFlow(remote, addresses.sidesFor(bound, remote.address))),
      onUnreachable,
    },
    clock,
  )
  return { protocol: 'udp', bound: datagrams.bound, datagrams, close: () => datagrams.close() }
}

/** Every UDP peer is a flow. */
export function udpFlow(remote: Endpoint, { local, advertised }: LocalSides): Flow {
  return { protocol: 'udp', remote, local, advertised, connection: null }
}

/** Opens a connection; null if the table is full, or for WebSocket: browsers do not accept connections. */
export function dial(hop: Hop, needs: ListenerNeeds): Connection | null {
  if (hop.protocol === 'tcp') return connectTcp(hop, needs)
  return hop.protocol === 'tls' ? connectTls(hop, needs, needs.identities) : null
}
