import type { ConnectionOptions } from 'node:tls'
import { Redis } from 'ioredis'
import type { RedisAccess, RedisPlace } from '../../config.js'
import { type ClusterNeeds, type ConnectionSettings, slotOwnerConnector } from './cluster.js'

/** A place that can be connected to: an embedded server has become a socket by now. */
export type ReachablePlace = Exclude<RedisPlace, { kind: 'embedded' }> | { readonly kind: 'socket'; readonly path: string }

/** No answer within this time counts as no Redis: a caller is waiting. */
export const answerWithinMs = 1_000

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
  connectionName: 'hotdesk',
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000) * (0.75 + Math.random() / 2),
  // After a failover the old primary answers READONLY until the connection is made anew; where a slot has moved, MOVED.
  reconnectOnError: (fault: Error) => /^(READONLY|MOVED|ASK)\b/.test(fault.message),
} satisfies ConnectionSettings

/**
 * A connection that has not been opened yet; it connects again by itself, with growing pauses.
 * @param tag the network's hash tag: where it lies in a cluster decides where the connection goes
 */
export function newConnection(place: ReachablePlace, tag: string, changes: ConnectionSettings = {}): Redis {
  const common = { ...options, ...changes }
  switch (place.kind) {
    case 'socket':
      return new Redis({ ...common, path: place.path })
    case 'sentinel':
      return new Redis({ ...common, ...sentinelOptions(place) })
    case 'cluster': {
      const tls = encryptionOf(place.access)
      // `tls` beside the connector tells ioredis when the connection is up.
      return new Redis({
        ...common,
        ...credentialsOf(place.access),
        ...(tls ? { tls } : {}),
        Connector: slotOwnerConnector(clusterNeeds(place, tag)),
      })
    }
    case 'url': {
      const url = new URL(place.url.reveal())
      if (url.protocol === 'unix:') return new Redis({ ...common, ...credentialsOf(place.access), path: url.pathname })
      const tls = url.protocol === 'rediss:' ? { tls: encryption(place.access) } : {}
      return new Redis(url.href, { ...common, ...credentialsOf(place.access), ...tls })
    }
  }
}

export function clusterNeeds({ servers, access }: Extract<ReachablePlace, { kind: 'cluster' }>, tag: string): ClusterNeeds {
  return { servers, tag, options: { ...options, ...credentialsOf(access) }, tls: encryptionOf(access) }
}

function sentinelOptions({ name, sentinels, access }: Extract<ReachablePlace, { kind: 'sentinel' }>): ConnectionSettings {
  const tls = encryptionOf(access)
  return {
    ...credentialsOf(access),
    name,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    sentinelCommandTimeout: answerWithinMs,
    sentinelRetryStrategy: options.retryStrategy,
    // Its detector would hang up once more for each sentinel that tells of a failover which has been followed already.
    failoverDetector: false,
    ...(access?.sentinelPassword ? { sentinelPassword: access.sentinelPassword.reveal() } : {}),
    ...(tls ? { tls, sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
  }
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

/** How a person reaches it, without the password. */
export function redisCliFor(place: ReachablePlace): string {
  switch (place.kind) {
    case 'socket':
      return `redis-cli -s ${place.path}`
    case 'sentinel':
      return `redis-cli -h <primary of ${place.name}>`
    case 'cluster':
      return `redis-cli -c -h ${place.servers[0]?.host} -p ${place.servers[0]?.port}${place.access?.isEncrypted ? ' --tls' : ''}`
    case 'url': {
      const url = new URL(place.url.reveal())
      if (url.protocol === 'unix:') return `redis-cli -s ${url.pathname}`
      const tls = url.protocol === 'rediss:' ? ' --tls' : ''
      return `redis-cli -h ${url.hostname} -p ${url.port || '6379'}${tls}`
    }
  }
}

/** @throws when not all have reached one server, and that a primary: they are made anew then */
export async function requireOnePrimary(connections: readonly Redis[]): Promise<void> {
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
