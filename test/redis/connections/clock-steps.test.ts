import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.js'
import type { NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { createPsapCallbacks } from '../../../src/calls/emergency/psap-callback.js'
import { type Bindings, createBindings } from '../../../src/registrar/bindings/bindings.js'
import { registrationsIn } from '../../../src/registrar/registrar.js'
import type { Store } from '../../../src/store/store.js'
import { type KeptLog, keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { device, openDeskNode } from '../../support/redis/redis-network.js'
import { openRelay, type RedisRelay } from '../../support/redis/redis-relay.js'
import { entriesOf, followed, keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const hours = 3_600
const days = 24 * hours

let redis: TestRedis
let relay: RedisRelay
let kept: KeptLog
let toClose: (() => unknown)[]

beforeEach(async () => {
  redis = await startTestRedis()
  relay = await openRelay(redis.socket)
  kept = keepLog()
  toClose = []
  return async () => {
    for (const close of toClose.reverse()) await close()
    await relay.close()
    await redis.close()
  }
})

async function opened(name: string, { clock = systemClock, over = redis.place } = {}): Promise<Store> {
  const store = await openTestStore({ ...redis, place: over }, { clock, log: kept.log, data: `${redis.directory}/${name}` })
  toClose.push(store.close)
  return store
}

function bindingsOf(store: Store, name: string, clock: Clock = systemClock): Bindings {
  const common = { log: silentLogger(), metrics: createMetrics() }
  const bindings = createBindings({ store, node: name as NodeName, clock, ...common })
  toClose.push(bindings.close)
  return bindings
}

const HD0001 = device('HD0001')
const HD0002 = device('HD0002')

function bound(id: string, node: string, clock: Clock = systemClock) {
  const now = clock.now() / 1_000
  const flow = { contact: `sip:${id}@192.0.2.9:5060`, flow: 'sip:192.0.2.9:5060', node: node as NodeName, userAgent: 'desk phone' }
  const rest = { digest: '', domain: '', local: '', path: '', intermediary: '' as const, callId: id, cseq: 1, instance: '' }
  return { device: device(id), ...flow, ...rest, expires: now + 600, registered: now }
}

const clockTold = (count: number): Promise<unknown> =>
  expect.poll(() => entriesOf(kept).filter(({ event }) => event === 'store.clock'), { timeout: 5_000 }).toHaveLength(count)

describe('a node that starts without Redis, with its clock two hours off', () => {
  for (const [word, offMs] of [
    ['behind', -2 * hours * 1_000],
    ['ahead', 2 * hours * 1_000],
  ] as const) {
    it(`${word}: its phones stay registered for the time that they were granted, before and after Redis is available`, async () => {
      const before = await opened('paris-1')
      const london = await opened('london-1')
      const early = bindingsOf(before, 'paris-1')
      early.replace(HD0001, [bound('HD0001', 'paris-1')])
      const elsewhere = bindingsOf(london, 'london-1')
      elsewhere.replace(HD0002, [bound('HD0002', 'london-1')])
      for (const key of ['reg:HD0001', 'reg:HD0002']) await keyOf(before, key, (hash) => hash !== undefined)
      await early.close()
      await before.close()
      await redis.kill()

      const clock: Clock = { now: () => systemClock.now() + offMs, after: systemClock.after }
      const store = await opened('paris-1', { clock })
      expect([store.state, store.copyFrom]).toEqual(['lost', 'disk'])
      const bindings = bindingsOf(store, 'paris-1', clock)
      // As the saved copy has them.
      for (const phone of [HD0001, HD0002]) expect(bindings.of(phone)).toHaveLength(1)
      expect(bindings.on('sip:192.0.2.9:5060')).toEqual([HD0001])
      bindings.replace(HD0001, [bound('HD0001', 'paris-1', clock)])

      await redis.start()
      await stateOf(store, 'connected', 10_000)
      await clockTold(1)
      await stateOf(london, 'connected', 10_000)
      await followed(store, london)
      for (const each of [bindings, elsewhere]) for (const phone of [HD0001, HD0002]) expect(each.of(phone)).toHaveLength(1)
      // Other nodes read times of the Redis clock.
      await expect
        .poll(async () => Number(await redis.cli('HGET', '{hd}:reg:HD0001', 'expires')) - systemClock.now() / 1_000)
        .toBeGreaterThan(580)
      expect(Number(await redis.cli('HGET', '{hd}:reg:HD0001', 'expires')) - systemClock.now() / 1_000).toBeLessThan(620)
      expect(Math.abs((bindings.of(HD0002)[0]?.expires ?? 0) - clock.now() / 1_000 - 595)).toBeLessThan(15)
      const seen = registrationsIn({ replica: store.replica, clock, networkClock: store.clock })
      expect(seen.bindingsOf(HD0001)).toHaveLength(1)
    })
  }
})

describe('the clock of Redis is changed while nodes run', () => {
  for (const [word, seconds] of [
    ['two hours ahead', 2 * hours],
    ['three days ahead', 3 * days],
    ['two hours back', -2 * hours],
  ] as const) {
    it(`${word}: phones stay registered, PSAP callbacks reach their phone, and the quiet time after an emergency call lasts`, async () => {
      const node = await openDeskNode({ ...redis, place: relay.place }, { log: kept.log })
      toClose.push(node.close)
      const { store, hotdesk } = node
      const london = await opened('london-1')
      const [bindings, elsewhere] = [bindingsOf(store, 'paris-1'), bindingsOf(london, 'london-1')]
      const callBacks = createPsapCallbacks({ store, clock: systemClock, log: silentLogger(), callBackMinutes: () => 60 })
      toClose.push(callBacks.close)
      bindings.replace(HD0001, [bound('HD0001', 'paris-1')])
      elsewhere.replace(HD0002, [bound('HD0002', 'london-1')])
      callBacks.remember('+33199000001', HD0001)
      hotdesk.callBegan(HD0001, 'emergency')
      hotdesk.callEnded(HD0001, 'emergency')
      await followed(london, store)
      for (const key of ['reg:HD0001', 'reg:HD0002', 'quiet:HD0001', 'callback:+33199000001'])
        await keyOf(store, key, (hash) => hash !== undefined)

      relay.setClock(seconds)
      await clockTold(1)
      expect(Math.abs(store.clock.now() - systemClock.now() - seconds * 1_000)).toBeLessThan(2_000)
      const check = (): void => {
        for (const phone of [HD0001, HD0002]) expect(bindings.of(phone)).toHaveLength(1)
        expect(bindings.on('sip:192.0.2.9:5060')).toEqual([HD0001])
        expect(callBacks.deviceOf('+33199000001')).toBe(HD0001)
        expect(hotdesk.isQuiet(HD0001)).toBe(true)
      }
      check()
      // As a Redis does whose own clock has gone on by that much.
      for (const key of ['reg:HD0001', 'quiet:HD0001', 'callback:+33199000001']) await redis.cli('DEL', `{hd}:${key}`)
      await keyOf(store, 'quiet:HD0001', (hash) => hash === undefined)
      await keyOf(store, 'reg:HD0001', (hash) => hash !== undefined)
      check()
      expect(Number(await redis.cli('TTL', '{hd}:reg:HD0001'))).toBeGreaterThan(580)
      expect(elsewhere.of(HD0001)).toHaveLength(1)
    })
  }

  it('two hours back: a loss that was found before can be accepted after', async () => {
    const node = await openDeskNode({ ...redis, place: relay.place }, { log: kept.log })
    toClose.push(node.close)
    const users = [...node.store.replica.keysUnder('user:')].map((key) => `{hd}:${key}`)
    await redis.cli('DEL', ...users)
    await expect.poll(() => node.store.condition().reasons.join(), { timeout: 5_000 }).toContain('Redis has lost')
    relay.setClock(-2 * hours)
    await clockTold(1)
    await redis.cli('HSET', '{hd}:removed', '*', String(Math.ceil(node.store.clock.now() / 1_000)))
    await expect.poll(() => node.store.condition().reasons, { timeout: 5_000 }).toEqual([])
  })
})
