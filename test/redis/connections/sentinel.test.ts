import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { every, pause, systemClock } from '../../../src/base/clock.js'
import { isAppError } from '../../../src/base/errors.js'
import { Secret } from '../../../src/base/secret.js'
import { createStore, type Store } from '../../../src/store/store.js'
import { keepLog } from '../../support/node/kept-log.js'
import type { RedisProcess } from '../../support/redis/redis-process.js'
import { caughtUp, startTestSentinel, type TestSentinel } from '../../support/redis/redis-sentinel.js'
import { keyOf, stateOf, storeNeeds } from '../../support/redis/redis-store.js'

let redis: TestSentinel
let stores: readonly Store[]

beforeAll(async () => {
  redis = await startTestSentinel()
  await furnish(redis.servers[0] as RedisProcess)
  const open = (name: string) =>
    createStore({ ...storeNeeds(redis.place, join(redis.directory, name)), durability: 'replicated', startWithinMs: 10_000 })
  stores = await Promise.all(['a', 'b', 'c'].map(open))
  expect(stores.map(({ state }) => state)).toEqual(['connected', 'connected', 'connected'])
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await redis.close()
})

const desks = 12
const usersPerDesk = 200
const deviceOf = (desk: number): string => `HD${String(desk).padStart(4, '0')}`
/** The user of a desk's n-th login; each desk has users of its own, one after the other. */
const userOf = (desk: number, turn: number): string => String(10_000 + desk * usersPerDesk + (turn % usersPerDesk))

async function furnish(primary: RedisProcess): Promise<void> {
  const lines: string[] = []
  for (let desk = 0; desk < desks; desk++) {
    lines.push(`HSET {hd}:device:${deviceOf(desk)} site paris hotdesk yes location desk`)
    for (let turn = 0; turn < usersPerDesk; turn++) lines.push(`HSET {hd}:user:${userOf(desk, turn)} name ${turn} home paris`)
  }
  await primary.pipe(lines)
}

/** One desk at which one after the other logs in, as fast as it goes. */
interface Desk {
  readonly device: string
  /** The latest login that was acknowledged, and when; -1: none. */
  acknowledged: number
  acknowledgedAt: number
  /** The latest that was tried. */
  tried: number
  unconfirmed: number
}

async function logIn(store: Store, number: number, desk: Desk): Promise<void> {
  desk.tried++
  try {
    const { certainty } = await store.transition('hotdesk_login', userOf(number, desk.tried), desk.device, 'dial-code')
    if (certainty === 'unconfirmed') {
      desk.unconfirmed++
      return
    }
    desk.acknowledged = desk.tried
    desk.acknowledgedAt = systemClock.now()
  } catch (fault) {
    if (!isAppError(fault, 'STORE_UNAVAILABLE')) throw fault
    await pause(systemClock, 20)
  }
}

/** All desks, spread over the stores, until stopped. */
function bustle(): { readonly all: readonly Desk[]; stop(): Promise<void> } {
  const all = Array.from({ length: desks }, (_, number): Desk => {
    return { device: deviceOf(number), acknowledged: -1, acknowledgedAt: 0, tried: -1, unconfirmed: 0 }
  })
  let isOver = false
  const work = async (number: number, desk: Desk): Promise<void> => {
    while (!isOver) await logIn(stores[number % stores.length] as Store, number, desk)
  }
  const works = all.map((desk, number) => work(number, desk))
  return {
    all,
    async stop() {
      isOver = true
      await Promise.all(works)
    },
  }
}

/** Desks whose last acknowledged login is neither there nor replaced by a later one that was tried. */
async function lostAt(primary: RedisProcess, all: readonly Desk[]): Promise<readonly string[]> {
  const lost: string[] = []
  for (const [number, { device, acknowledged, tried }] of all.entries()) {
    const found = await primary.cli('HGET', '{hd}:devices', device)
    const possible = Array.from({ length: tried - acknowledged + 1 }, (_, later) => userOf(number, acknowledged + later))
    if (acknowledged >= 0 && !possible.includes(found)) lost.push(`${device}: ${found}, not one of ${possible.join(' ')}`)
  }
  return lost
}

async function until(isSo: () => boolean, withinMs: number): Promise<void> {
  const deadline = systemClock.now() + withinMs
  while (!isSo()) {
    if (systemClock.now() > deadline) throw new Error(`not within ${withinMs} ms`)
    await pause(systemClock, 10)
  }
}

describe('a primary that is killed while users log in', () => {
  it('loses no acknowledged login; logins work again within 15 seconds, and the copy all the time', async () => {
    const { all, stop } = bustle()
    let gaps = 0
    const watch = every(
      systemClock,
      20,
      () => void (stores.every(({ replica }) => replica.hash('user:10000') && replica.hash('devices')?.size === desks) || gaps++),
      () => undefined,
    )
    await until(() => all.every(({ acknowledged }) => acknowledged > 20), 20_000)
    await Promise.all(stores.map((store) => keyOf(store, 'devices', (hash) => hash?.size === desks)))
    gaps = 0
    const killed = systemClock.now()
    await redis.servers[0]?.kill()
    await until(() => all.every(({ acknowledgedAt }) => acknowledgedAt > killed + 500), 15_000)
    watch.cancel()
    await stop()
    const primary = await redis.primary()
    expect(primary.port).not.toBe(redis.servers[0]?.port)
    expect(await lostAt(primary, all)).toEqual([])
    expect(gaps).toBe(0)

    expect(await primary.cli('FUNCTION', 'LIST')).toContain('hotdesk_login')
    const seen = Promise.all(stores.map((store) => keyOf(store, 'user:999', (hash) => hash?.get('name') === 'Bob')))
    await primary.cli('HSET', '{hd}:user:999', 'name', 'Bob')
    await seen
    const old = await redis.revive(redis.servers[0] as RedisProcess)
    await expect.poll(() => old.cli('ROLE'), { timeout: 20_000 }).toMatch(/^slave/)
    await expect.poll(() => old.cli('HGET', '{hd}:user:999', 'name'), { timeout: 20_000 }).toBe('Bob')
    expect(stores.map(({ state }) => state)).toEqual(['connected', 'connected', 'connected'])
  })
})

