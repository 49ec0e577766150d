import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { createDirectory } from '../../../src/directory/directory.js'
import type { Store } from '../../../src/store/store.js'
import { sealWith } from '../../support/node/default-settings.js'
import { type KeptLog, keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { entriesOf, followed, keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const users = Array.from({ length: 20 }, (_, index) => `user:${100 + index}`)
const phones = Array.from({ length: 10 }, (_, index) => `device:HD${1_000 + index}`)

let redis: TestRedis
let store: Store
let kept: KeptLog
let metrics: ReturnType<typeof createMetrics>

beforeEach(async () => {
  redis = await startTestRedis()
  for (const key of users) await redis.cli('HSET', `{hd}:${key}`, 'name', key, 'home', 'paris')
  for (const key of phones) await redis.cli('HSET', `{hd}:${key}`, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
  await openStore()
})
afterEach(async () => {
  await store.close()
  await redis.close()
})

async function openStore(): Promise<void> {
  kept = keepLog()
  metrics = createMetrics()
  store = await openTestStore(redis, { log: kept.log, metrics })
}

const reasons = (): string => store.condition().reasons.join()
const events = (): readonly string[] => entriesOf(kept).flatMap(({ event }) => event ?? [])
const isKnown = (key: string): boolean => store.replica.hash(key) !== undefined
const missing = async (): Promise<unknown> => (await metrics.storeMissingRecords.get()).values[0]?.value

/** The loss was noticed, everything is still in the copy, and logins are refused. */
async function expectLoss(words: string | RegExp, withinMs = 5_000): Promise<void> {
  await expect.poll(reasons, { timeout: withinMs }).toMatch(words)
  expect([...users, ...phones].filter((key) => !isKnown(key))).toEqual([])
  await expect(store.transition('hotdesk_login', '100', 'HD1000')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await expect.poll(events).toContain('store.shrunk')
  expect(existsSync(join(redis.directory, 'data/copy-hd.emptied.jsonl'))).toBe(true)
  await expect.poll(missing).not.toBe(0)
}

async function oneByOne(command: (key: string) => readonly string[], keys = users): Promise<void> {
  for (const key of keys) await redis.cli(...command(`{hd}:${key}`))
}

describe('a network that loses its users', () => {
  it.each([
    ['DEL', (key: string) => ['DEL', key]],
    ['UNLINK', (key: string) => ['UNLINK', key]],
    ['PEXPIRE', (key: string) => ['PEXPIRE', key, '1']],
    ['RENAME', (key: string) => ['RENAME', key, `${key}:lost`]],
    ['SET over it', (key: string) => ['SET', key, 'x']],
  ])('one by one (%s) is noticed, and all stay in the copy', async (_how, command) => {
    await oneByOne(command)
    await expectLoss(/lost 20 users: calls go on/)
  })

  it('by eviction is noticed', async () => {
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const used = Number(/used_memory:(\d+)/.exec(await redis.cli('INFO', 'memory'))?.[1])
    // What Redis throws away is not enough, and it takes all it can.
    await redis.cli('CONFIG', 'SET', 'maxmemory', String(Math.floor(used / 2)))
    await redis.cli('SET', 'other', 'x').catch(() => '')
    await expectLoss(/lost \d+ users/)
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  })

  it('by SWAPDB, which Redis does not announce, is noticed within seconds', async () => {
    await redis.cli('SWAPDB', '0', '1')
    await expectLoss(/lost 20 users, 10 phones/, 8_000)
    await redis.cli('SWAPDB', '0', '1')
    await expect.poll(reasons, { timeout: 8_000 }).toBe('')
    expect(events()).toContain('store.whole')
  })

  it('while Redis is away, as by an old dump, is noticed when it is back', async () => {
    const lost = stateOf(store, 'lost')
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await lost
    await redis.cli('DEL', ...users.slice(0, 12).map((key) => `{hd}:${key}`))
    await stateOf(store, 'connected', 5_000)
    await expectLoss(/lost 12 users/)
  })

  it('while the node is down is noticed when it starts, by its saved copy', async () => {
    await store.close()
    await redis.cli('DEL', ...users.map((key) => `{hd}:${key}`))
    await openStore()
    await expectLoss(/lost 20 users/)
  })

  it('does not count as recovered when a value is noted for a phone whose record was lost: the record is kept', async () => {
    await oneByOne((key) => ['DEL', key], phones)
    await redis.cli('HSET', '{hd}:device:HD1000', 'refresh', 'sent')
    await expectLoss(/lost 10 phones/)
    await redis.cli('HSET', '{hd}:device:HD1001', 'digest', 'MD5 192.0.2.7 desk phone', 'state', 'idle')
    await followed(store)
    expect(store.replica.hash('device:HD1001')?.get('location')).toBe('desk')
    expect(reasons()).toMatch(/lost 10 phones/)
    for (const key of phones) await redis.cli('HSET', `{hd}:${key}`, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
    await expect.poll(reasons).toBe('')
    expect(store.replica.hash('device:HD1000')?.get('refresh')).toBe('sent')
  })

  it('by hand, one or two of them, does not count as lost: the copy follows', async () => {
    await oneByOne((key) => ['DEL', key], users.slice(0, 2))
    await keyOf(store, users[1] ?? '', (hash) => hash === undefined)
    expect(isKnown(users[0] ?? '')).toBe(false)
    expect(reasons()).toBe('')
  })
})

describe('a loss ends', () => {
  beforeEach(async () => {
    await oneByOne((key) => ['DEL', key], users.slice(0, 8))
    await expect.poll(reasons).toContain('lost 8 users')
  })

  it('when all records are back', async () => {
    for (const key of users.slice(0, 8)) await redis.cli('HSET', `{hd}:${key}`, 'name', 'again', 'home', 'paris')
    await expect.poll(reasons).toBe('')
    expect(store.replica.hash(users[0] ?? '')?.get('name')).toBe('again')
    expect(await missing()).toBe(0)
  })

  it('when an operator accepts it, as `hotdesk redis accept` does', async () => {
    await store.putFields('removed', { '*': String(Math.ceil(store.clock.now() / 1_000)) })
    await expect.poll(reasons, { timeout: 5_000 }).toBe('')
    expect(users.filter(isKnown)).toEqual(users.slice(8))
    expect(await store.transition('hotdesk_version')).toMatchObject({ certainty: 'safe' })
  })
})

describe('logouts', () => {
  it('are not a loss if all phones log out and in again without a pause', async () => {
    const names = phones.map((key) => key.slice('device:'.length))
    for (let round = 0; round < 150; round++) {
      await Promise.all(names.map((name, index) => store.transition('hotdesk_login', String(100 + index), name, 'dial-code')))
      await Promise.all(names.map((name) => store.transition('hotdesk_logout', name, 'drain', 'dial-code')))
    }
    await followed(store)
    expect(events()).not.toContain('store.shrunk')
    expect(reasons()).toBe('')
  })
})

describe('removals through hotdesk', () => {
  it('are not a loss, however many, and not after a restart', async () => {
    const directory = createDirectory({ store, seal: sealWith('of the test'), log: silentLogger() })
    await directory.apply([...users.slice(1), ...phones.slice(1)].map((key) => ({ key, fields: null })))
    await followed(store)
    expect([...users, ...phones].filter(isKnown)).toEqual(['user:100', 'device:HD1000'])
    directory.close()
    await store.close()
    await openStore()
    expect(reasons()).toBe('')
    expect(isKnown('user:101')).toBe(false)
  })

  it('that another node missed are not a loss to it, even if it was down', async () => {
    await store.close()
    const other = await openTestStore(redis, { data: join(redis.directory, 'other') })
    const directory = createDirectory({ store: other, seal: sealWith('of the test'), log: silentLogger() })
    await directory.apply(users.map((key) => ({ key, fields: null })))
    directory.close()
    await other.close()
    await openStore()
    expect(reasons()).toBe('')
    expect(users.filter(isKnown)).toEqual([])
  })
})

describe('a node whose clock is five minutes off', () => {
  const clockOff = (ms: number): Clock => ({ now: () => systemClock.now() + ms, after: systemClock.after })

  async function openWith(clock: Clock): Promise<void> {
    await store.close()
    kept = keepLog()
    store = await openTestStore(redis, { log: kept.log, clock })
  }

  async function removeElsewhere(keys: readonly string[]): Promise<void> {
    const other = await openTestStore(redis, { data: join(redis.directory, 'other') })
    const directory = createDirectory({ store: other, seal: sealWith('of the test'), log: silentLogger() })
    await directory.apply(keys.map((key) => ({ key, fields: null })))
    directory.close()
    await other.close()
  }

  it.each([
    ['ahead', 300_000],
    ['behind', -300_000],
  ])('(%s) does not take removals through hotdesk for a loss, and learns of an accepted one', async (_how, ms) => {
    await openWith(clockOff(ms))
    await removeElsewhere(users.slice(0, 10))
    await followed(store)
    expect(reasons()).toBe('')
    expect(users.filter(isKnown)).toEqual(users.slice(10))
    await oneByOne((key) => ['DEL', key], users.slice(10))
    await expect.poll(reasons).toContain('lost 10 users')
    await store.putFields('removed', { '*': String(Math.ceil(store.clock.now() / 1_000)) })
    await expect.poll(reasons, { timeout: 5_000 }).toBe('')
  })

  it('does not take removals during its downtime for a loss, even if its clock was set meanwhile', async () => {
    await openWith(clockOff(300_000))
    await store.close()
    await removeElsewhere(users)
    await openWith(systemClock)
    expect(reasons()).toBe('')
    expect(users.filter(isKnown)).toEqual([])
  })
})

describe('a node that moves from the embedded Redis to a shared one', () => {
  it('has lost nothing, even if it has a saved copy with others', async () => {
    const data = join(redis.directory, 'moved')
    const embedded = await openTestStore({ place: { kind: 'embedded' }, directory: redis.directory }, { data })
    await embedded.writeAll(['200', '201', '202', '203'].map((id) => ({ key: `user:${id}`, fields: { name: id, home: 'paris' } })))
    await keyOf(embedded, 'user:203', (hash) => hash !== undefined)
    await embedded.close()
    await store.close()
    store = await openTestStore(redis, { data })
    expect(reasons()).toBe('')
    expect(isKnown('user:200')).toBe(false)
  })
})
