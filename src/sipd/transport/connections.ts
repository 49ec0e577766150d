import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Protocol } from '../../base/listen-address.js'
import { type Endpoint, endpointText, type Flow } from './flow.js'

/** The socket of a connection: TCP, TLS or WebSocket. */
export interface Wire {
  write(bytes: Buffer): void
  /** Bytes of an incomplete message. */
  readonly waiting: number
  destroy(): void
  /** Closes the connection by the rules of its protocol, once everything has been sent. */
  close(): void
  /** Whether the peer has presented a valid certificate for this host (RFC 5922 §7.2). */
  certifies(host: string): boolean
}

export interface Connection {
  readonly flow: Flow
  readonly wire: Wire
  isOpen: boolean
  receivedAt: Milliseconds
  /** When the incomplete message began; null between messages. */
  partialSince: Milliseconds | null
  /** The host for which the certificate was checked when we opened the connection; null if we did not open it, or not over TLS. */
  readonly openedTo: string | null
  /** The address where the peer listens (RFC 5923); null if it has not announced one. */
  alias: Endpoint | null
}

export interface ConnectionLimits {
  /** Accepted and opened together. */
  readonly connections: number
  /** A connection that is idle for this long is closed. */
  readonly idleMs: Milliseconds
  /** A message must be complete within this time. */
  readonly messageMs: Milliseconds
  /** An outgoing connection must be open within this time. */
  readonly connectMs: Milliseconds
  /** Bytes that may wait in the socket for a peer that does not read. */
  readonly queuedBytes: number
  /** Bytes of all incomplete messages together. */
  readonly partialBytes: number
}

/** A phone that only registers, once an hour, stays reachable. */
export const connectionLimits: ConnectionLimits = {
  connections: 25_000,
  idleMs: 65 * 60_000,
  messageMs: 20_000,
  connectMs: 5_000,
  queuedBytes: 1024 * 1024,
  partialBytes: 64 * 1024 * 1024,
}

export interface ConnectionTable {
  /** Null if the table is full. */
  add(entry: NewConnection): Connection | null
  byId(id: number): Connection | undefined
  /**
   * The newest connection to this remote; else one whose peer has announced that it listens there. An alias, and a TLS connection that we have
   * opened to another host, needs a certificate for this host (RFC 5923 §8.2, §9.3).
   */
  to(protocol: Protocol, remote: Endpoint, host: string): Connection | undefined
  /** From now on this connection is also used for this port of its peer. */
  alias(connection: Connection, port: number): void
  /** Closes those of these connections over which nothing has arrived for two seconds. */
  closeIdle(isChosen: (flow: Flow) => boolean): void
  /** False if it was not in the table. */
  remove(connection: Connection): boolean
  readonly size: number
  close(): void
}

export interface ConnectionTableNeeds {
  readonly clock: Clock
  readonly limits: ConnectionLimits
  /** Whether the connection stays open when it is idle, because its phone is registered. */
  readonly mayIdle: (flow: Flow) => boolean
}

interface NewConnection {
  readonly flow: Omit<Flow, 'connection'>
  readonly wire: Wire
  readonly isOpen: boolean
  readonly openedTo?: string | null
}

const sweepMs = 1_000
/** Longer than a response or an ACK takes, so that no exchange of messages is interrupted. */
const quietMs: Milliseconds = 2_000

/** The stream connections of all protocols. Idle and slow ones are closed. */
export function createConnectionTable({ clock, limits, mayIdle }: ConnectionTableNeeds): ConnectionTable {
  const byId = new Map<number, Connection>()
  const byRemote = new Map<string, Connection>()
  const byAlias = new Map<string, Connection>()
  let lastId = 0

  function sweep(): void {
    const now = clock.now()
    const partial: Connection[] = []
    for (const connection of byId.values()) {
      const { receivedAt, partialSince, flow } = connection
      if (partialSince !== null && now - partialSince >= limits.messageMs) connection.wire.destroy()
      else if (now - receivedAt > limits.idleMs && !mayIdle(flow)) connection.wire.destroy()
      else if (partialSince !== null) partial.push(connection)
    }
    boundPartial(partial)
    sweeping = clock.after(sweepMs, sweep)
  }

  /** The slowest are closed first. */
  function boundPartial(partial: Connection[]): void {
    let bytes = partial.reduce((sum, { wire }) => sum + wire.waiting, 0)
    if (bytes <= limits.partialBytes) return
    partial.sort((one, other) => (one.partialSince ?? 0) - (other.partialSince ?? 0))
    for (const { wire } of partial) {
      if (bytes <= limits.partialBytes) return
      bytes -= wire.waiting
      wire.destroy()
    }
  }

  let sweeping = clock.after(sweepMs, sweep)

  return {
    add({ flow, wire, isOpen, openedTo = null }) {
      if (byId.size >= limits.connections) return null
      lastId += 1
      const connection: Connection = {
        flow: { ...flow, connection: lastId },
        wire,
        isOpen,
        receivedAt: clock.now(),
        partialSince: null,
        openedTo,
        alias: null,
      }
      byId.set(lastId, connection)
      byRemote.set(keyOf(flow.protocol, flow.remote), connection)
      return connection
    },
    byId: (id) => byId.get(id),
    to(protocol, remote, host) {
      const key = keyOf(protocol, remote)
      const direct = byRemote.get(key)
      if (direct && (direct.openedTo === null || direct.openedTo === host || direct.wire.certifies(host))) return direct
      const alias = byAlias.get(key)
      return alias?.wire.certifies(host) ? alias : undefined
    },
    alias(connection, port) {
      if (connection.alias?.port === port) return
      removeFrom(byAlias, connection, connection.alias)
      connection.alias = { address: connection.flow.remote.address, port }
      byAlias.set(keyOf(connection.flow.protocol, connection.alias), connection)
    },
    closeIdle(isChosen) {
      const now = clock.now()
      for (const { flow, wire, receivedAt } of byId.values())
        if (now - receivedAt >= quietMs && wire.waiting === 0 && isChosen(flow)) wire.close()
    },
    remove(connection) {
      removeFrom(byRemote, connection, connection.flow.remote)
      removeFrom(byAlias, connection, connection.alias)
      return byId.delete(connection.flow.connection ?? 0)
    },
    get size() {
      return byId.size
    },
    close() {
      sweeping.cancel()
      for (const connection of byId.values()) connection.wire.destroy()
    },
  }
}

function removeFrom(map: Map<string, Connection>, connection: Connection, place: Endpoint | null): void {
  const key = place && keyOf(connection.flow.protocol, place)
  if (key !== null && map.get(key) === connection) map.delete(key)
}

function keyOf(protocol: Protocol, remote: Endpoint): string {
  return `${protocol}:${endpointText(remote)}`
}
