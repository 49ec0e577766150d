import type { Redis } from 'ioredis'
import { type Keys, replicatedPrefixes } from './keys.js'

const channel = '__redis__:invalidate'

/**
 * Redis's client-side caching (CLIENT TRACKING, broadcasting): Redis names every key of the network that changes,
 * whoever changes it. `listener` is a connection of its own that hears the names.
 */
export interface Tracking {
  /** To be called whenever either connection is new. @throws when the two reach different servers */
  arm(): Promise<void>
  /** False when Redis would not tell us any more. */
  holds(): Promise<boolean>
}

export interface TrackingNeeds {
  readonly main: Redis
  readonly listener: Redis
  readonly keys: Keys
  readonly onChanged: (fullKeys: readonly string[]) => void
  /** FLUSHALL or FLUSHDB. */
  readonly onFlushed: () => void
}

export function createTracking({ main, listener, keys, onChanged, onFlushed }: TrackingNeeds): Tracking {
  listener.on('messageBuffer', (name: Buffer, names: readonly Buffer[] | null) => {
    if (name.toString() !== channel) return
    if (names === null) onFlushed()
    else onChanged(names.map(String))
  })

  return {
    async arm() {
      if (!subscribed(listener)) {
        // During a failover one of the two may still reach the old server, where nothing changes any more.
        if ((await runId(main)) !== (await runId(listener))) throw new Error('the two connections reached different Redis servers')
        listenerIds.set(listener, String(await listener.call('CLIENT', 'ID')))
        await listener.subscribe(channel)
      }
      const prefixes = replicatedPrefixes.flatMap((prefix) => ['PREFIX', keys.full(prefix)])
      await main.call('CLIENT', 'TRACKING', 'OFF')
      await main.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', listenerIds.get(listener) ?? '', 'BCAST', ...prefixes)
    },
    async holds() {
      const [info] = await Promise.all([main.call('CLIENT', 'TRACKINGINFO'), listener.ping()])
      const text = JSON.stringify(info)
      return text.includes('"bcast"') && !text.includes('broken_redirect')
    },
  }
}

const listenerIds = new WeakMap<Redis, string>()

function subscribed(connection: Redis): boolean {
  return connection.mode === 'subscriber'
}

async function runId(connection: Redis): Promise<string> {
  return /^run_id:(\S+)/m.exec(await connection.info('server'))?.[1] ?? ''
}
