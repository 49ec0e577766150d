import { every } from '../base/clock.js'
import { createCommands } from './commands.js'
import { newConnection, type ReachablePlace, redisCliFor } from './connection.js'
import type { Store, StoreNeeds } from './contract.js'
import { startRedisServer } from './embedded/redis-server.js'
import { ensureLibrary } from './functions.js'
import { createKeys } from './keys.js'
import { createLink } from './link.js'
import { createReader } from './reader.js'
import { createReplica } from './replica.js'
import { keepSavedCopy } from './saved-copy.js'
import { createTracking } from './tracking.js'

export type * from './contract.js'
export { embeddedSocket } from './embedded/data-directory.js'

/**
 * Opens the network's Redis, starting one of our own for `embedded`. A Redis that does not answer does not keep the node from
 * starting: the store comes back `lost`, filled from the saved copy, and goes on trying.
 * @throws AppError REDIS_SERVER_MISSING, DATA_IN_USE (embedded); STORE_NEWER, STORE_TOO_OLD (Redis answered and must not be used)
 */
export async function createStore(needs: StoreNeeds): Promise<Store> {
  const { redis, data, clock, log } = needs
  if (redis.kind !== 'embedded') return openStore(needs, redis)
  const server = await startRedisServer({ data, clock, log })
  try {
    const store = await openStore(needs, { kind: 'socket', path: server.socket })
    return {
      ...store,
      get state() {
        return store.state
      },
      async close() {
        await store.close()
        await server.close()
      },
    }
  } catch (fault) {
    await server.close()
    throw fault
  }
}

async function openStore(needs: StoreNeeds, place: ReachablePlace): Promise<Store> {
  const { network, data, functions: library, clock, log, metrics } = needs
  const keys = createKeys(network)
  const replica = createReplica({ clock, onFault: (err) => log.error({ event: 'node.fault', err }, 'a listener of the copy failed') })
  const main = newConnection(place, keys.tag)
  const listener = newConnection(place, keys.tag)
  const cli = redisCliFor(place)
  const reader = createReader({ redis: main, keys, replica, clock, log, onFault: (fault) => link.renew(fault) })
  const tracking = createTracking({ main, listener, keys, onChanged: reader.changed, onFlushed: () => link.resync() })
  const loadLibrary = () => ensureLibrary({ redis: main, keys, library, log })
  const link = createLink({ main, listener, prepare, healthy: tracking.holds, place: cli, clock, log })
  const savedCopy = keepSavedCopy({ data, network, replica, isFresh: () => link.state === 'connected', clock, log })

  async function prepare(): Promise<void> {
    await loadLibrary()
    await tracking.arm()
    await reader.snapshot()
  }

  link.onState((state) => {
    replica.mark(state === 'connected' ? 'fresh' : 'stale')
    metrics.storeUp.set(state === 'connected' ? 1 : 0)
  })
  const ageWatch = every(
    clock,
    1_000,
    () => metrics.storeCopyAgeSeconds.set(replica.ageMs() / 1_000),
    () => undefined,
  )

  async function close(): Promise<void> {
    ageWatch.cancel()
    await savedCopy.close()
    reader.close()
    await link.close()
  }

  try {
    const reached = await withinStart(link.open(), needs)
    if (!reached) await savedCopy.restore()
  } catch (fault) {
    await close()
    throw fault
  }

  return {
    network,
    get state() {
      return link.state
    },
    replica,
    cli,
    onState: link.onState,
    ...createCommands({ redis: main, keys, isConnected: () => link.state === 'connected', reloadLibrary: loadLibrary, clock, metrics }),
    close,
  }
}

function withinStart(opening: Promise<void>, { clock, startWithinMs = 3_000 }: StoreNeeds): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const alarm = clock.after(startWithinMs, () => resolve(false))
    opening.then(() => resolve(true), reject).finally(() => alarm.cancel())
  })
}
