import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.js'
import type { DeviceId, Extension, NodeName, SiteName } from '../../src/base/identity.js'
import { silentLogger } from '../../src/base/logger.js'
import { createMetrics } from '../../src/base/metrics.js'
import { createSeal } from '../../src/base/seal.js'
import { Secret } from '../../src/base/secret.js'
import { createDirectory, joinNetwork, loadSamples } from '../../src/directory/directory.js'
import { createHotdesk, hashPin } from '../../src/hotdesk/hotdesk.js'
import { startTestRedis, type TestRedis } from '../support/redis.js'
import { keyOf, openTestStore } from '../support/redis-store.js'

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.close())

it('logs in, calls, drains and logs out', async () => {
  const store = await openTestStore(redis)
  const log = silentLogger()
  const directory = createDirectory({ store, seal: createSeal(new Secret('s')), log })
  expect(await loadSamples({ store, directory, hashPin })).toBe('loaded')
  await keyOf(store, 'device:HD0004', (hash) => hash !== undefined)
  expect(await loadSamples({ store, directory, hashPin })).toBe('present')
  const boot = 'b1'
  const needs = { store, node: 'paris-1' as NodeName, boot, clock: systemClock, log }
  const membership = await joinNetwork({ ...needs, site: 'paris' as SiteName, sip: 'udp:127.0.0.1:5060', version: '0' })
  const hotdesk = createHotdesk({ ...needs, directory, metrics: createMetrics() })
  const device = 'HD0001' as DeviceId
  const extension = '100' as Extension
  expect(directory.device(device)?.password?.reveal()).toBe('sample-HD0001')
  expect(await hotdesk.login({ extension, device, pin: new Secret('1111') })).toEqual({ outcome: 'DENIED' })
  expect(await hotdesk.login({ extension, device, pin: new Secret('4711') })).toEqual({ outcome: 'LOGGED_IN' })
  await keyOf(store, 'devices', (hash) => hash?.get('HD0001') === '100')
  expect(hotdesk.userOn(device)).toBe('100')
  hotdesk.callBegan(device, 'ordinary')
  expect(await hotdesk.logout(device, 'drain', 'cli')).toEqual({ outcome: 'DRAINING', calls: 1 })
  const out = new Promise((resolve) => hotdesk.onChange(resolve))
  hotdesk.callEnded(device, 'ordinary')
  expect(await out).toEqual({ device, before: '100', after: null, cause: 'logout' })
  await hotdesk.close()
  await membership.close()
  directory.close()
  await store.close()
})
