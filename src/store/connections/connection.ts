import type { ConnectionOptions } from 'node:tls'
import { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import type { HostPort, RedisAccess, RedisTarget } from '../../config/config.js'
import { type ClusterNeeds, type ConnectionSettings, createSlotMap } from './cluster.js'
import { type ConnectorNeeds, connectorTo } from './connector.js'
import { createSentinels, type Sentinels } from './sentinels.js'

/** A Redis that can be connected to. An embedded server is a socket. */
export type ReachableTarget = Exclude<RedisTarget, { kind: 'embedded' }> | { readonly kind: 'socket'; readonly path: string }

/** Without an answer within this time, Redis counts as lost: a caller is waiting. */
export const answerWithinMs = 1_000

/** Timeout of a sentinel. */
const sentinelWithinMs = 500

const options = {
  // Client-side caching needs the RESP2 form: ioredis 6 drops RESP3 invalidation pushes.
  protocol: 2,
  lazyConnect: true,
  // A command that cannot be sent now fails now; nothing waits for a Redis that may come back.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  commandTimeout: answerWithinMs,
  connectTimeout: 2_000,
  disableClientInfo: true,
  // Short pauses: after a failover the new primary is ready within moments.
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 4), 500) * (0.75 + Math.random() / 2),
  // After a failover the old primary replies READONLY until we reconnect; after a slot has moved, its previous owner replies MOVED.
  reconnectOnError: (fault: Error) => /^(READONLY|MOVED|ASK)\b/.test(fault.message),
} satisfies ConnectionSettings

/** The Redis of a network, and how to find its primary. */
export interface Destination {
  readonly target: ReachableTarget
  /** The network's hash tag. In a cluster, its slot determines the server. */
  readonly tag: string
  /** The sentinels that know the primary; null if there are none. */
  readonly sentinels: Sentinels | null
  close(): void
}

export function createDestination(target: ReachableTarget, tag: string, clock: Clock): Destination {
  const sentinels = target.kind === 'sentinel' ? sentinelsOf(target, clock) : null
  return { target, tag, sentinels, close: () => sentinels?.close() }
}

/** A connection that is not open yet. It reconnects by itself, with growing pauses. */
export function newConnection({ target, tag, sentinels }: Destination, changes: ConnectionSettings = {}): Redis {
  const common = { ...options, ...changes }
  switch (target.kind) {
    case 'socket':
      return new Redis({ ...common, path: target.path })
    case 'sentinel': {
      const find = (): Promise<HostPort> => sentinels?.primary() ?? Promise.reject(new Error('there are no sentinels'))
      return connectionWithLookup(common, target.access, { find, title: 'the primary that the sentinels name' })
    }
    case 'cluster': {
      const { owner } = createSlotMap(clusterNeeds(target, tag))
      return connectionWithLookup(common, target.access, { find: owner, title: 'the primary that owns the network' })
    }
    case 'url': {
      const url = new URL(target.url.reveal())
      if (url.protocol === 'unix:') return new Redis({ ...common, ...credentialsOf(target.access), path: url.pathname })
      const tls = url.protocol === 'rediss:' ? { tls: encryption(target.access) } : {}
      return new Redis(url.href, { ...common, ...credentialsOf(target.access), ...tls })
    }
  }
}

export function clusterNeeds({ servers, access }: Extract<ReachableTarget, { kind: 'cluster' }>, tag: string): ClusterNeeds {
  return { servers, tag, options: { ...options, ...credentialsOf(access) }, tls: encryptionOf(access) }
}

const lastServers = new WeakMap<Redis, HostPort>()

/** The server that this connection last connected to, by the name under which it was found. */
export function lastServerOf(connection: Redis): HostPort | null {
  return lastServers.get(connection) ?? null
}

/** A connection that looks up its server at each attempt. */
function connectionWithLookup(
  common: ConnectionSettings,
  access: RedisAccess | undefined,
  lookup: Pick<ConnectorNeeds, 'find' | 'title'>,
): Redis {
  const tls = encryptionOf(access)
  const onFound = (server: HostPort): void => void lastServers.set(redis, server)
  // With `tls` set beside the connector, ioredis waits for the handshake.
  const redis: Redis = new Redis({
    ...common,
    ...credentialsOf(access),
    ...(tls ? { tls } : {}),
    Connector: connectorTo({ ...lookup, tls, onFound }),
  })
  return redis
}

function sentinelsOf({ name, sentinels, access }: Extract<ReachableTarget, { kind: 'sentinel' }>, clock: Clock): Sentinels {
  const tls = encryptionOf(access)
  const settings: ConnectionSettings = {
    ...options,
    enableReadyCheck: false,
    commandTimeout: sentinelWithinMs,
    ...(access?.sentinelPassword ? { password: access.sentinelPassword.reveal() } : {}),
    ...(tls ? { tls } : {}),
  }
  return createSentinels({ addresses: sentinels, name, connect: (address) => new Redis({ ...settings, ...address }), clock })
}

function credentialsOf(access: RedisAccess | undefined): ConnectionSettings {
  return {
    ...(access?.username ? { username: access.username } : {}),
    ...(access?.password ? { password: access.password.reveal() } : {}),
  }
}

function encryptionOf(access: RedisAccess | undefined): ConnectionOptions | null {
  return access?.isEncrypted ? encryption(access) : null
}

function encryption(access: RedisAccess | undefined): ConnectionOptions {
  return access?.ca ? { ca: access.ca } : {}
}

/**
 * Names the connection for CLIENT LIST, and selects its database. By itself ioredis would continue with database 0 if Redis refuses the
 * configured one, and would write among another network's keys.
 * @throws if Redis does not have that database
 */
export async function nameAndSelect(connection: Redis): Promise<void> {
  const { db = 0 } = connection.options
  if (connection.mode === 'subscriber') return
  // The first reply of a connection may be a refusal, such as too many clients. ioredis's own option for the name would ignore it.
  connection.client('SETNAME', connectionName).catch(() => undefined)
  if (db !== 0) await connection.select(db)
}

const connectionName = 'hotdesk'

/** @throws unless all connections have reached the same server and it is a primary; then they reconnect */
export async function requireOnePrimary(connections: readonly Redis[]): Promise<void> {
  await Promise.all(connections.map(nameAndSelect))
  const servers = await Promise.all(connections.map(serverOf))
  const isOne = servers.every(({ name }) => name === servers[0]?.name)
  if (isOne && servers[0]?.role !== 'slave') return
  for (const connection of connections) connection.disconnect(true)
  // During a failover a connection may still reach the old server.
  throw new Error(isOne ? 'this server is a replica' : 'the connections have reached different servers')
}

interface Server {
  /** The run id, which changes with each start. */
  readonly name: string | undefined
  readonly role: string | undefined
}

const reached = new WeakMap<Redis, Server>()

/** A subscribed connection accepts no INFO; its server was read before it subscribed. */
async function serverOf(connection: Redis): Promise<Server> {
  const known = reached.get(connection)
  if (connection.mode === 'subscriber' && known) return known
  const info = await connection.info()
  const server = { name: /^run_id:(\S+)/m.exec(info)?.[1], role: /^role:(\S+)/m.exec(info)?.[1] }
  reached.set(connection, server)
  return server
}
