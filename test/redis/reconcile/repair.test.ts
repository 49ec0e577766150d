import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { changeOn, type DeskNode, device, eventsOf, extension, mirrorFaults, openDeskNode } from '../../support/redis/redis-network.js'
import { followed, keyOf } from '../../support/redis/redis-store.js'

let redis: TestRedis
let node: DeskNode
let other: DeskNode

beforeAll(async () => {
  redis = await startTestRedis()
  node = await openDeskNode(redis)
  other = await openDeskNode(redis, { name: 'paris-2' })
})
afterAll(async () => {
  await other.close()
  await node.close()
  await redis.close()
})
beforeEach(async () => {
  for (const id of ['HD0001', 'HD0002']) await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', id, 'now')
  await followed(node.store, other.store)
})

const login = (user: string, id: string) => redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', user, id)

describe('an assignment made by redis-cli', () => {
  it('is seen by every node, with its cause', async () => {
    const seen = Promise.all([changeOn(node.hotdesk, 'HD0001'), changeOn(other.hotdesk, 'HD0001')])
    await login('100', 'HD0001')
    const change = { device: 'HD0001', before: null, after: '100', cause: 'login' }
    expect(await seen).toEqual([change, change])
    const out = changeOn(other.hotdesk, 'HD0001')
    await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'now')
    expect(await out).toEqual({ device: 'HD0001', before: '100', after: null, cause: 'now' })
  })

  it('drains over the calls of another node', async () => {
    await login('100', 'HD0001')
    await followed(node.store, other.store)
    other.hotdesk.callBegan(device('HD0001'), 'ordinary')
    await expect.poll(() => redis.cli('EXISTS', '{hd}:oncall:HD0001')).toBe('1')
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'api')).toEqual({ outcome: 'DRAINING', calls: 1 })
    await keyOf(other.store, 'device:HD0001', (hash) => hash?.get('state') === 'draining')
    expect(other.hotdesk.isDraining(device('HD0001'))).toBe(true)
    const out = changeOn(node.hotdesk, 'HD0001')
    other.hotdesk.callEnded(device('HD0001'), 'ordinary')
    expect(await out).toMatchObject({ after: null, cause: 'logout' })
  })
})

describe('an edit by hand', () => {
  it('that leaves a pair one-sided is repaired within 10 seconds and reported', async () => {
    await login('100', 'HD0001')
    await keyOf(node.store, 'users', (hash) => hash?.get('100') === 'HD0001')
    await redis.cli('HDEL', '{hd}:devices', 'HD0001')
    await keyOf(node.store, 'users', (hash) => hash === undefined, 10_000)
    expect(await mirrorFaults(redis)).toEqual([])
    expect((await eventsOf(node.store)).filter(({ event }) => event === 'repaired')).toEqual([
      { event: 'repaired', device: 'HD0001', user: '100', how: 'taken-off', via: 'automatic' },
    ])
  })

  it('of both hashes is an assignment like any other, with the cause edited', async () => {
    await login('100', 'HD0001')
    await keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === '100')
    const change = changeOn(node.hotdesk, 'HD0001')
    await redis.cli('HSET', '{hd}:devices', 'HD0001', '101')
    expect(await change).toEqual({ device: 'HD0001', before: '100', after: '101', cause: 'edited' })
    await redis.cli('HSET', '{hd}:users', '101', 'HD0001')
    await redis.cli('HDEL', '{hd}:users', '100')
    await keyOf(node.store, 'users', (hash) => hash?.get('101') === 'HD0001' && hash.size === 1)
    expect(await redis.cli('FCALL', 'hotdesk_repair', '1', '{hd}')).toBe('NOTHING')
  })
})

describe('a user or phone that is removed', () => {
  it('a deleted user is logged out within 5 seconds', async () => {
    await node.directory.putUser('110', { name: 'Leaver', home: 'paris' })
    expect(await login('110', 'HD0001')).toBe('LOGGED_IN')
    await keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === '110')
    expect(await node.directory.removeUser(extension('110'))).toEqual({ outcome: 'REMOVED' })
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 5_000)
    expect((await eventsOf(node.store)).filter(({ via }) => via === 'deleted')).toEqual([
      { event: 'logout', device: 'HD0001', user: '110', via: 'deleted', reason: 'user-deleted' },
    ])
  })

  it('a disabled user is logged out within 5 seconds, after the call', async () => {
    await node.directory.putUser('111', { name: 'Suspended', home: 'paris' })
    expect(await login('111', 'HD0001')).toBe('LOGGED_IN')
    await keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === '111')
    node.hotdesk.callBegan(device('HD0001'), 'ordinary')
    await node.directory.putUser('111', { enabled: false })
    await keyOf(node.store, 'device:HD0001', (hash) => hash?.get('state') === 'draining', 5_000)
    node.hotdesk.callEnded(device('HD0001'), 'ordinary')
    await keyOf(node.store, 'devices', (hash) => hash === undefined)
  })

  it('a deleted phone has no user within 5 seconds, and is not restored', async () => {
    await node.directory.putDevice('HD0099', { site: 'paris', hotdesk: true, location: 'cellar' })
    expect(await login('100', 'HD0099')).toBe('LOGGED_IN')
    await keyOf(node.store, 'devices', (hash) => hash?.get('HD0099') === '100')
    expect(await node.directory.removeDevice(device('HD0099'))).toEqual({ outcome: 'REMOVED' })
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 5_000)
    expect(await redis.cli('EXISTS', '{hd}:device:HD0099')).toBe('0')
  })
})

describe('an emergency call', () => {
  it('makes the phone quiet at once here, and at the other node as soon as Redis reports it', async () => {
    expect(node.hotdesk.isQuiet(device('HD0002'))).toBe(false)
    node.hotdesk.callBegan(device('HD0002'), 'emergency')
    expect(node.hotdesk.isQuiet(device('HD0002'))).toBe(true)
    await keyOf(other.store, 'quiet:HD0002', (hash) => hash !== undefined)
    expect(other.hotdesk.isQuiet(device('HD0002'))).toBe(true)
    node.hotdesk.callEnded(device('HD0002'), 'emergency')
    expect(node.hotdesk.isQuiet(device('HD0002'))).toBe(true)
    await redis.cli('DEL', '{hd}:quiet:HD0002')
    await keyOf(other.store, 'quiet:HD0002', (hash) => hash === undefined)
    expect(other.hotdesk.isQuiet(device('HD0002'))).toBe(false)
  })
})
