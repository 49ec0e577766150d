import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { createDestination, newConnection } from '../../../src/store/connections/connection.js'
import { inspectRedis } from '../../../src/store/connections/server-info.js'
import { createConfirmation } from '../../../src/store/connections/write-confirmation.js'
import { createStore, type Store } from '../../../src/store/store.js'
import { freePort } from '../../support/net/free-port.js'
import { keepLog } from '../../support/node/kept-log.js'
import { launchRedis, type RedisProcess } from '../../support/redis/redis-process.js'
import { caughtUp, startTestSentinel, type TestSentinel } from '../../support/redis/redis-sentinel.js'
import { entriesOf, stateOf, storeNeeds } from '../../support/redis/redis-store.js'

let redis: TestSentinel
let store: Store
const log = keepLog()
const metrics = createMetrics()

beforeAll(async () => {
  redis = await startTestSentinel()
  await redis.servers[0]?.pipe([
    'HSET {hd}:device:HD0001 site paris hotdesk yes location desk',
    'HSET {hd}:user:100 name Alice',
    'HSET {hd}:user:101 name Bob',
  ])
  // The other sentinels are learned from the first.
  const place = { kind: 'sentinel', name: 'desk', sentinels: [{ host: '127.0.0.1', port: redis.sentinels[0]?.port ?? 0 }] } as const
  const needs = storeNeeds(place, join(redis.directory, 'node'))
  store = await createStore({ ...needs, durability: 'replicated', log: log.log, metrics, startWithinMs: 10_000 })
})
afterAll(async () => {
  await store.close()
  await redis.close()
})

const login = (user = '100') => store.transition('hotdesk_login', user, 'HD0001', 'dial-code')
/** The report of `/readyz` about the store. */
const doubts = (): string => store.condition().reasons.join()
const eventually = { timeout: 15_000, interval: 50 }
const replicas = (): readonly RedisProcess[] => redis.servers.slice(1)

async function uncertain(reason: string): Promise<number> {
  const { values } = await metrics.storeUncertainTotal.get()
  return values.find(({ labels }) => labels.reason === reason)?.value ?? Number.NaN
}

const isConfirmed = async (): Promise<number> => (await metrics.storePrimaryConfirmed.get()).values[0]?.value ?? Number.NaN

describe('a replica that hangs', () => {
  it('makes logins uncertain while it could be promoted, and no longer', async () => {
    const [hanging] = replicas()
    await expect.poll(() => login(), eventually).toMatchObject({ certainty: 'safe' })
    const before = await uncertain('replica')
    hanging?.signal('SIGSTOP')
    // The other replica has it: for WAIT 1 that would be enough.
    expect(await login('101')).toMatchObject({ certainty: 'unconfirmed' })
    expect(await uncertain('replica')).toBe(before + 1)
    await expect.poll(() => login(), eventually).toMatchObject({ certainty: 'safe' })
    expect(await redis.sentinel('SENTINEL', 'REPLICAS', 'desk')).toContain('s_down')
    hanging?.signal('SIGCONT')
  })
})

describe('a primary that becomes a replica by hand', () => {
  it('is abandoned within two seconds', async () => {
    await expect.poll(() => login(), eventually).toMatchObject({ certainty: 'safe' })
    const primary = await redis.primary()
    const lost = stateOf(store, 'lost', 2_000)
    await primary.cli('REPLICAOF', '127.0.0.1', String(replicas()[0]?.port))
    await lost
    await primary.cli('REPLICAOF', 'NO', 'ONE')
    await stateOf(store, 'connected', 15_000)
  })
})

