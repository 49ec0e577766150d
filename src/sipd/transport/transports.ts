import { isIPv6 } from 'node:net'
import type { Clock } from '../../base/clock.js'
import type { ListenAddress, Protocol } from '../../base/listen-address.js'
import { type ConnectionLimits, createConnectionTable } from './connections.js'
import type { Endpoint, Flow, Hop, Listening } from './flow.js'
import { createLocalAddresses, isLoopback, isWildcard, type LocalSides } from './local-address.js'
import type { StreamEvents, StreamNeeds } from './stream-socket.js'
import { connectTcp, listenTcp, type StreamListener } from './tcp.js'
import { type DatagramSocket, type OpenDatagramSocket, openUdpSocket } from './udp-socket.js'
import { createUnreachableProbe } from './unreachable-probe.js'

/** Everything SIP comes and goes over. Nothing it tells comes from inside a call of its functions. */
export interface Transports {
  /** In the order of the configuration. */
  readonly listening: readonly Listening[]
  /** Stream connections open or opening. */
  readonly connections: number
  /** True where requests can be sent by that protocol, over that address family. */
  offers(protocol: Protocol, address: string): boolean
  /** Our side towards a remote; null where the protocol is not offered. */
  hopTo(protocol: Protocol, remote: Endpoint): Hop | null
  /** The flow to a next hop: the connection that is there, else a new one (what is sent meanwhile waits). Null: there can be none. */
  flowTo(hop: Hop): Flow | null
  /** True for UDP, and for a stream that is established. */
  isOpen(flow: Flow): boolean
  /** False where the flow is gone. */
  send(bytes: Buffer, flow: Flow): boolean
  /** Asks whether a silent UDP peer's port is closed; the answer comes as `onUnreachable`. */
  suspect(remote: Endpoint): void
  close(): Promise<void>
}

export interface TransportEvents extends StreamEvents {
  onUnreachable(remote: Endpoint, reason: string): void
}

export interface TransportsNeeds {
  readonly listen: readonly ListenAddress[]
  readonly advertise: string | null
  readonly clock: Clock
  readonly events: TransportEvents
  readonly limits: ConnectionLimits
  readonly onFault: (fault: unknown) => void
  readonly openDatagramSocket?: OpenDatagramSocket
}

interface Bound {
  readonly protocol: Protocol
  readonly address: Endpoint
  readonly datagrams: DatagramSocket | null
  close(): Promise<void>
}

const probeLimit = 64

/** Opens every listen address, or none: on a fault those already open are closed. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function openTransports(needs: TransportsNeeds): Promise<Transports> {
  const { clock, events, limits, onFault } = needs
  const addresses = createLocalAddresses(needs.advertise)
  const table = createConnectionTable({ clock, limits, onFault })
  const streams: StreamNeeds = { table, limits, clock, events }
  const probe = createUnreachableProbe({ clock, limit: probeLimit, onUnreachable: events.onUnreachable })
  const bound = await openAll()

  async function openAll(): Promise<readonly Bound[]> {
    const opened: Bound[] = []
    try {
      for (const listen of needs.listen) opened.push(listen.protocol === 'udp' ? await openUdp(listen) : await openStream(listen))
      return opened
    } catch (fault) {
      table.close()
      await Promise.all(opened.map((one) => one.close()))
      throw fault
    }
  }

  async function openUdp(listen: ListenAddress): Promise<Bound> {
    const datagrams = await (needs.openDatagramSocket ?? openUdpSocket)(listen, {
      onDatagram: (bytes, remote, socket) => events.onMessage(bytes, udpFlow(remote, addresses.sidesFor(socket.bound, remote.address))),
      onUnsent: events.onUnreachable,
    })
    return { protocol: 'udp', address: datagrams.bound, datagrams, close: () => datagrams.close() }
  }

  async function openStream(listen: ListenAddress): Promise<Bound> {
    const listener: StreamListener = await listenTcp(listen, { ...streams, addresses })
    return { protocol: listen.protocol, address: listener.bound, datagrams: null, close: () => listener.close() }
  }

  function hopTo(protocol: Protocol, remote: Endpoint): Hop | null {
    const from = boundFor(bound, protocol, remote.address)
    return from && { protocol, remote, ...addresses.sidesFor(from.address, remote.address) }
  }

  function flowTo(hop: Hop): Flow | null {
    if (hop.flow) return hop.flow
    if (hop.protocol === 'udp') return udpFlow(hop.remote, hop)
    const connection = table.to(hop.protocol, hop.remote) ?? connectTcp(hop, streams)
    return connection?.flow ?? null
  }

  function send(bytes: Buffer, flow: Flow): boolean {
    const connection = flow.connection === null ? undefined : table.byId(flow.connection)
    if (connection) connection.wire.write(bytes)
    const socket = flow.connection === null ? datagramSocket(bound, flow.local) : null
    socket?.send(bytes, flow.remote)
    return Boolean(connection ?? socket)
  }

  return {
    listening: bound.map(({ protocol, address }) => ({ protocol, ...addresses.sidesFor(address, '') })),
    get connections() {
      return table.size
    },
    offers: (protocol, address) => boundFor(bound, protocol, address) !== null,
    hopTo,
    flowTo,
    isOpen: ({ connection }) => connection === null || table.byId(connection)?.isOpen === true,
    send,
    suspect: (remote) => probe.ask(remote),
    async close() {
      probe.close()
      table.close()
      await Promise.all(bound.map((one) => one.close()))
    },
  }
}

function udpFlow(remote: Endpoint, { local, advertised }: LocalSides): Flow {
  return { protocol: 'udp', remote, local, advertised, connection: null }
}

/** The listen address a remote is best spoken to from: loopback with loopback, outside with outside, else any of the family. */
function boundFor(bound: readonly Bound[], protocol: Protocol, remoteAddress: string): Bound | null {
  const fitting = bound.filter((one) => one.protocol === protocol && isIPv6(one.address.address) === isIPv6(remoteAddress))
  const loopback = isLoopback(remoteAddress)
  return fitting.find(({ address: { address } }) => isWildcard(address) || isLoopback(address) === loopback) ?? fitting[0] ?? null
}

function datagramSocket(bound: readonly Bound[], local: Endpoint): DatagramSocket | null {
  for (const { datagrams, address } of bound) {
    if (!datagrams || address.port !== local.port || isIPv6(address.address) !== isIPv6(local.address)) continue
    if (address.address === local.address || isWildcard(address.address)) return datagrams
  }
  return null
}
