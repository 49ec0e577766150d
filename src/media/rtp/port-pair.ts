import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { machineAddresses } from '../../base/host/machine-address.js'
import type { Address } from './address.js'
import type { PortPool } from './port-pool.js'

/** Two bound sockets: RTP on `port`, RTCP on the next port. */
export interface PortPair {
  readonly port: number
  sendRtp(packet: Uint8Array, to: Address): void
  sendRtcp(packet: Uint8Array, to: Address): void
  onRtp(hear: (packet: Buffer, from: Address) => void): void
  onRtcp(hear: (packet: Buffer, from: Address) => void): void
  /** Resolves when both sockets are closed. The pool then lets the port rest. */
  close(): Promise<void>
}

/** Null if no pair of ports can be opened. Ports in use by another program are skipped; if the address itself cannot be bound, other ports are not tried. */
export async function openPortPair(address: string, pool: PortPool): Promise<PortPair | null> {
  const refused: number[] = []
  try {
    for (let port = pool.take(); port !== null; port = pool.take()) {
      const pair = await bindPair(localFor(address), port)
      if (typeof pair === 'object') return portPair(pair, port, pool)
      refused.push(port)
      if (pair === 'no-address') return null
    }
    return null
  } finally {
    for (const port of refused) pool.putAside(port)
  }
}

/** Behind NAT or in a container, the advertised address is not an address of this machine: the socket then listens on all of them. */
function localFor(address: string): string {
  // All of 127.0.0.0/8 belongs to the machine, though its interface has only 127.0.0.1.
  if (machineAddresses().has(address) || address.startsWith('127.')) return address
  return isIPv6(address) ? '::' : '0.0.0.0'
}

interface Bound {
  readonly rtp: Socket
  readonly rtcp: Socket
}

type Obstacle = 'port-in-use' | 'no-address'

async function bindPair(address: string, port: number): Promise<Bound | Obstacle> {
  const rtp = await bind(address, port)
  if (typeof rtp === 'string') return rtp
  const rtcp = await bind(address, port + 1)
  if (typeof rtcp !== 'string') return { rtp, rtcp }
  await closed(rtp)
  return rtcp
}

/** EACCES: a reserved port. */
const portFaults = new Set(['EADDRINUSE', 'EACCES'])

function bind(address: string, port: number): Promise<Socket | Obstacle> {
  // Addresses are never names here. The default lookup would cost a turn of the event loop for each packet.
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    // IPv4 phones use an IPv4 socket; here their addresses would appear as `::ffff:192.0.2.7`.
    ipv6Only: isIPv6(address),
    lookup: (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4),
  })
  return new Promise((resolve) => {
    socket.once('error', (fault: NodeJS.ErrnoException) => {
      socket.close()
      resolve(portFaults.has(fault.code ?? '') ? 'port-in-use' : 'no-address')
    })
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error')
      // A packet that cannot be sent counts as lost.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

function portPair({ rtp, rtcp }: Bound, port: number, pool: PortPool): PortPair {
  let closing: Promise<void> | null = null
  const send = (socket: Socket, packet: Uint8Array, to: Address): void => {
    if (!closing) socket.send(packet, to.port, to.address, () => undefined)
  }
  const hear = (socket: Socket, listener: (packet: Buffer, from: Address) => void): void => {
    socket.on('message', (packet: Buffer, from: RemoteInfo) => listener(packet, from))
  }
  return {
    port,
    sendRtp: (packet, to) => send(rtp, packet, to),
    sendRtcp: (packet, to) => send(rtcp, packet, to),
    onRtp: (listener) => hear(rtp, listener),
    onRtcp: (listener) => hear(rtcp, listener),
    close() {
      closing ??= Promise.all([closed(rtp), closed(rtcp)]).then(() => pool.giveBack(port))
      return closing
    },
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve())
  })
}
