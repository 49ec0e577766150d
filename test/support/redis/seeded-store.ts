import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory } from '../../../src/directory/directory.js'
import type { Store } from '../../../src/store/store.js'
import { HD0001, password, seal } from '../sip/registrar-bench.js'
import { startTestRedis, type TestRedis } from './redis.js'
import { keyOf, openTestStore } from './redis-store.js'

/** Adds phones with `password` to Redis and waits until the store's copy has them. */
export async function seedDevices(store: Store, ids: readonly DeviceId[] = [HD0001]): Promise<void> {
  const directory = createDirectory({ store, seal, log: silentLogger() })
  const edit = { site: 'paris', hotdesk: true, location: 'desk by the window', password: new Secret(password) }
  const changes = ids.map((id) => {
    const prepared = directory.prepareDevice(id, edit)
    if (prepared.outcome === 'REFUSED' || !prepared.change) throw new Error(`cannot add ${id}: ${JSON.stringify(prepared)}`)
    return prepared.change
  })
  await directory.apply(changes)
  for (const id of ids) await keyOf(store, `device:${id}`, (record) => record !== undefined)
  directory.close()
}

/** A Redis of its own with these phones. */
export async function openSeededStore(ids: readonly DeviceId[] = [HD0001]): Promise<{ readonly store: Store; close(): Promise<void> }> {
  const redis = await startTestRedis()
  const store = await openTestStore(redis)
  await seedDevices(store, ids)
  return {
    store,
    async close() {
      await store.close()
      await redis.close()
    },
  }
}

/** One Redis for the tests of a file. Each test starts with HD0001 alone and a new store. */
export interface SeededStore {
  readonly redis: TestRedis
  readonly store: Store
}

export function useSeededStore(): SeededStore {
  let redis: TestRedis
  let store: Store

  beforeAll(async () => {
    redis = await startTestRedis()
  })

  afterAll(() => redis.close())

  beforeEach(async () => {
    await redis.empty()
    store = await openTestStore(redis)
    await seedDevices(store)
    return () => store.close()
  })

  return {
    get redis() {
      return redis
    },
    get store() {
      return store
    },
  }
}