describe('a login that no replica has', () => {
  it('is not acknowledged, and is lost with the primary, while every acknowledged one stays', async () => {
    const first = await redis.primary()
    const replicas = redis.servers.filter((server) => server !== first)
    await caughtUp(first, 2)
    const { all, stop } = bustle()
    await until(() => all.every(({ acknowledged }) => acknowledged > 5), 20_000)
    for (const replica of replicas) replica.signal('SIGSTOP')
    // A replica receives what was already sent when it continues.
    await first.cli('CLIENT', 'KILL', 'TYPE', 'replica')
    for (const desk of all) desk.unconfirmed = 0
    await until(() => all.every(({ unconfirmed }) => unconfirmed > 0), 5_000)
    await stop()
    const now = await Promise.all(all.map(({ device }) => first.cli('HGET', '{hd}:devices', device)))
    const lost = Promise.all(stores.map((store) => stateOf(store, 'lost')))
    await first.kill()
    for (const replica of replicas) replica.signal('SIGCONT')
    await lost
    await Promise.all(stores.map((store) => stateOf(store, 'connected', 15_000)))
    const primary = await redis.primary()
    expect(await lostAt(primary, all)).toEqual([])
    const after = await Promise.all(all.map(({ device }) => primary.cli('HGET', '{hd}:devices', device)))
    expect(after).not.toEqual(now)
    // The copy follows Redis: a phone that showed an unconfirmed login shows the previous user again.
    for (const [number, store] of stores.entries()) await keyOf(store, 'devices', (hash) => hash?.get(deviceOf(number)) === after[number])
    await caughtUp(primary, 1)
    // Until the sentinels take the dead server for down, it could be promoted in their eyes.
    const login = () => stores[0]?.transition('hotdesk_login', userOf(0, 0), deviceOf(0), 'dial-code')
    await expect.poll(login, { timeout: 10_000, interval: 100 }).toMatchObject({ certainty: 'safe' })
  })
})

describe('a primary that is replaced', () => {
  const connectedAgain = () => Promise.all(stores.map((store) => stateOf(store, 'connected', 15_000)))
  const lostAll = () => Promise.all(stores.map((store) => stateOf(store, 'lost', 30_000)))

  async function expectLogins(primary: RedisProcess): Promise<void> {
    for (const [number, store] of stores.entries()) {
      const user = userOf(number, 3)
      const login = () => store.transition('hotdesk_login', user, deviceOf(number), 'dial-code')
      // Until the sentinels have seen what became of the previous primary, it could be promoted in their eyes.
      await expect.poll(login, { timeout: 15_000, interval: 100 }).toMatchObject({ certainty: 'safe' })
      expect(await primary.cli('HGET', '{hd}:devices', deviceOf(number))).toBe(user)
    }
  }

  it('on purpose is left for its successor, within three seconds after the sentinels name it', async () => {
    const before = await redis.primary()
    const lost = lostAll()
    // Refused as long as no replica is known to be good enough.
    await expect.poll(() => redis.sentinel('SENTINEL', 'FAILOVER', 'desk'), { timeout: 15_000 }).toBe('OK')
    await expect.poll(async () => (await redis.primary()).port, { timeout: 15_000, interval: 20 }).not.toBe(before.port)
    const named = systemClock.now()
    await lost
    await connectedAgain()
    expect(systemClock.now() - named).toBeLessThan(3_000)
    const after = await redis.primary()
    expect(after.port).not.toBe(before.port)
    await caughtUp(after, 1)
    await expectLogins(after)
  })

  it('while it hangs is left as well', async () => {
    const before = await redis.primary()
    const lost = lostAll()
    before.signal('SIGSTOP')
    await lost
    await expect.poll(async () => (await redis.primary()).port, { timeout: 15_000 }).not.toBe(before.port)
    await connectedAgain()
    before.signal('SIGCONT')
    await expect.poll(() => before.cli('ROLE'), { timeout: 20_000 }).toMatch(/^slave/)
    await caughtUp(await redis.primary(), 1)
    await expectLogins(await redis.primary())
  })
})

describe('a URL that leads to a replica', () => {
  it('is not used, and the log gives the reason', async () => {
    const primary = await redis.primary()
    const replica = redis.servers.find((server) => server !== primary && !server.isGone())
    const log = keepLog()
    const url = new Secret(`redis://127.0.0.1:${replica?.port}`)
    const needs = storeNeeds({ kind: 'url', url }, join(redis.directory, 'astray'))
    const store = await createStore({ ...needs, log: log.log, startWithinMs: 500 })
    expect(store.state).toBe('lost')
    expect(JSON.stringify(log.lines)).toContain('this Redis is a replica')
    await store.close()
  })
})
