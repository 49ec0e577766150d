import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AutomaticLogout } from '../../../src/hotdesk/hotdesk.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { changeOn, type DeskNode, device, eventsOf, openDeskNode } from '../../support/redis/redis-network.js'
import { followed, keyOf } from '../../support/redis/redis-store.js'

const hours = 3_600_000
const rules: AutomaticLogout = { site: 'paris' as never, maxTimeMs: 12 * hours, idleTimeMs: 8 * hours, daily: null }

let redis: TestRedis
let node: DeskNode
let other: DeskNode

beforeEach(async () => {
  redis = await startTestRedis()
  node = await openDeskNode(redis, { automaticLogout: rules, pace: 'hasty', quietSeconds: 1 })
  other = await openDeskNode(redis, { name: 'paris-2', automaticLogout: rules, pace: 'hasty', quietSeconds: 1 })
})
afterEach(async () => {
  await other.close()
  await node.close()
  await redis.close()
})

const login = (user: string, id: string) => redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', user, id)

/** Makes the login at the phone, or the last call there, so many hours older. */
async function backdate(id: string, age: number, ...fields: readonly string[]): Promise<void> {
  const now = Number((await redis.cli('TIME')).split('\n')[0])
  const then = String(Math.floor(now - age * 3_600))
  await redis.cli('HSET', `{hd}:device:${id}`, ...(fields.length > 0 ? fields : ['since']).flatMap((field) => [field, then]))
}

async function logouts(): Promise<readonly Record<string, string>[]> {
  return (await eventsOf(node.store)).filter(({ event }) => event === 'logout')
}

/** Two rounds of every node are over when a phone that falls due after the others has been logged out. */
async function twoRounds(): Promise<void> {
  for (const _ of [1, 2]) {
    await login('102', 'HD0004')
    await followed(node.store, other.store)
    await backdate('HD0004', 13)
    await keyOf(node.store, 'devices', (hash) => hash?.has('HD0004') !== true, 8_000)
  }
}

describe('automatic logout', () => {
  it('ends a login that has lasted too long, at one of two nodes, once and with its reason', async () => {
    await login('100', 'HD0001')
    await login('101', 'HD0002')
    await followed(node.store, other.store)
    const out = changeOn(other.hotdesk, 'HD0001')
    await backdate('HD0001', 9)
    expect(await out).toMatchObject({ before: '100', after: null, cause: 'logout' })
    await twoRounds()
    expect((await logouts()).filter(({ user }) => user === '100')).toEqual([
      { event: 'logout', device: 'HD0001', user: '100', via: 'automatic', reason: 'idle-time' },
    ])
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0002')).toBe('101')
  })

  it('is the work of the node where the phone is registered, while this node lives', async () => {
    await redis.cli('HSET', '{hd}:reg:HD0001', 'node', 'paris-2')
    await keyOf(node.store, 'reg:HD0001', (hash) => hash !== undefined)
    await keyOf(other.store, 'reg:HD0001', (hash) => hash !== undefined)
    await login('100', 'HD0001')
    await followed(node.store)
    await backdate('HD0001', 13)
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 8_000)
    // Nobody had to take a turn.
    expect(await redis.cli('EXISTS', '{hd}:turn:HD0001')).toBe('0')
    await other.close()
    await login('100', 'HD0001')
    await followed(node.store)
    await backdate('HD0001', 13)
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 8_000)
    expect(await redis.cli('GET', '{hd}:turn:HD0001')).toBe('paris-1')
    other = await openDeskNode(redis, { name: 'paris-2', automaticLogout: rules, pace: 'hasty' })
  })

  it('waits for the end of a call, and does not take a phone with a call for an idle one', async () => {
    for (const [user, id] of [
      ['100', 'HD0001'],
      ['101', 'HD0002'],
    ] as const) {
      await login(user, id)
      node.hotdesk.callBegan(device(id), 'ordinary')
    }
    await followed(node.store, other.store)
    await backdate('HD0001', 13)
    await backdate('HD0002', 9)
    await keyOf(other.store, 'device:HD0001', (hash) => hash?.get('state') === 'draining', 8_000)
    await twoRounds()
    expect(other.hotdesk.isDraining(device('HD0001'))).toBe(true)
    expect(other.hotdesk.isDraining(device('HD0002'))).toBe(false)
    node.hotdesk.callEnded(device('HD0001'), 'ordinary')
    node.hotdesk.callEnded(device('HD0002'), 'ordinary')
    await keyOf(other.store, 'devices', (hash) => hash?.has('HD0001') === false)
    await twoRounds()
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0002')).toBe('101')
    await backdate('HD0002', 9, 'lastCall')
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 8_000)
    expect((await logouts()).at(-1)).toMatchObject({ user: '101', reason: 'idle-time' })
  })

  it('is held off by an emergency call and the quiet time after it, and follows then', async () => {
    await login('100', 'HD0001')
    node.hotdesk.callBegan(device('HD0001'), 'emergency')
    await keyOf(other.store, 'quiet:HD0001', (hash) => hash !== undefined)
    await backdate('HD0001', 13)
    await redis.cli('EXPIRE', '{hd}:quiet:HD0001', '600')
    await twoRounds()
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('100')
    node.hotdesk.callEnded(device('HD0001'), 'emergency')
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 10_000)
    expect((await eventsOf(node.store)).filter(({ event }) => event === 'logout.refused')).toEqual([])
  })

  it('knows after a restart of every node what was due before', async () => {
    await login('100', 'HD0001')
    await node.close()
    await other.close()
    await backdate('HD0001', 13)
    node = await openDeskNode(redis, { automaticLogout: rules, pace: 'hasty' })
    other = await openDeskNode(redis, { name: 'paris-2', automaticLogout: rules, pace: 'hasty' })
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 8_000)
    expect((await logouts()).at(-1)).toMatchObject({ user: '100', via: 'automatic', reason: 'idle-time' })
  })

  it('leaves the phones of another site to their own nodes', async () => {
    await redis.cli('HSET', '{hd}:device:HD0001', 'site', 'london')
    await login('100', 'HD0001')
    await backdate('HD0001', 13)
    await twoRounds()
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('100')
  })
})
