import type { Redis } from 'ioredis'
import { type Keys, mailPrefix, replicatedPrefixes } from '../keys.js'

const channel = '__redis__:invalidate'

/** What Redis reports. */
export type ChangeNotice =
  | { readonly kind: 'changed'; readonly fullKeys: readonly string[] }
  /** One of our functions has written these fields, by key without the network's prefix. The change of the keys is reported next. */
  | { readonly kind: 'written'; readonly fields: readonly (readonly [key: string, field: string])[] }

/**
 * Redis's client-side caching (CLIENT TRACKING with BCAST): Redis names every key of the network that any client changes. `listener` is a
 * separate connection that receives the names.
 */
export interface Tracking {
  /** To be called when either connection is new. Both must have reached the same server. */
  arm(): Promise<void>
  /** False if Redis no longer reports changes. */
  isActive(): Promise<boolean>
}

export interface TrackingNeeds {
  readonly main: Redis
  readonly listener: Redis
  readonly keys: Keys
  readonly onChanged: (news: ChangeNotice) => void
  /** FLUSHALL or FLUSHDB. */
  readonly onFlushed: () => void
}

export function createTracking({ main, listener, keys, onChanged, onFlushed }: TrackingNeeds): Tracking {
  const writtenChannel = keys.full('written')

  listener.on('messageBuffer', (name: Buffer, message: Buffer | readonly Buffer[] | null) => {
    if (name.toString() === writtenChannel) onChanged({ kind: 'written', fields: pairsIn(String(message)) })
    else if (message === null) onFlushed()
    else if (Array.isArray(message)) onChanged({ kind: 'changed', fullKeys: message.map(String) })
  })

  return {
    async arm() {
      if (!subscribed(listener)) {
        listenerIds.set(listener, String(await listener.call('CLIENT', 'ID')))
        await listener.subscribe(channel, writtenChannel)
      }
      const prefixes = [...replicatedPrefixes, mailPrefix].flatMap((prefix) => ['PREFIX', keys.full(prefix)])
      await main.call('CLIENT', 'TRACKING', 'OFF')
      await main.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', listenerIds.get(listener) ?? '', 'BCAST', ...prefixes)
    },
    async isActive() {
      const [info] = await Promise.all([main.call('CLIENT', 'TRACKINGINFO'), listener.ping()])
      const text = JSON.stringify(info)
      return text.includes('"bcast"') && !text.includes('broken_redirect')
    },
  }
}

/** `devices HD0001 users 100` */
function pairsIn(text: string): readonly (readonly [string, string])[] {
  const words = text.split(' ')
  return words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? ''] as const] : []))
}

const listenerIds = new WeakMap<Redis, string>()

function subscribed(connection: Redis): boolean {
  return connection.mode === 'subscriber'
}
