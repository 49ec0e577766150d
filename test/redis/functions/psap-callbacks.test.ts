import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createPsapCallbacks, type PsapCallbacks } from '../../../src/calls/emergency/psap-callback.js'
import type { Store } from '../../../src/store/store.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { device } from '../../support/redis/redis-network.js'
import { keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const number = '+33199000001'
const key = `callback:${number}`

let redis: TestRedis
let clock: ManualClock
let here: Store
let there: Store
let paris: PsapCallbacks
let london: PsapCallbacks
beforeEach(async () => {
  redis = await startTestRedis()
  clock = createManualClock()
  const open = (name: string) => openTestStore(redis, { data: `${redis.directory}/${name}` })
  here = await open('here')
  there = await open('there')
  const needs = { clock, log: silentLogger(), callBackMinutes: () => 180 }
  paris = createPsapCallbacks({ store: here, ...needs })
  london = createPsapCallbacks({ store: there, ...needs })
})
afterEach(async () => {
  paris.close()
  london.close()
  await here.close()
  await there.close()
  await redis.close()
})

const isTold = () => keyOf(there, key, (hash) => hash !== undefined)

describe('the number that an emergency centre was shown', () => {
  it('is tied to the phone at once, at the other nodes as well, for as long as the setting says', async () => {
    paris.remember(number, device('HD0001'))
    expect(paris.deviceOf(number)).toBe('HD0001')
    await isTold()
    expect(london.deviceOf(number)).toBe('HD0001')
    expect(Number(await redis.cli('TTL', `{hd}:${key}`))).toBeGreaterThan(180 * 60 - 10)
    await keyOf(here, key, (hash) => hash !== undefined)
    await redis.cli('DEL', `{hd}:${key}`)
    await keyOf(here, key, (hash) => hash === undefined)
    clock.advance(180 * 60_000 - 1)
    expect(paris.deviceOf(number)).toBe('HD0001')
    clock.advance(1)
    expect(paris.deviceOf(number)).toBeNull()
  })

  it('belongs to the phone that called last', async () => {
    london.remember(number, device('HD0001'))
    await keyOf(here, key, (hash) => hash?.get('device') === 'HD0001')
    paris.remember(number, device('HD0002'))
    await keyOf(there, key, (hash) => hash?.get('device') === 'HD0002')
    expect(paris.deviceOf(number)).toBe('HD0002')
    clock.advance(1_000)
    london.remember(number, device('HD0003'))
    await keyOf(here, key, (hash) => hash?.get('device') === 'HD0003')
    expect(paris.deviceOf(number)).toBe('HD0003')
  })

  it('is not taken back by a node that made an emergency call before, and only now reaches Redis', async () => {
    await redis.kill()
    await Promise.all([stateOf(here, 'lost'), stateOf(there, 'lost')])
    paris.remember(number, device('HD0001'))
    const later = String(Math.round(clock.now()) + 60_000)
    await redis.start()
    await redis.cli('HSET', `{hd}:${key}`, 'device', 'HD0002', 'at', later)
    await Promise.all([stateOf(here, 'connected'), stateOf(there, 'connected')])
    await keyOf(here, key, (hash) => hash?.get('at') === later)
    expect(paris.deviceOf(number)).toBe('HD0002')
    expect(await redis.cli('HGET', `{hd}:${key}`, 'device')).toBe('HD0002')
  })

  it('is known here without Redis, and at other nodes as soon as Redis is back', async () => {
    await redis.kill()
    await Promise.all([stateOf(here, 'lost'), stateOf(there, 'lost')])
    paris.remember(number, device('HD0001'))
    expect([paris.deviceOf(number), london.deviceOf(number)]).toEqual(['HD0001', null])
    await redis.start()
    await isTold()
    expect(london.deviceOf(number)).toBe('HD0001')
  })
})
