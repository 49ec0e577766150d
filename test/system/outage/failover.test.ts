import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, hears, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import type { TestRedis } from '../../support/redis/redis.js'
import type { RedisProcess } from '../../support/redis/redis-process.js'
import { caughtUp, startTestSentinel, type TestSentinel } from '../../support/redis/redis-sentinel.js'

/** The row "Redis fails over (Sentinel)" of the behaviour table, with logins that have to be replicated. */
let redis: TestSentinel
let office: TestOffice
let node: TestNode
let desk1: Phone
let desk2: Phone
let desk3: Phone
let call: Conversation

beforeAll(async () => {
  redis = await startTestSentinel()
  office = await openTestOffice(primaryOf(redis))
  const { place } = redis
  if (place.kind !== 'sentinel') throw new Error(place.kind)
  const sentinels = place.sentinels.map(({ host, port }) => `${host}:${port}`)
  node = await office.node('paris-1', 'paris', { redis: { sentinels, name: place.name, durability: 'replicated' } })
  desk1 = await office.phone('HD0001', node)
  desk2 = await office.phone('HD0002', node)
  desk3 = await office.phone('HD0003', node)
  await logIn(desk1, '100')
  await logIn(desk2, '101')
  await office.settled('100', 'HD0001')
  await office.settled('101', 'HD0002')
  call = await converse(desk1, '101', desk2)
}, 60_000)

afterAll(() => office.close())

/** Whoever is primary, as one Redis. */
function primaryOf(sentinel: TestSentinel): TestRedis {
  const never = (): never => {
    throw new Error('a test of the failover ends servers by itself')
  }
  const { directory, place } = sentinel
  return {
    directory,
    socket: '',
    place,
    cli: async (...words) => (await sentinel.primary()).cli(...words),
    signal: never,
    kill: never,
    start: never,
    forget: never,
    empty: never,
    close: sentinel.close,
  }
}

const dead: RedisProcess[] = []

async function killPrimary(): Promise<void> {
  const primary = await redis.primary()
  dead.push(primary)
  await primary.kill()
}

describe('the primary of Redis dies while two phones talk', () => {
  it('the call goes on, a new one is set up, and somebody can log in again within 15 seconds', async () => {
    await killPrimary()
    const died = systemClock.now()
    await node.logged('store.lost')
    await expectUndisturbed(call)
    await hangUp(call)
    call = await converse(desk2, '100', desk1)
    await node.logged('store.connected', ({ time }) => new Date(String(time)).getTime() > died || Number(time) > died)
    await logIn(desk3, '102')
    await office.settled('102', 'HD0003')
    expect(systemClock.now() - died).toBeLessThan(15_000)
    await expectUndisturbed(call)
    await hangUp(call)
    expect(await office.redis.cli('HGETALL', '{hd}:devices')).toMatch(/HD0001\n100/)
  })
})

describe('a login that no replica confirms', () => {
  it('is spoken of as uncertain; it stands, and the phone shows it', async () => {
    const primary = await redis.primary()
    await caughtUp(primary, 1)
    for (const server of redis.servers) if (server !== primary && !dead.includes(server)) await server.kill()
    const login = await dialAnswered(desk3, '*77*101*')
    await hears(login)
    await login.audio.press(`${pinOf('101')}#`)
    await hears(login, 60)
    await login.ended
    await node.logged('hotdesk.unconfirmed', ({ device, reply }) => device === 'HD0003' && reply === 'DISPLACED 102 HD0002')
    await office.settled('101', 'HD0003')
    await hangUp(await converse(desk1, '101', desk3))
    const logout = await dialAnswered(desk3, '*77*5*')
    await hears(logout, 60)
    await logout.ended
    await node.logged('hotdesk.unconfirmed', ({ device, reply }) => device === 'HD0003' && reply === 'LOGGED_OUT 101')
  })
})
