import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Protocol } from '../../base/listen-address.js'
import { type Endpoint, endpointText, type Flow } from './flow.js'

/** What a connection writes to: a TCP or TLS socket, a WebSocket. */
export interface Wire {
  write(bytes: Buffer): void
  /** A message has begun and not ended. */
  readonly isPartial: boolean
  destroy(): void
}

export interface Connection {
  readonly flow: Flow
  readonly wire: Wire
  isOpen: boolean
  heardAt: Milliseconds
}

export interface ConnectionLimits {
  /** Accepted and opened together. */
  readonly connections: number
  /** Silence in both directions after which a connection is closed. */
  readonly idleMs: Milliseconds
  /** A message that has begun must be complete within this time. */
  readonly messageMs: Milliseconds
  /** To the first open of an outgoing connection. */
  readonly connectMs: Milliseconds
  /** What may wait in the socket for a peer that does not read. */
  readonly queuedBytes: number
}

/** A phone that registers once an hour and says nothing else stays reachable. */
export const defaultConnectionLimits: ConnectionLimits = {
  connections: 25_000,
  idleMs: 65 * 60_000,
  messageMs: 20_000,
  connectMs: 5_000,
  queuedBytes: 1024 * 1024,
}

export interface ConnectionTable {
  /** Null where the table is full. */
  add(entry: { readonly flow: Omit<Flow, 'connection'>; readonly wire: Wire; readonly isOpen: boolean }): Connection | null
  byId(id: number): Connection | undefined
  /** The connection to that very remote: the newest, where there are several. */
  to(protocol: Protocol, remote: Endpoint): Connection | undefined
  /** Forgets it; true where it was there. */
  remove(connection: Connection): boolean
  readonly size: number
  close(): void
}

export interface ConnectionTableNeeds {
  readonly clock: Clock
  readonly limits: ConnectionLimits
}

const sweepMs = 5_000

/** All stream connections of all protocols; the quiet and the slow ones are swept away. */
export function createConnectionTable({ clock, limits }: ConnectionTableNeeds): ConnectionTable {
  const byId = new Map<number, Connection>()
  const byRemote = new Map<string, Connection>()
  const unfinished = new Map<Connection, Milliseconds>()
  let lastId = 0

  function sweep(): void {
    const now = clock.now()
    for (const connection of byId.values()) {
      if (now - connection.heardAt > limits.idleMs) connection.wire.destroy()
      else watchPartial(connection, now)
    }
    sweeping = clock.after(sweepMs, sweep)
  }

  function watchPartial(connection: Connection, now: Milliseconds): void {
    if (!connection.wire.isPartial) {
      unfinished.delete(connection)
      return
    }
    const since = unfinished.get(connection)
    if (since === undefined) unfinished.set(connection, now)
    else if (now - since >= limits.messageMs) connection.wire.destroy()
  }

  let sweeping = clock.after(sweepMs, sweep)

  return {
    add({ flow, wire, isOpen }) {
      if (byId.size >= limits.connections) return null
      lastId += 1
      const connection: Connection = { flow: { ...flow, connection: lastId }, wire, isOpen, heardAt: clock.now() }
      byId.set(lastId, connection)
      byRemote.set(keyOf(flow.protocol, flow.remote), connection)
      return connection
    },
    byId: (id) => byId.get(id),
    to: (protocol, remote) => byRemote.get(keyOf(protocol, remote)),
    remove(connection) {
      const key = keyOf(connection.flow.protocol, connection.flow.remote)
      if (byRemote.get(key) === connection) byRemote.delete(key)
      unfinished.delete(connection)
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

function keyOf(protocol: Protocol, remote: Endpoint): string {
  return `${protocol}:${endpointText(remote)}`
}
