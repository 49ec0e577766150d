import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createSeal } from '../../../src/base/seal.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory, createSecretCheck } from '../../../src/directory/directory.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { sealWith } from '../../support/node/default-settings.js'
import { keepLog } from '../../support/node/kept-log.js'
import { entriesOf, followed, keyOf } from '../../support/redis/redis-store.js'

const other = 'another secret, of no network'
const words = /`secret` is not the secret of this network/

let desk: CommandLine

beforeEach(async () => {
  desk = await openCommandLine()
})
afterEach(() => desk.close())

/** The secret of the configuration from now on. */
async function set(secret: string): Promise<void> {
  const file = join(desk.folder, 'hotdesk.yaml')
  const settings = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  await writeFile(file, JSON.stringify({ ...settings, secret }))
}

const fingerprint = () => desk.redis.cli('HGET', '{hd}:secret', 'fingerprint')
const credentials = () =>
  Promise.all(['HD0001', 'HD0002', 'HD0003', 'HD0004'].map((id) => desk.redis.cli('HGET', `{hd}:device:${id}`, 'credential')))

describe('the fingerprint of the network’s secret', () => {
  test('is written by the first command that seals, and does not reveal the secret', async () => {
    expect(await fingerprint()).toMatch(/^1\.[\w-]{43}$/)
    expect(await desk.redis.cli('HGETALL', '{hd}:secret')).not.toContain('a secret of')
    expect(await desk.hotdesk('redis', 'secret')).toMatchObject({
      code: 0,
      out: 'The secret of this configuration is the secret of the network.',
    })
  })

  test('has a salt: the same secret reads differently in another network, and each time', async () => {
    const seal = createSeal(new Secret(other), 'hd')
    const [one, again] = [await seal.newFingerprint(), await seal.newFingerprint()]
    expect(one.fingerprint).not.toBe(again.fingerprint)
    expect(await seal.fingerprint(one.salt)).toBe(one.fingerprint)
    expect(await createSeal(new Secret(other), 'hd2').fingerprint(one.salt)).not.toBe(one.fingerprint)
    expect(await createSeal(new Secret(`${other}!`), 'hd').fingerprint(one.salt)).not.toBe(one.fingerprint)
  })

  test('is written once if two commands are the first', async () => {
    await desk.redis.cli('DEL', '{hd}:secret')
    const [first, second] = await Promise.all(['s1 f1', 's2 f2'].map((text) => desk.store.call('hotdesk_secret', ...text.split(' '))))
    expect(`${first} ${second}`).toMatch(/^(SET PRESENT s. f.|PRESENT s. f. SET)$/)
  })
})

