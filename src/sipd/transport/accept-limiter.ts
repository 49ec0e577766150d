import type { Server, Socket } from 'node:net'
import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { type Endpoint, endpointText, sourceOf } from './flow.js'

/**
 * The progress of an accepted connection.
 * - `arrived`: waits for its TLS handshake, WebSocket request or first SIP message.
 * - `spoke`: a SIP message has arrived, or it is a WebSocket.
 * - `emergency call`: an emergency call is in progress. The connection is not closed before the call ends.
 * - `proven`: its peer is a known source.
 */
type Progress = 'arrived' | 'spoke' | 'emergency call' | 'proven'

/** Limits accepted connections of unknown peers: their number, and how long they may be idle. */
export interface AcceptLimiter {
  /** Watches all sockets that the server accepts from now on. */
  watch(server: Server): void
  /** The TLS handshake is done, and the time for the first message starts. */
  handshakeDone(remote: Endpoint, localPort: number): void
  /** A SIP message or an emergency call has arrived, or the peer has become known. Only `emergencyCallEnded` goes back. */
  advance(remote: Endpoint, localPort: number, progress: Exclude<Progress, 'arrived'>): void
  /** The emergency call was refused, so the connection is in `spoke` again. */
  emergencyCallEnded(remote: Endpoint, localPort: number): void
  readonly unproven: number
  close(): void
}

export interface AcceptLimits {
  /** Accepted sockets in total. */
  readonly connections: number
  /** Unproven connections of one address. */
  readonly unprovenBySource: number
  /** From the accepted socket, and again from the TLS handshake, to the first SIP message. */
  readonly firstMessageMs: Milliseconds
  /** Idle time of unproven connections. */
  readonly unprovenIdleMs: Milliseconds
}

/** Sufficient for an office of 1,000 phones behind one address that start at the same time. */
export const acceptLimits: Omit<AcceptLimits, 'connections'> = {
  unprovenBySource: 1_000,
  firstMessageMs: 10_000,
  unprovenIdleMs: 120_000,
}

export interface AcceptLimiterNeeds {
  readonly clock: Clock
  readonly limits: AcceptLimits
  /** A socket was closed because of a limit. */
  readonly onRefused: () => void
}

interface AcceptedConnection {
  readonly socket: Socket
  readonly source: string
  progress: Progress
  at: Milliseconds
}

const sweepMs = 1_000
/** Share of unproven connections. */
const unprovenShare = 0.5

export function createAcceptLimiter({ clock, limits, onRefused }: AcceptLimiterNeeds): AcceptLimiter {
  const accepted = new Map<string, AcceptedConnection>()
  /** In the order of arrival. */
  const unproven = new Set<AcceptedConnection>()
  const bySource = new Map<string, Set<AcceptedConnection>>()
  const maxUnproven = Math.ceil(limits.connections * unprovenShare)
  const maxBySource = Math.min(limits.unprovenBySource, Math.ceil(maxUnproven / 4))
  let sweeping: Alarm = clock.after(sweepMs, sweep)

  function sweep(): void {
    const now = clock.now()
    for (const connection of unproven) {
      const patience = connection.progress === 'arrived' ? limits.firstMessageMs : limits.unprovenIdleMs
      if (now - connection.at >= patience) connection.socket.destroy()
    }
    sweeping = clock.after(sweepMs, sweep)
  }

  function accept(socket: Socket): void {
    const { remoteAddress, remotePort, localPort } = socket
    if (remoteAddress === undefined || remotePort === undefined) return
    const key = keyOf({ address: remoteAddress, port: remotePort }, localPort ?? 0)
    const source = sourceOf(remoteAddress)
    makeRoom(source)
    if (accepted.size >= limits.connections) {
      refuse(socket)
      return
    }
    const guest: AcceptedConnection = { socket, source, progress: 'arrived', at: clock.now() }
    accepted.set(key, guest)
    addUnproven(guest)
    socket.once('close', () => {
      accepted.delete(key)
      release(guest)
    })
  }

  /** A new connection may be a phone, so the oldest unproven one is closed for it: of the same source if that has too many. */
  function makeRoom(source: string): void {
    const own = bySource.get(source)
    if (own && own.size >= maxBySource) evict(own)
    else if (unproven.size >= maxUnproven || accepted.size >= limits.connections) evict(unproven)
  }

  function evict(from: ReadonlySet<AcceptedConnection>): void {
    const [oldest] = from
    if (!oldest) return
    release(oldest)
    refuse(oldest.socket)
  }

  function refuse(socket: Socket): void {
    socket.destroy()
    onRefused()
  }

  function addUnproven(guest: AcceptedConnection): void {
    unproven.add(guest)
    bySource.set(guest.source, (bySource.get(guest.source) ?? new Set()).add(guest))
  }

  function release(guest: AcceptedConnection): void {
    unproven.delete(guest)
    const own = bySource.get(guest.source)
    if (own?.delete(guest) && own.size === 0) bySource.delete(guest.source)
  }

  return {
    watch: (server) => void server.on('connection', accept),
    handshakeDone(remote, localPort) {
      const guest = accepted.get(keyOf(remote, localPort))
      if (guest?.progress === 'arrived') guest.at = clock.now()
    },
    advance(remote, localPort, progress) {
      const guest = accepted.get(keyOf(remote, localPort))
      if (!guest || guest.progress === 'proven' || (guest.progress === 'emergency call' && progress === 'spoke')) return
      guest.progress = progress
      guest.at = clock.now()
      if (progress !== 'spoke') release(guest)
    },
    emergencyCallEnded(remote, localPort) {
      const guest = accepted.get(keyOf(remote, localPort))
      if (guest?.progress !== 'emergency call') return
      guest.progress = 'spoke'
      guest.at = clock.now()
      addUnproven(guest)
    },
    get unproven() {
      return unproven.size
    },
    close() {
      sweeping.cancel()
      for (const { socket } of accepted.values()) socket.destroy()
    },
  }
}

function keyOf(remote: Endpoint, localPort: number): string {
  return `${endpointText(remote)} ${localPort}`
}
