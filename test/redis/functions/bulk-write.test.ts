import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RecordChange, Store } from '../../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { openTestStore } from '../../support/redis/redis-store.js'

let redis: TestRedis
let store: Store

beforeEach(async () => {
  redis = await startTestRedis()
  store = await openTestStore(redis)
})
afterEach(async () => {
  await store.close()
  await redis.close()
})

const people = (count: number): RecordChange[] =>
  Array.from({ length: count }, (_, index) => ({ key: `user:${1000 + index}`, fields: { name: `Person ${index}`, home: 'paris' } }))

const usersInRedis = async (): Promise<number> => (await redis.cli('KEYS', '{hd}:user:*')).split('\n').filter((key) => key !== '').length

describe('a bulk write of records', () => {
  it('sets fields, removes fields, and removes whole records', async () => {
    await store.putFields('user:100', { name: 'Alice', forwardBusy: '101' })
    await store.putFields('user:101', { name: 'Bob' })
    await store.writeAll([
      { key: 'user:100', fields: { name: 'Alicia', forwardBusy: null } },
      { key: 'user:101', fields: null },
      { key: 'device:HD0001', fields: { site: 'paris' } },
    ])
    expect(await redis.cli('HGETALL', '{hd}:user:100')).toBe('name\nAlicia')
    expect(await redis.cli('EXISTS', '{hd}:user:101', '{hd}:device:HD0001')).toBe('1')
  })

  it('reports its progress', async () => {
    const heard: number[] = []
    await store.writeAll(people(1_200), (count) => heard.push(count))
    expect(heard).toEqual([500, 1_000, 1_200])
    expect(await usersInRedis()).toBe(1_200)
  })

  it('writes nothing if one key is not a hash', async () => {
    await redis.cli('SET', '{hd}:user:1600', 'oops')
    await expect(store.writeAll(people(1_200))).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: expect.stringContaining('{hd}:user:1600') as string,
    })
    expect(await usersInRedis()).toBe(1)
  })

  it('writes nothing if Redis dies half-way', async () => {
    const killed: Promise<void>[] = []
    const writing = store.writeAll(people(2_000), () => {
      if (killed.length === 0) killed.push(redis.kill())
    })
    await expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await Promise.all(killed)
    await redis.start()
    expect(await usersInRedis()).toBe(0)
  })

  it('is visible to nobody before it is complete', async () => {
    const seen: string[] = []
    const looks: Promise<unknown>[] = []
    await store.writeAll(people(1_200), () => looks.push(usersInRedis().then((count) => seen.push(String(count)))))
    await Promise.all(looks)
    expect(seen.filter((count) => count !== '0' && count !== '1200')).toEqual([])
  })
})