describe('a node that reaches a minority of the sentinels', () => {
  it('reports it, confirms nothing, and is certain again when a majority replies', async () => {
    await expect.poll(() => login(), eventually).toMatchObject({ certainty: 'safe' })
    expect(doubts()).toBe('')
    const before = await uncertain('primary')
    const [, second, third] = redis.sentinels
    for (const sentinel of [second, third]) sentinel?.signal('SIGSTOP')
    await expect.poll(doubts, eventually).toContain('only 1 of 3 sentinels answers')
    expect(await isConfirmed()).toBe(0)
    expect(await login('101')).toEqual({ certainty: 'unconfirmed', reply: 'DISPLACED 100' })
    expect(await uncertain('primary')).toBe(before + 1)
    second?.signal('SIGCONT')
    await expect.poll(doubts, eventually).toBe('')
    expect(await isConfirmed()).toBe(1)
    // Sentinels that were stopped do nothing for half a minute: this is the last that the test asks of them.
    await expect.poll(() => login(), eventually).toMatchObject({ certainty: 'safe' })
    third?.signal('SIGCONT')
    expect(entriesOf(log).filter(({ event }) => event === 'store.primary').length).toBeGreaterThan(1)
  })
})

describe('a primary that is unreachable although the sentinels are not', () => {
  it('is named, and the sentinels are not blamed', async () => {
    const primary = await redis.primary()
    await primary.kill()
    const look = () =>
      inspectRedis({
        redis: redis.place as Parameters<typeof inspectRedis>[0]['redis'],
        network: 'hd',
        functions: storeNeeds(redis.place, '').functions,
        clock: storeNeeds(redis.place, '').clock,
      })
    await expect(look()).rejects.toThrow(`the primary that the sentinels name, 127.0.0.1:${primary.port}, cannot be reached`)
  })
})

describe('a primary at a plain URL', () => {
  it('has its logins confirmed by every connected replica, and by at least one', async () => {
    const [primary, ...rest] = await Promise.all([launchAlone(), launchAlone()])
    const url = new Secret(`redis://127.0.0.1:${primary.port}`)
    const needs = storeNeeds({ kind: 'url', url }, join(redis.directory, 'url'))
    const alone = await createStore({ ...needs, durability: 'replicated' })
    const change = () => alone.transition('hotdesk_login', '100', 'HD0001', 'dial-code')
    try {
      expect(await change()).toMatchObject({ certainty: 'unconfirmed' })
      rest.push(await launchAlone())
      for (const replica of rest) await replica.cli('REPLICAOF', '127.0.0.1', String(primary.port))
      await caughtUp(primary, 2)
      expect(await change()).toMatchObject({ certainty: 'safe' })
      rest[0]?.signal('SIGSTOP')
      expect(await change()).toMatchObject({ certainty: 'unconfirmed' })
    } finally {
      await alone.close()
      for (const server of [primary, ...rest]) await server.kill()
    }
  })
})

describe('a write over a connection that has ended since', () => {
  it('is not certain: the next connection may lead to a server without it', async () => {
    const [primary, replica] = await Promise.all([launchAlone(), launchAlone()])
    const url = new Secret(`redis://127.0.0.1:${primary.port}`)
    const destination = createDestination({ kind: 'url', url }, '{hd}', systemClock)
    const writer = newConnection(destination).on('error', () => undefined)
    try {
      await replica.cli('REPLICAOF', '127.0.0.1', String(primary.port))
      await caughtUp(primary, 1)
      await writer.connect()
      const begin = createConfirmation({ redis: writer, destination, clock: systemClock })
      const [first, second] = [begin(), begin()]
      await writer.set('{hd}:write', '1')
      expect(await first()).toBeNull()
      const isBack = once(writer, 'ready')
      await primary.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await isBack
      expect(await second()).toEqual({ reason: 'unanswered', detail: 'the connection was lost' })
    } finally {
      writer.disconnect()
      destination.close()
      for (const server of [primary, replica]) await server.kill()
    }
  })
})

async function launchAlone(): Promise<RedisProcess> {
  const port = await freePort()
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', redis.directory, '--dbfilename', `${port}.rdb`]
  return launchRedis({ port, words: [...words, '--save', '', '--repl-diskless-sync-delay', '0', '--daemonize', 'no'] })
}
