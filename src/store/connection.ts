import { Redis, type RedisOptions } from 'ioredis'
import type { RedisPlace } from '../config.js'

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
  // After a failover the old primary answers READONLY until the connection is made anew.
  reconnectOnError: (fault: Error) => fault.message.startsWith('READONLY'),
} satisfies RedisOptions

/** A connection that has not been opened yet; it connects again by itself, with growing pauses. */
export function newConnection(place: ReachablePlace): Redis {
  switch (place.kind) {
    case 'socket':
      return new Redis({ ...options, path: place.path })
    case 'sentinel':
      return new Redis({
        ...options,
        name: place.name,
        sentinels: place.sentinels.map(({ host, port }) => ({ host, port })),
        sentinelCommandTimeout: answerWithinMs,
        sentinelRetryStrategy: options.retryStrategy,
        failoverDetector: true,
      })
    case 'url': {
      const url = new URL(place.url.reveal())
      return url.protocol === 'unix:' ? new Redis({ ...options, path: url.pathname }) : new Redis(url.href, options)
    }
  }
}

/** How a person reaches it, without the password. */
export function redisCliFor(place: ReachablePlace): string {
  switch (place.kind) {
    case 'socket':
      return `redis-cli -s ${place.path}`
    case 'sentinel':
      return `redis-cli -h <primary of ${place.name}>`
    case 'url': {
      const url = new URL(place.url.reveal())
      if (url.protocol === 'unix:') return `redis-cli -s ${url.pathname}`
      const tls = url.protocol === 'rediss:' ? ' --tls' : ''
      return `redis-cli -h ${url.hostname} -p ${url.port || '6379'}${tls}`
    }
  }
}
