import type { Clock } from '../../base/clock.js'
import { isLoopback, isWildcard } from '../../base/ip-address.js'
import type { ListenAddress, Protocol } from '../../base/listen-address.js'
import { type AcceptLimiter, type AcceptLimits, createAcceptLimiter } from './accept-limiter.js'
import { type ConnectionLimits, type ConnectionTable, createConnectionTable } from './connections.js'
import type { Endpoint, Flow, Hop, Listening } from './flow.js'
import { dial, type Listener, type ListenerNeeds, openListener, udpFlow } from './listener.js'
import { createLocalAddresses, isSameFamily } from './local-address.js'
import type { StreamEvents } from './stream-socket.js'
import { createTlsIdentities, type TlsIdentity } from './tls.js'
import { type DatagramSocket, type OpenDatagramSocket, openUdpSocket } from './udp-socket.js'

/** All transports of SIP. Events never occur inside a call of these functions. */
export interface Transports {
  /** In the order of the configuration. */
  readonly listening: readonly Listening[]
  /** Stream connections, open or opening. */
  readonly connections: number
  /** Whether requests can be sent over this protocol and address family. */
  offers(protocol: Protocol, address: string): boolean
  /** The hop to a remote; null if the protocol is not offered. `name`: host of the URI, for TLS. `from`: preferred socket. */
  hopTo(protocol: Protocol, remote: Endpoint, name?: string, from?: Endpoint | null): Hop | null
  /** The flow to a next hop: an existing connection, else a new one, on which messages wait until it is open. Null if neither is possible. */
  flowTo(hop: Hop): Flow | null
  /** True for UDP, and for an established stream. */
  isOpen(flow: Flow): boolean
  /** False if the flow is closed, or the message is too large for it. */
  send(bytes: Buffer, flow: Flow): boolean
  /** The peer of a TLS connection has announced that it listens on this port, and may be called on the connection (RFC 5923). */
  alias(flow: Flow, port: number): void
  /** A SIP message or an emergency call has arrived over the flow, or its peer has become known. No effect for UDP. */
  advance(flow: Flow, progress: Parameters<AcceptLimiter['advance']>[2]): void
  /** The emergency call over this flow was refused. */
  emergencyCallEnded(flow: Flow): void
  /** Closes a connection. No effect for UDP. */
  closeConnection(flow: Flow): void
  /** Closes those of these connections over which nothing has arrived for two seconds. */
  closeIdle(isChosen: (flow: Flow) => boolean): void
  /** Probes whether the port of a silent UDP peer is closed. If so, `onUnreachable` is called. */
  probe(flow: Flow): void
  /** Changes the certificate without a restart. @throws AppError CONFIG_INVALID */
  renewTls(identity: TlsIdentity): void
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
  readonly limits: ConnectionLimits & AcceptLimits
  /** Whether an idle connection stays open. */
  readonly mayIdle: (flow: Flow) => boolean
  readonly tls?: TlsIdentity | null
  /** Web pages that may connect by WebSocket; by default those of the host they connect to. */
  readonly origins?: readonly string[] | undefined
  readonly openDatagramSocket?: OpenDatagramSocket
  /** Called for every message that was handed to its socket. */
  readonly onSent?: (bytes: Buffer, flow: Flow) => void
}

/** Maximum payload of a UDP datagram over IPv4. */
const maxDatagramBytes = 65_507

