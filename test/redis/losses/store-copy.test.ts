import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/library.js'
import type { Store } from '../../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

let redis: TestRedis
let store: Store

beforeAll(async () => {
  redis = await startTestRedis()
  await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice')
  store = await openTestStore(redis)
})

afterAll(async () => {
  await store.close()
  await redis.close()
})

describe('the copy in memory', () => {
  it('holds what was in Redis before the start', () => {
    expect(store.state).toBe('connected')
    expect(store.replica.hash('user:100')).toEqual(new Map([['name', 'Alice']]))
  })

  it('follows an HSET by hand within a second', async () => {
    const seen = keyOf(store, 'user:101', (hash) => hash?.get('name') === 'Bob', 1_000)
    await redis.cli('HSET', '{hd}:user:101', 'name', 'Bob')
    await seen
  })

  it('follows a RENAME by hand within a second, at both keys', async () => {
    const seen = Promise.all([
      keyOf(store, 'user:101', (hash) => !hash, 1_000),
      keyOf(store, 'user:102', (hash) => hash?.get('name') === 'Bob', 1_000),
    ])
    await redis.cli('RENAME', '{hd}:user:101', '{hd}:user:102')
    await seen
  })

  it('follows a DEL by hand within a second', async () => {
    const seen = keyOf(store, 'user:102', (hash) => !hash, 1_000)
    await redis.cli('DEL', '{hd}:user:102')
    await seen
  })

  it('drops a key that has expired', async () => {
    await store.putFields('node:paris-9', { site: 'paris' }, 1)
    await keyOf(store, 'node:paris-9', (hash) => hash !== undefined)
    await keyOf(store, 'node:paris-9', (hash) => !hash, 3_000)
  })

  it('drops in time a key that has expired unnoticed: among many, Redis finds it much later', async () => {
    await redis.cli('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
    await store.putFields('node:paris-9', { site: 'paris' }, 1)
    await keyOf(store, 'node:paris-9', (hash) => hash !== undefined)
    await keyOf(store, 'node:paris-9', (hash) => !hash, 3_000)
    await redis.cli('DEBUG', 'SET-ACTIVE-EXPIRE', '1')
  })

  it('drops everything when it is emptied on purpose', async () => {
    await redis.cli('HSET', '{hd}:user:103', 'name', 'Dan')
    await keyOf(store, 'user:103', (hash) => hash !== undefined)
    const seen = keyOf(store, 'user:103', (hash) => !hash)
    await redis.empty()
    await seen
  })

  it('ignores a key of the wrong type, and takes the right one that replaces it', async () => {
    await redis.cli('SET', '{hd}:user:104', 'oops')
    await redis.cli('HSET', '{hd}:user:105', 'name', 'Eve')
    await keyOf(store, 'user:105', (hash) => hash !== undefined)
    expect(store.replica.hash('user:104')).toBeUndefined()
    await redis.cli('DEL', '{hd}:user:104')
    const seen = keyOf(store, 'user:104', (hash) => hash?.get('name') === 'Finn')
    await redis.cli('HSET', '{hd}:user:104', 'name', 'Finn')
    await seen
  })

  it('does not see another network in the same Redis', async () => {
    await redis.cli('HSET', '{other}:user:106', 'name', 'Gil')
    const seen = keyOf(store, 'user:107', (hash) => hash !== undefined)
    await redis.cli('HSET', '{hd}:user:107', 'name', 'Hal')
    await seen
    expect(store.replica.hash('user:106')).toBeUndefined()
  })
})

describe('the function library', () => {
  it('is loaded, with its version', async () => {
    expect(await store.call('hotdesk_version')).toBe(String(hotdeskLibrary.version))
  })

  it('stops an older program from starting if Redis holds a newer one', async () => {
    const newer = hotdeskLibrary.code.replace(/^local VERSION = \d+$/m, `local VERSION = ${hotdeskLibrary.version + 1}`)
    await redis.cli('FUNCTION', 'LOAD', 'REPLACE', newer)
    await expect(openTestStore(redis, { data: `${redis.directory}/other` })).rejects.toMatchObject({ code: 'STORE_NEWER' })
  })

  it('replaces an older one if it may', async () => {
    await redis.cli('FUNCTION', 'LOAD', 'REPLACE', hotdeskLibrary.code.replace(/^local VERSION = \d+$/m, 'local VERSION = 0'))
    const second = await openTestStore(redis)
    expect(await second.call('hotdesk_version')).toBe(String(hotdeskLibrary.version))
    await second.close()
  })

  it('refuses missing arguments as a fault of the program', async () => {
    await expect(store.call('hotdesk_login', '100')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
  })
})

describe('a Redis that comes and goes', () => {
  it('is lost at once when it is killed, refuses at once, keeps the copy, and is found again with its changes', async () => {
    await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice')
    await keyOf(store, 'user:100', (hash) => hash !== undefined)
    const lost = stateOf(store, 'lost')
    await redis.kill()
    await lost
    await expect(store.call('hotdesk_where', '100')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    expect(store.replica.ageMs()).toBeGreaterThan(0)
    const back = stateOf(store, 'connected')
    await redis.start()
    await back
    expect(store.replica.ageMs()).toBe(0)
    expect(await store.call('hotdesk_version')).toBe(String(hotdeskLibrary.version))
    const seen = keyOf(store, 'user:108', (hash) => hash !== undefined)
    await redis.cli('HSET', '{hd}:user:108', 'name', 'Ida')
    await seen
  })

  it('that hangs is lost within seconds, and found again when it continues', async () => {
    const lost = stateOf(store, 'lost', 10_000)
    redis.signal('SIGSTOP')
    try {
      await lost
    } finally {
      redis.signal('SIGCONT')
    }
    await stateOf(store, 'connected')
  })

  it('is tracked again after its tracking connection is killed', async () => {
    const lost = stateOf(store, 'lost')
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await lost
    await stateOf(store, 'connected')
    const seen = keyOf(store, 'user:109', (hash) => hash !== undefined)
    await redis.cli('HSET', '{hd}:user:109', 'name', 'Jo')
    await seen
  })
})
