import type { ConnectionOptions } from 'node:tls'
import { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import type { HostPort, RedisAccess, RedisTarget } from '../../config/config.js'
import { type ClusterNeeds, type ConnectionSettings, createSlotMap } from './cluster.js'
import { type ConnectorNeeds, connectorTo } from './connector.js'
import { createSentinels, type Sentinels } from './sentinels.js'

/** A place that can be connected to: an embedded server has become a socket by now. */
export type ReachableTarget = Exclude<RedisTarget, { kind: 'embedded' }> | { readonly kind: 'socket'; readonly path: string }

/** No answer within this time counts as no Redis: a caller is waiting. */
export const answerWithinMs = 1_000

/** The answer of a sentinel. */
const sentinelWithinMs = 500

const options = {
  // Client-side caching needs the RESP2 form: ioredis 6 drops RESP3 invalidation pushes.
  protocol: 2,
  lazyConnect: true,
  // A command that cannot be sent now fails now; nothing hangs on to a Redis that may come back.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  commandTimeout: answerWithinMs,
  connectTimeout: 2_000,
  disableClientInfo: true,
  // Short pauses: during a failover the next primary is there within moments.
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 4), 500) * (0.75 + Math.random() / 2),
  // After a failover the old primary answers READONLY until the connection is made anew; where a slot has moved, MOVED.
  reconnectOnError: (fault: Error) => /^(READONLY|MOVED|ASK)\b/.test(fault.message),
} satisfies ConnectionSettings

/** Where the connections of a network go. */
export interface Destination {
  readonly place: ReachableTarget
  /** The network's hash tag: where it lies in a cluster decides where the connections go. */
  readonly tag: string
  /** Those who say which server is the primary, where there are any. */
  readonly sentinels: Sentinels | null
  close(): void
}

export function createDestination(place: ReachableTarget, tag: string, clock: Clock): Destination {
  const sentinels = place.kind === 'sentinel' ? sentinelsOf(place, clock) : null
  return { place, tag, sentinels, close: () => sentinels?.close() }
}

/** A connection that has not been opened yet; it connects again by itself, with growing pauses. */
export function newConnection({ place, tag, sentinels }: Destination, changes: ConnectionSettings = {}): Redis {
  const common = { ...options, ...changes }
  switch (place.kind) {
    case 'socket':
      return new Redis({ ...common, path: place.path })
    case 'sentinel': {
      const find = (): Promise<HostPort> => sentinels?.primary() ?? Promise.reject(new Error('there are no sentinels'))
      return aimed(common, place.access, { find, title: 'the primary that the sentinels name' })
    }
    case 'cluster': {
      const { owner } = createSlotMap(clusterNeeds(place, tag))
      return aimed(common, place.access, { find: owner, title: 'the primary that owns the network' })
    }
    case 'url': {
      const url = new URL(place.url.reveal())
      if (url.protocol === 'unix:') return new Redis({ ...common, ...credentialsOf(place.access), path: url.pathname })
      const tls = url.protocol === 'rediss:' ? { tls: encryption(place.access) } : {}
      return new Redis(url.href, { ...common, ...credentialsOf(place.access), ...tls })
    }
  }
}

export function clusterNeeds({ servers, access }: Extract<ReachableTarget, { kind: 'cluster' }>, tag: string): ClusterNeeds {
  return { servers, tag, options: { ...options, ...credentialsOf(access) }, tls: encryptionOf(access) }
}

const aims = new WeakMap<Redis, HostPort>()

/** The server that a connection was last made to, under the name by which it was found. */
export function aimOf(connection: Redis): HostPort | null {
  return aims.get(connection) ?? null
}

/** A connection that looks up its server at each attempt. */
function aimed(common: ConnectionSettings, access: RedisAccess | undefined, way: Pick<ConnectorNeeds, 'find' | 'title'>): Redis {
  const tls = encryptionOf(access)
  const onAimed = (server: HostPort): void => void aims.set(redis, server)
  // `tls` beside the connector tells ioredis when the connection is up.
  const redis: Redis = new Redis({
    ...common,
    ...credentialsOf(access),
    ...(tls ? { tls } : {}),
    Connector: connectorTo({ ...way, tls, onAimed }),
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
 * Names the connection for CLIENT LIST, and selects its database: the client goes on with database 0 when Redis refuses the one that is
 * configured, and what is written there would be in another network's way.
 * @throws where Redis does not have that database
 */
export async function introduce(connection: Redis): Promise<void> {
  const { db = 0 } = connection.options
  if (connection.mode === 'subscriber') return
  // The first answer of a connection may be a refusal, such as too many clients. By the client's own setting this would be unheard.
  connection.client('SETNAME', connectionName).catch(() => undefined)
  if (db !== 0) await connection.select(db)
}

const connectionName = 'hotdesk'

/** @throws when not all have reached one server, and that a primary: they are made anew then */
export async function requireOnePrimary(connections: readonly Redis[]): Promise<void> {
  await Promise.all(connections.map(introduce))
  const servers = await Promise.all(connections.map(serverOf))
  const isOne = servers.every(({ name }) => name === servers[0]?.name)
  if (isOne && servers[0]?.role !== 'slave') return
  for (const connection of connections) connection.disconnect(true)
  // During a failover a connection may still reach the old server, where nothing changes any more.
  throw new Error(isOne ? 'this server is a replica' : 'the connections have reached different servers')
}

interface Server {
  /** It gives itself a new one at each start. */
  readonly name: string | undefined
  readonly role: string | undefined
}

const reached = new WeakMap<Redis, Server>()

/** A connection that has subscribed cannot be asked any more; it was asked before. */
async function serverOf(connection: Redis): Promise<Server> {
  const known = reached.get(connection)
  if (connection.mode === 'subscriber' && known) return known
  const info = await connection.info()
  const server = { name: /^run_id:(\S+)/m.exec(info)?.[1], role: /^role:(\S+)/m.exec(info)?.[1] }
  reached.set(connection, server)
  return server
}
