import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { onNewEpoch } from '../../support/redis/epochs.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, device, eventsOf, extension, openDeskNode } from '../../support/redis/redis-network.js'
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
  await node.directory.putUser('120', { name: 'Dora', home: 'paris', enabled: true, mayHotdesk: true })
  await followed(node.store, other.store)
  await redis.cli('DEL', '{hd}:events')
  expect(await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '120', 'HD0001')).toBe('LOGGED_IN')
  await followed(node.store, other.store)
})

/** Resolves when both nodes have done their earlier work: they do it in order. */
async function afterAllThat(): Promise<void> {
  await redis.cli('HSET', '{hd}:user:102', 'name', `Chloé ${Math.random()}`)
  // No phone shows it.
  await followed(node.store, other.store)
  await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0002')
  for (const { store } of [node, other]) await keyOf(store, 'devices', (hash) => hash?.get('HD0002') === '102')
  const wished = (count: string) => expect.poll(() => redis.cli('HGET', '{hd}:device:HD0002', 'epoch')).toBe(count)
  const epoch = Number(await redis.cli('HGET', '{hd}:device:HD0002', 'epoch'))
  await redis.cli('HSET', '{hd}:user:102', 'name', 'Chloé')
  await wished(String(epoch + 1))
}

const told = async (event: string, id = 'HD0001') =>
  (await eventsOf(node.store)).filter((entry) => entry.event === event && entry.device === id)

describe('a setting that is edited', () => {
  it('of a user refreshes the phone, once, whichever of two nodes does it, and logs nobody out', async () => {
    const refreshes: string[] = []
    const stop = onNewEpoch(other.store, (id) => refreshes.push(id))
    await redis.cli('HSET', '{hd}:user:120', 'name', 'Dora the Second')
    await expect.poll(() => refreshes).toEqual(['HD0001'])
    await afterAllThat()
    stop()
    expect(refreshes.filter((id) => id === 'HD0001')).toHaveLength(1)
    expect(await told('refresh')).toEqual([{ event: 'refresh', device: 'HD0001', user: '120', via: 'automatic', outcome: 'wanted' }])
    expect(await told('logout')).toEqual([])
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('120')
  })

  it('of a phone does the same', async () => {
    await node.directory.putDevice('HD0001', { model: 'T46U' })
    await expect.poll(() => told('refresh')).toHaveLength(1)
    await afterAllThat()
    expect(await told('refresh')).toHaveLength(1)
  })

  it('of an owner is shown on their own phone while nobody else is logged in there', async () => {
    await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')
    await node.directory.putDevice('HD0001', { owner: '120' })
    await expect.poll(() => told('refresh')).toHaveLength(1)
    await redis.cli('HSET', '{hd}:user:120', 'name', 'Dora the Owner')
    await expect.poll(() => told('refresh')).toHaveLength(2)
    await node.directory.putDevice('HD0001', { owner: null })
    await expect.poll(() => told('refresh')).toHaveLength(3)
  })

  it('is handled by the node where the phone is registered', async () => {
    await redis.cli('HSET', '{hd}:reg:HD0001', 'node', 'paris-2')
    for (const { store } of [node, other]) await keyOf(store, 'reg:HD0001', (hash) => hash !== undefined)
    await redis.cli('DEL', '{hd}:turn:HD0001')
    await redis.cli('HSET', '{hd}:user:120', 'name', 'Dora the Third')
    await expect.poll(() => told('refresh')).toHaveLength(1)
    expect(await redis.cli('EXISTS', '{hd}:turn:HD0001')).toBe('0')
    await redis.cli('DEL', '{hd}:reg:HD0001')
  })

  it('of a phone that nobody has used causes nothing', async () => {
    await node.directory.putDevice('HD0044', { site: 'paris', hotdesk: true, location: 'cellar' })
    // An edit is checked against the copy.
    await keyOf(node.store, 'device:HD0044', (hash) => hash !== undefined)
    expect(await node.directory.putDevice('HD0044', { model: 'T46U' })).toEqual({ outcome: 'SAVED' })
    await keyOf(other.store, 'device:HD0044', (hash) => hash?.get('model') === 'T46U')
    await afterAllThat()
    expect(await told('refresh', 'HD0044')).toEqual([])
  })
})

describe('a user who may no longer use a phone', () => {
  it.each([
    ['was deleted', 'user-deleted', () => node.directory.removeUser(extension('120'))],
    ['was disabled', 'disabled', () => node.directory.putUser('120', { enabled: false })],
    ['may not use hot desking any more', 'not-allowed', () => other.directory.putUser('120', { mayHotdesk: false })],
  ])('because of the user %s, is logged out within 5 seconds, by one of two nodes', async (_, reason, edit) => {
    await edit()
    await keyOf(node.store, 'devices', (hash) => hash?.has('HD0001') !== true, 5_000)
    await afterAllThat()
    expect(await told('logout')).toEqual([{ event: 'logout', device: 'HD0001', user: '120', via: 'deleted', reason }])
  })

  it('because the phone was removed, is logged out when the call there has ended', async () => {
    await node.directory.putDevice('HD0055', { site: 'paris', hotdesk: true, location: 'cellar' })
    await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '120', 'HD0055')
    await followed(node.store, other.store)
    node.hotdesk.callBegan(device('HD0055'), 'ordinary')
    await expect.poll(() => redis.cli('EXISTS', '{hd}:oncall:HD0055')).toBe('1')
    await node.directory.removeDevice(device('HD0055'))
    await keyOf(other.store, 'device:HD0055', (hash) => hash === undefined)
    expect(other.hotdesk.isDraining(device('HD0055'))).toBe(true)
    await afterAllThat()
    expect(await redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0055')).toBe('DRAINING 120')
    node.hotdesk.callEnded(device('HD0055'), 'ordinary')
    await keyOf(node.store, 'devices', (hash) => hash?.has('HD0055') !== true)
    expect(await told('logout', 'HD0055')).toMatchObject([{ user: '120', via: 'deleted', reason: 'device-deleted' }])
  })

  it('during the quiet time after an emergency call, is logged out when it is over', async () => {
    await redis.cli('HSET', '{hd}:quiet:HD0001', 'node', 'paris-1')
    for (const { store } of [node, other]) await keyOf(store, 'quiet:HD0001', (hash) => hash !== undefined)
    await node.directory.putUser('120', { enabled: false })
    await afterAllThat()
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('120')
    await redis.cli('DEL', '{hd}:quiet:HD0001')
    await keyOf(node.store, 'devices', (hash) => hash?.has('HD0001') !== true, 5_000)
  })
})
