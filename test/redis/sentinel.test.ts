import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createStore, type Store } from '../../src/store/store.js'
import { startTestSentinel, type TestSentinel } from '../support/redis-sentinel.js'
import { keyOf, stateOf, storeNeeds } from '../support/redis-store.js'

let redis: TestSentinel
let store: Store
let data: string

beforeEach(async () => {
  redis = await startTestSentinel()
  data = await mkdtemp(join(tmpdir(), 'hotdesk-data-'))
})
afterEach(async () => {
  await store.close()
  await redis.close()
  await rm(data, { recursive: true, force: true })
})

it('follows the sentinel to the new primary within 15 seconds of the death of the old one, with every replicated login', async () => {
  store = await createStore({ ...storeNeeds(redis.place, data), startWithinMs: 10_000 })
  await store.putFields('user:100', { name: 'Alice', home: 'paris' })
  await store.putFields('device:HD0001', { site: 'paris', hotdesk: 'yes', location: 'desk' })
  expect(await store.call('hotdesk_login', '100', 'HD0001')).toBe('LOGGED_IN')
  await keyOf(store, 'devices', (hash) => hash?.get('HD0001') === '100')
  await expect.poll(() => redis.replica('HGET', '{hd}:devices', 'HD0001')).toBe('100')

  const lost = stateOf(store, 'lost')
  await redis.killPrimary()
  await lost
  expect(store.replica.hash('devices')?.get('HD0001')).toBe('100')
  await stateOf(store, 'connected', 15_000)
  expect(await store.call('hotdesk_who', 'HD0001')).toBe('OCCUPIED 100')
  const seen = keyOf(store, 'user:101', (hash) => hash?.get('name') === 'Bob')
  await redis.replica('HSET', '{hd}:user:101', 'name', 'Bob')
  await seen
})
