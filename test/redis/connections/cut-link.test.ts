import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { onNewEpoch } from '../../support/redis/epochs.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { watchCommands } from '../../support/redis/redis-monitor.js'
import { type DeskNode, device, extension, openDeskNode, pin } from '../../support/redis/redis-network.js'
import { openRelay, type RedisRelay } from '../../support/redis/redis-relay.js'
import { keyOf, stateOf } from '../../support/redis/redis-store.js'

let redis: TestRedis
let relay: RedisRelay
let node: DeskNode

beforeEach(async () => {
  redis = await startTestRedis()
  relay = await openRelay(redis.socket)
  node = await openDeskNode({ directory: redis.directory, place: relay.place })
})
afterEach(async () => {
  relay.heal()
  await node.close()
  await relay.close()
  await redis.close()
})

const login = () => node.hotdesk.login({ extension: extension('100'), device: device('HD0001'), pin: pin('4711') })
const assigned = (withinMs: number) => keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === '100', withinMs)

/** The next request to refresh this phone. */
function refreshOf(id: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = onNewEpoch(node.store, (wanted) => {
      if (wanted !== id) return
      stop()
      resolve()
    })
  })
}

describe('a link to Redis that is cut', () => {
  it.each(['reset', 'silence'] as const)(
    'by %s: logins soon fail with STORE_LOST, the copy stays, and everything converges when the link is back',
    async (how) => {
      expect(await login()).toEqual({ outcome: 'LOGGED_IN' })
      await assigned(1_000)
      const lost = stateOf(node.store, 'lost', 5_000)
      relay.cut(how)
      const began = systemClock.now()
      expect(await login()).toEqual({ outcome: 'STORE_LOST' })
      expect(systemClock.now() - began).toBeLessThan(3_000)
      await lost
      node.hotdesk.callBegan(device('HD0002'), 'ordinary')
      expect(node.hotdesk.userOn(device('HD0001'))).toBe('100')
      // Meanwhile, on the other side of the cut.
      await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')
      await redis.cli('HSET', '{hd}:user:101', 'name', 'Robert')
      relay.heal()
      await stateOf(node.store, 'connected', 8_000)
      expect(node.hotdesk.userOn(device('HD0001'))).toBeNull()
      expect(node.directory.user(extension('101'))?.name).toBe('Robert')
      await expect.poll(() => redis.cli('HLEN', '{hd}:oncall:HD0002')).toBe('1')
      expect(await login()).toEqual({ outcome: 'LOGGED_IN' })
    },
  )
})

describe('a login whose reply is lost', () => {
  it('is UNCONFIRMED, and the phone shows what Redis has done', async () => {
    relay.holdAnswersAfter('hotdesk_login')
    expect(await login()).toEqual({ outcome: 'UNCONFIRMED', reply: null })
    expect(await redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
    await Promise.all([assigned(8_000), refreshOf('HD0001')])
    await stateOf(node.store, 'connected', 8_000)
    expect(await login()).toEqual({ outcome: 'UNCHANGED' })
  })

  it('has no effect if Redis receives it after everybody has given up: a later login stays', async () => {
    relay.holdFrom('hotdesk_login')
    expect(await login()).toEqual({ outcome: 'UNCONFIRMED', reply: null })
    await stateOf(node.store, 'lost', 5_000)
    await stateOf(node.store, 'connected', 8_000)
    expect(await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0002')).toBe('LOGGED_IN')
    expect(await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '101', 'HD0001')).toBe('LOGGED_IN')
    const late = await watchCommands(redis.socket, (command) => command.includes('hotdesk_login'))
    relay.release()
    await late.seen
    late.close()
    expect(await redis.cli('HGETALL', '{hd}:devices')).toBe('HD0002\n100\nHD0001\n101')
  })

  it('is reported in the same way if it is a logout', async () => {
    expect(await login()).toEqual({ outcome: 'LOGGED_IN' })
    await assigned(1_000)
    relay.holdAnswersAfter('hotdesk_logout')
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'dial-code')).toEqual({ outcome: 'UNCONFIRMED', reply: null })
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 8_000)
  })
})