/** Opens every listen address, or none. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function openTransports(needs: TransportsNeeds): Promise<Transports> {
  const { clock, events, limits, mayIdle } = needs
  const table = createConnectionTable({ clock, limits, mayIdle })
  const acceptLimiter = createAcceptLimiter({ clock, limits, onRefused: events.onRefused })
  const own: ListenerNeeds = {
    table,
    acceptLimiter,
    limits,
    clock,
    events,
    origins: needs.origins ?? [],
    addresses: createLocalAddresses(needs.advertise),
    identities: createTlsIdentities(needs.tls ?? null),
    openDatagramSocket: needs.openDatagramSocket ?? openUdpSocket,
    onUnreachable: events.onUnreachable,
  }
  const listeners = await openAll(needs.listen, own)
  return {
    listening: listeners.map(({ protocol, bound }) => ({ protocol, ...own.addresses.sidesFor(bound, '') })),
    get connections() {
      return table.size
    },
    offers: (protocol, address) => listenerFor(listeners, protocol, address) !== null,
    hopTo(protocol, remote, name, from) {
      const named = from && listenerAt(listeners, protocol, from)
      const chosen = named && reaches(named, remote.address) ? named : listenerFor(listeners, protocol, remote.address)
      return chosen && { protocol, remote, ...own.addresses.sidesFor(chosen.bound, remote.address), ...(name !== undefined && { name }) }
    },
    flowTo: (hop) => flowTo(hop, own),
    isOpen: ({ connection }) => connection === null || table.byId(connection)?.isOpen === true,
    send(bytes, flow) {
      const isSent = send(bytes, flow, listeners, table)
      if (isSent) needs.onSent?.(bytes, flow)
      return isSent
    },
    alias({ protocol, connection }, port) {
      const found = protocol === 'tls' && connection !== null && table.byId(connection)
      if (found) table.alias(found, port)
    },
    advance({ remote, local, connection }, progress) {
      if (connection !== null) acceptLimiter.advance(remote, local.port, progress)
    },
    emergencyCallEnded({ remote, local, connection }) {
      if (connection !== null) acceptLimiter.emergencyCallEnded(remote, local.port)
    },
    closeConnection({ connection }) {
      if (connection !== null) table.byId(connection)?.wire.destroy()
    },
    closeIdle: table.closeIdle,
    probe: ({ local, remote }) => datagramSocket(listeners, local)?.probe(remote),
    renewTls: (identity) => own.identities.renew(identity),
    async close() {
      acceptLimiter.close()
      table.close()
      await Promise.all(listeners.map((listener) => listener.close()))
    },
  }
}

async function openAll(listen: readonly ListenAddress[], needs: ListenerNeeds): Promise<readonly Listener[]> {
  const opened: Listener[] = []
  try {
    for (const address of listen) opened.push(await openListener(address, needs))
    return opened
  } catch (fault) {
    needs.acceptLimiter.close()
    needs.table.close()
    await Promise.all(opened.map((listener) => listener.close()))
    throw fault
  }
}

function flowTo(hop: Hop, needs: ListenerNeeds): Flow | null {
  if (hop.flow) return hop.flow
  if (hop.protocol === 'udp') return udpFlow(hop.remote, hop)
  const connection = needs.table.to(hop.protocol, hop.remote, hop.name ?? hop.remote.address) ?? dial(hop, needs)
  return connection?.flow ?? null
}

function send(bytes: Buffer, flow: Flow, listeners: readonly Listener[], table: ConnectionTable): boolean {
  if (flow.connection !== null) {
    const connection = table.byId(flow.connection)
    connection?.wire.write(bytes)
    return connection !== undefined
  }
  // A Via may contain port 0, for which Node throws.
  const fits = bytes.length <= maxDatagramBytes && flow.remote.port > 0
  const socket = fits ? datagramSocket(listeners, flow.local) : null
  socket?.send(bytes, flow.remote)
  return socket !== null
}

/** The best listener for a remote: loopback for loopback, others for others, else any of the address family. */
function listenerFor(listeners: readonly Listener[], protocol: Protocol, remoteAddress: string): Listener | null {
  let best: Listener | null = null
  for (const listener of listeners) {
    if (listener.protocol !== protocol || !isSameFamily(listener.bound.address, remoteAddress)) continue
    if (reaches(listener, remoteAddress)) return listener
    best ??= listener
  }
  return best
}

function reaches({ bound }: Listener, remoteAddress: string): boolean {
  if (!isSameFamily(bound.address, remoteAddress)) return false
  return isWildcard(bound.address) || isLoopback(bound.address) === isLoopback(remoteAddress)
}

function datagramSocket(listeners: readonly Listener[], local: Endpoint): DatagramSocket | null {
  return listenerAt(listeners, 'udp', local)?.datagrams ?? null
}

/** The listener with this local address. One that is bound to all addresses has it too. */
function listenerAt(listeners: readonly Listener[], protocol: Protocol, local: Endpoint): Listener | null {
  for (const listener of listeners) {
    const { bound } = listener
    if (listener.protocol !== protocol || bound.port !== local.port || !isSameFamily(bound.address, local.address)) continue
    if (bound.address === local.address || isWildcard(bound.address)) return listener
  }
  return null
}
