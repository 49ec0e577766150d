import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createDirectory } from '../../../src/directory/directory.js'
import type { Store } from '../../../src/store/store.js'
import { sealWith } from '../../support/node/default-settings.js'
import { type KeptLog, keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { entriesOf, followed, keyOf, openTestStore } from '../../support/redis/redis-store.js'

const pairs = Array.from({ length: 10 }, (_, index) => [String(100 + index), `HD${1_000 + index}`] as const)
const all = new Map(pairs.map(([user, phone]) => [phone, user]))

let redis: TestRedis
let store: Store
let kept: KeptLog

beforeEach(async () => {
  redis = await startTestRedis()
  for (let user = 100; user < 120; user++) await redis.cli('HSET', `{hd}:user:${user}`, 'name', String(user), 'home', 'paris')
  for (const phone of all.keys()) await redis.cli('HSET', `{hd}:device:${phone}`, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
  kept = keepLog()
  store = await openTestStore(redis, { log: kept.log })
})
afterEach(async () => {
  await store.close()
  await redis.close()
})

const reasons = (): string => store.condition().reasons.join()
const copied = (): unknown => store.replica.hash('devices')

/** The loss was noticed, and logins are refused. */
async function expectLoss(words: RegExp): Promise<void> {
  await expect.poll(reasons, { timeout: 5_000 }).toMatch(words)
  await expect(store.transition('hotdesk_login', '119', 'HD1009')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await expect.poll(() => entriesOf(kept).flatMap(({ event }) => event ?? [])).toContain('store.shrunk')
}

async function logIn(count = pairs.length): Promise<void> {
  for (const [user, phone] of pairs.slice(0, count)) await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', user, phone)
  await keyOf(store, 'devices', (hash) => hash?.size === count)
}

async function byHand(count: number, from = 0): Promise<void> {
  for (const [, phone] of pairs.slice(from, from + count)) {
    await redis.cli('HDEL', '{hd}:devices', phone)
    await keyOf(store, 'devices', (hash) => reasons() !== '' || !hash?.has(phone))
  }
}

/** The hashes of a saved copy. */
async function savedIn(file: string): Promise<{ readonly hashes: ReadonlyMap<string, Record<string, string>> }> {
  const lines = (await readFile(join(redis.directory, file), 'utf8')).trim().split('\n').slice(1, -1)
  const entries = lines.map((line) => JSON.parse(line) as [string, [string, string][]])
  return { hashes: new Map(entries.map(([key, fields]) => [key, Object.fromEntries(fields)])) }
}

/** The output of HGETALL. */
function pairsOf(printed: string): Record<string, string> {
  const lines = printed === '' ? [] : printed.split('\n')
  return Object.fromEntries(lines.flatMap((line, index) => (index % 2 === 0 ? [[line, lines[index + 1] ?? '']] : [])))
}

describe('logins that vanish one by one', () => {
  it('are a loss if all are gone, even if the phones were corrected in between; the copy keeps them', async () => {
    await logIn(3)
    for (let index = 0; index < 3; index++) {
      await byHand(1, index)
      await redis.cli('FCALL', 'hotdesk_repair', '1', '{hd}')
    }
    await expectLoss(/lost 3 logins/)
    expect(copied()).toEqual(new Map([...all].slice(0, 3)))
    expect(store.replica.hash('users')?.get('101')).toBe('HD1001')
    const { hashes } = await savedIn('data/copy-hd.emptied.jsonl')
    expect(hashes.get('devices')).toEqual(Object.fromEntries([...all].slice(0, 3)))
  })

  it('are a loss if three of ten are gone, until they are back', async () => {
    await logIn()
    await byHand(3)
    await expectLoss(/lost 3 logins/)
    expect(copied()).toEqual(all)
    // Writes in the meantime do not remove them from the copy.
    await redis.cli('HSET', '{hd}:devices', 'HD1009', '109', 'HD2000', '119')
    await keyOf(store, 'devices', (hash) => hash?.size === 11)
    await redis.cli('HDEL', '{hd}:devices', 'HD2000')
    for (const [user, phone] of pairs.slice(0, 3)) await redis.cli('HSET', '{hd}:devices', phone, user)
    await expect.poll(reasons).toBe('')
    await expect.poll(copied).toEqual(all)
  })

  it('are gone from the copy when an operator accepts it', async () => {
    await logIn()
    await byHand(4)
    await expect.poll(reasons).toMatch(/lost [34] logins/)
    await store.putFields('removed', { '*': String(Math.ceil(store.clock.now() / 1_000)) })
    await expect.poll(reasons, { timeout: 5_000 }).toBe('')
    await expect.poll(copied).toEqual(new Map([...all].slice(4)))
  })

  it('are not a loss if two of ten are removed by hand, or three users move to other phones by hand', async () => {
    await logIn(5)
    for (const [index, [user, phone]] of pairs.slice(0, 3).entries()) {
      // In the same moment, or one after the other.
      const script = "redis.call('HDEL', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])"
      if (index < 2) await redis.cli('EVAL', script, '1', '{hd}:devices', phone, `HD100${index + 5}`, user)
      else {
        await redis.cli('HDEL', '{hd}:devices', phone)
        await redis.cli('HSET', '{hd}:devices', `HD100${index + 5}`, user)
      }
    }
    await byHand(2, 3)
    await redis.cli('FCALL', 'hotdesk_repair', '1', '{hd}')
    await followed(store)
    expect(reasons()).toBe('')
    expect(copied()).toEqual(new Map(pairs.slice(0, 3).map(([user], index) => [`HD100${index + 5}`, user])))
  })

  it('are not a loss if functions end them: moves, displacements, swapped and deleted phones', async () => {
    await logIn(5)
    for (const [index, [user]] of pairs.slice(0, 5).entries())
      await store.transition('hotdesk_login', user, `HD100${(index + 3) % 10}`, 'cli')
    await store.transition('hotdesk_login', '110', 'HD1005', 'cli')
    await store.call('hotdesk_replace', 'HD1004', 'HD1009')
    const directory = createDirectory({ store, seal: sealWith('of the test'), log: silentLogger() })
    await directory.apply(['HD1003', 'HD1005', 'HD1006'].map((id) => ({ key: `device:${id}`, fields: null })))
    for (const id of ['HD1003', 'HD1005', 'HD1006']) await store.call('hotdesk_evict', id, 'paris-1')
    directory.close()
    await followed(store)
    expect(reasons()).toBe('')
    expect(copied()).toEqual(new Map(Object.entries(pairsOf(await redis.cli('HGETALL', '{hd}:devices')))))
  })
})

describe('all logins at once', () => {
  beforeEach(() => logIn(3))

  it('gone with the hash that holds them are a loss', async () => {
    await redis.cli('DEL', '{hd}:devices')
    await expectLoss(/lost 3 logins/)
    expect(store.replica.hash('devices')?.get('HD1001')).toBe('101')
  })

  it('gone by logouts are not a loss', async () => {
    await redis.cli(
      'EVAL',
      "for _, id in ipairs({ '0', '1', '2' }) do redis.call('HDEL', '{hd}:devices', 'HD100' .. id) redis.call('HSET', '{hd}:device:HD100' .. id, 'state', 'idle') end",
      '0',
    )
    await keyOf(store, 'devices', (hash) => hash === undefined)
    expect(reasons()).toBe('')
  })
})