describe('with another secret', () => {
  test.each([
    [['device', 'add', 'HD0009', '--location', 'desk']],
    [['device', 'password', 'HD0001']],
    [['device', 'set', 'HD0001', '--location', 'elsewhere']],
    [['user', 'list']],
    [['import', 'people.csv']],
    [['redis', 'secret']],
    [['redis', 'secret', '--change']],
  ])('hotdesk %j is refused with 2, once, and changes nothing', async (args) => {
    await writeFile(join(desk.folder, 'people.csv'), 'device,password,location\nHD0009,a-good-password-1,desk\n')
    await set(other)
    const before = [await credentials(), await fingerprint(), await desk.redis.cli('DBSIZE')]
    const { code, out, err } = await desk.hotdesk(...args.map((word) => (word === 'people.csv' ? join(desk.folder, word) : word)))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(words)
    expect(err.match(/secret` is not/g)).toHaveLength(1)
    expect(err).not.toMatch(/device password|another secret, of/)
    expect([await credentials(), await fingerprint(), await desk.redis.cli('DBSIZE')]).toEqual(before)
  })

  test('a write that seals is refused in the last moment as well', async () => {
    const directory = createDirectory({ store: desk.store, seal: sealWith(other), log: silentLogger() })
    await expect(directory.putDevice('HD0009', { site: 'paris', password: new Secret('x'.repeat(20)) })).rejects.toMatchObject({
      code: 'SECRET_DIFFERS',
    })
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD0009')).toBe('0')
    directory.close()
  })

  test('a copy of the network of before is not restored', async () => {
    const file = join(desk.folder, 'copy.jsonl')
    const { createStore } = await import('../../../src/store/store.js')
    const { storeNeeds } = await import('../../support/redis/redis-store.js')
    const saving = await createStore(storeNeeds(desk.redis.place, desk.folder))
    await saving.close()
    await writeFile(file, await readFile(join(desk.folder, 'copy-hd.jsonl')))
    await desk.redis.empty()
    await set(other)
    const { code, err } = await desk.hotdesk('redis', 'restore', file)
    expect(code).toBe(1)
    expect(err).toMatch(/saved when the network had another secret \(`secret` opens 0 of 4 phone passwords in it\); nothing was written/)
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD0001')).toBe('0')
  })
})

describe('a network without a fingerprint', () => {
  beforeEach(async () => {
    await desk.redis.cli('DEL', '{hd}:secret')
    await keyOf(desk.store, 'secret', (hash) => hash === undefined)
  })

  test('gets it from the secret that opens its passwords', async () => {
    expect((await desk.hotdesk('device', 'password', 'HD0001')).code).toBe(0)
    expect(await fingerprint()).toMatch(/^1\./)
  })

  test('refuses one that does not open them', async () => {
    await set(other)
    const { code, err } = await desk.hotdesk('device', 'password', 'HD0001')
    expect(code).toBe(2)
    expect(err).toMatch(/it opens 0 of 4 phone passwords/)
    expect(await fingerprint()).toBe('')
  })

  test('that has no password takes the first secret', async () => {
    for (const id of ['HD0001', 'HD0002', 'HD0003', 'HD0004']) await desk.redis.cli('HDEL', `{hd}:device:${id}`, 'credential')
    await followed(desk.store)
    await set(other)
    expect((await desk.hotdesk('device', 'password', 'HD0001')).code).toBe(0)
    await set('a secret of the command line tests')
    expect((await desk.hotdesk('device', 'password', 'HD0001')).code).toBe(2)
  })
})

describe('the secret is changed on purpose', () => {
  afterEach(() => {
    delete process.env.HOTDESK_NEW_SECRET
  })

  test('--change seals every password again, and replaces the fingerprint', async () => {
    process.env.HOTDESK_NEW_SECRET = other
    expect(await desk.hotdesk('redis', 'secret', '--change')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/4 passwords sealed/) as string,
    })
    expect((await desk.hotdesk('user', 'list')).code).toBe(2)
    await set(other)
    expect((await desk.hotdesk('redis', 'secret')).code).toBe(0)
    const opened = sealWith(other).open(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'credential'), 'HD0001' as never)
    expect(opened.reveal()).toBe('sample-HD0001')
  })

  test('is refused while a node runs, except with --now', async () => {
    process.env.HOTDESK_NEW_SECRET = other
    await desk.redis.cli('HSET', '{hd}:node:paris-1', 'site', 'paris', 'sip', 'udp:127.0.0.1:5060', 'version', '1')
    expect(await desk.hotdesk('redis', 'secret', '--change')).toMatchObject({ code: 1, err: expect.stringContaining('paris-1') as string })
    expect((await desk.hotdesk('redis', 'secret', '--change', '--now')).code).toBe(0)
  })

  test('a weak one is refused', async () => {
    process.env.HOTDESK_NEW_SECRET = 'short'
    expect(await desk.hotdesk('redis', 'secret', '--change')).toMatchObject({
      code: 1,
      err: expect.stringContaining('at least 16') as string,
    })
  })

  test('--adopt takes the configured one, and names the phones that need a new password', async () => {
    await set(other)
    const { code, out } = await desk.hotdesk('redis', 'secret', '--adopt')
    expect(code).toBe(0)
    expect(out).toMatch(/does not open the passwords of HD0001, HD0002, HD0003, HD0004: hotdesk device password/)
    expect((await desk.hotdesk('device', 'password', 'HD0001')).code).toBe(0)
  })

  test('a node that runs with the old one reports it once, and seals nothing', async () => {
    const log = keepLog()
    const check = createSecretCheck({ store: desk.store, seal: sealWith('a secret of the command line tests') })
    const following = check.follow(log.log)
    await desk.redis.cli('HSET', '{hd}:secret', 'fingerprint', '1.another')
    await expect.poll(() => check.trouble).toMatch(words)
    await desk.redis.cli('HSET', '{hd}:secret', 'salt', 'another')
    await followed(desk.store)
    await expect(check.require()).rejects.toMatchObject({ code: 'SECRET_DIFFERS' })
    expect(entriesOf(log).filter(({ event }) => event === 'store.secret')).toHaveLength(1)
    following.close()
  })
})

test('after FLUSHALL the first node leaves it again', async () => {
  const check = createSecretCheck({ store: desk.store, seal: sealWith('a secret of the command line tests') })
  const following = check.follow(silentLogger())
  await desk.redis.empty()
  await expect.poll(fingerprint).toMatch(/^1\./)
  following.close()
})
