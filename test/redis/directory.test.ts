import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.js'
import { createDirectory, type Directory, loadSamples, publishedPasswords, samples } from '../../src/directory/directory.js'
import { hashPin } from '../../src/hotdesk/hotdesk.js'
import type { Store } from '../../src/store/store.js'
import { sealWith } from '../support/node/default-settings.js'
import { keepLog } from '../support/node/kept-log.js'
import { sealedByEarlierVersion } from '../support/node/old-seal.js'
import { startTestRedis, type TestRedis } from '../support/redis/redis.js'
import { device, extension } from '../support/redis/redis-network.js'
import { entriesOf, keyOf, openTestStore } from '../support/redis/redis-store.js'

let redis: TestRedis
let store: Store
let directory: Directory
const kept = keepLog()

beforeAll(async () => {
  redis = await startTestRedis()
  store = await openTestStore(redis)
  directory = createDirectory({ store, seal: sealWith('of the test'), log: kept.log })
})
afterAll(async () => {
  directory.close()
  await store.close()
  await redis.close()
})
beforeEach(async () => {
  await redis.empty()
  await keyOf(store, 'user:1', () => ['user:', 'device:', 'site:'].every((prefix) => [...store.replica.keysUnder(prefix)].length === 0))
  await redis.cli('HSET', '{hd}:user:1', 'home', 'paris')
  await userSeen('1')
})

const userSeen = (number: string) => keyOf(store, `user:${number}`, (hash) => hash !== undefined)
const deviceSeen = (id: string) => keyOf(store, `device:${id}`, (hash) => hash !== undefined)

describe('a user who changes their record by a code', () => {
  it('is named by the event, with the phone and the fields, never the values; a change to the same value is none', async () => {
    const by = { user: extension('1'), device: device('HD0001') }
    const forwardAlways = () => directory.putUser('1', { forwards: { always: '4711' } }, 'known', by)
    expect([await forwardAlways(), await forwardAlways()]).toEqual([{ outcome: 'SAVED' }, { outcome: 'SAVED' }])
    const [, ...event] = (await redis.cli('XRANGE', '{hd}:events', '-', '+')).split('\n')
    expect(event.join(' ')).toBe('event changed user 1 via dial-code fields forwardAlways by 1 host HD0001')
  })
})

describe('a user', () => {
  it('written by hand has the default settings', async () => {
    await redis.cli('HSET', '{hd}:user:120', 'name', 'Zoë', 'home', 'lyon')
    await userSeen('120')
    expect(directory.user(extension('120'))).toEqual({
      extension: '120',
      name: 'Zoë',
      home: 'lyon',
      pinHash: null,
      enabled: true,
      mayHotdesk: true,
      mayForward: true,
      doNotDisturb: false,
      voicemail: null,
      secondLogin: 'move',
      ringSeconds: 25,
      forwards: { always: null, busy: null, noAnswer: null, notLoggedIn: null, notReachable: null },
      rights: null,
      outOfHoursRights: null,
      timeProfile: null,
      profile: null,
      keys: [],
      language: null,
    })
  })

  it('is read as it was written, at once; settings that are not named stay', async () => {
    const outcome = await directory.putUser('121', {
      name: 'Yves',
      home: 'paris',
      secondLogin: 'deny',
      ringSeconds: 40,
      forwards: { busy: '+33199000009' },
    })
    expect(outcome).toEqual({ outcome: 'SAVED' })
    await directory.putUser('121', { mayHotdesk: false, forwards: { busy: null, notLoggedIn: '120' } })
    expect(directory.user(extension('121'))).toMatchObject({
      name: 'Yves',
      secondLogin: 'deny',
      ringSeconds: 40,
      mayHotdesk: false,
      forwards: { busy: null, notLoggedIn: '120' },
    })
  })

  it.each([
    ['5', { name: 'Five', home: 'paris' }, 'extension 5 is reserved'],
    ['HD0001', { home: 'paris' }, 'is no extension'],
    ['122', { name: 'Homeless' }, 'home is "", expected a site'],
    ['122', { home: 'Paris Office' }, 'home is "Paris Office", expected a site'],
    ['122', { home: 'paris', ringSeconds: 9_999 }, 'ringSeconds is "9999", expected a number from 1 to 600'],
    [
      '122',
      { home: 'paris', forwards: { busy: 'sip:evil@example.com' } },
      'forwardBusy is "sip:evil@example.com", expected a number to dial',
    ],
    ['122', { home: 'paris', forwards: { always: '122' } }, 'forwardAlways is "122", expected a number to dial, other than their own'],
  ])('%s %j is refused with a reason', async (number, edit, reason) => {
    const outcome = await directory.putUser(number, edit)
    expect(outcome).toEqual({ outcome: 'REFUSED', reasons: [expect.stringContaining(reason)] })
    expect(await redis.cli('EXISTS', `{hd}:user:${number}`)).toBe('0')
  })

  it('is reported when it is added, edited and removed, and is gone then', async () => {
    const told: string[] = []
    const stop = directory.onUserChange((number) => told.push(number))
    await directory.putUser('123', { name: 'Xavier', home: 'paris' })
    await directory.putUser('123', { name: 'Xaver' })
    expect(await directory.removeUser(extension('123'))).toEqual({ outcome: 'REMOVED' })
    expect(await directory.removeUser(extension('123'))).toEqual({ outcome: 'UNKNOWN' })
    stop()
    expect(told).toEqual(['123', '123', '123'])
    expect(directory.user(extension('123'))).toBeNull()
  })
})

describe('a device', () => {
  it('keeps its password sealed in Redis and unreadable in the log', async () => {
    await directory.putDevice('HD0101', { site: 'paris', hotdesk: true, location: 'hall', password: new Secret('s3same-0pen') })
    expect(directory.device(device('HD0101'))?.password?.reveal()).toBe('s3same-0pen')
    expect(await redis.cli('HGET', '{hd}:device:HD0101', 'credential')).toMatch(/^sealed\.2\./)
    expect(JSON.stringify([directory.devices(), kept.lines])).not.toContain('s3same-0pen')
  })

  it.each([
    ['HD0102', { site: 'paris', hotdesk: true }, 'hotdesk is yes without a location'],
    ['4711', { site: 'paris' }, 'is no device'],
    ['HD0102', { hotdesk: false }, 'site is "", expected a site'],
    ['HD0102', { site: 'paris', owner: 'Alice' }, 'owner is "Alice", expected an extension'],
    ['HD0102', { site: 'paris', elin: 'none' }, 'elin is "none", expected a telephone number'],
  ])('%s %j is refused with a reason', async (id, edit, reason) => {
    expect(await directory.putDevice(id, edit)).toEqual({ outcome: 'REFUSED', reasons: [expect.stringContaining(reason)] })
    expect(await redis.cli('EXISTS', `{hd}:device:${id}`)).toBe('0')
  })

  it('cannot lose its location while it is enabled for hot desking', async () => {
    await directory.putDevice('HD0103', { site: 'paris', hotdesk: true, location: 'hall' })
    expect(await directory.putDevice('HD0103', { location: null })).toMatchObject({ outcome: 'REFUSED' })
    expect(await directory.putDevice('HD0103', { location: null, hotdesk: false })).toEqual({ outcome: 'SAVED' })
  })

  it('is reported when it is edited, not when only its state has changed', async () => {
    await directory.putDevice('HD0104', { site: 'paris', hotdesk: true, location: 'hall' })
    const told: string[] = []
    const stop = directory.onDeviceChange((id) => told.push(id))
    await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '1', 'HD0104')
    await keyOf(store, 'device:HD0104', (hash) => hash?.get('state') === 'active')
    expect(told).toEqual([])
    await directory.putDevice('HD0104', { elin: '+33199000104' })
    stop()
    expect(told).toEqual(['HD0104'])
  })

  it('belongs to its owner', async () => {
    await directory.putDevice('HD0105', { site: 'paris', owner: '1' })
    expect(directory.ownedBy(extension('1')).map(({ id }) => id)).toEqual(['HD0105'])
  })
})

describe('a broken record', () => {
  it('is left out and named in the log once, and is back when it is repaired', async () => {
    await redis.cli('HSET', '{hd}:user:130', 'name', 'Nowhere')
    await userSeen('130')
    expect(directory.user(extension('130'))).toBeNull()
    await redis.cli('HSET', '{hd}:user:130', 'name', 'Still nowhere')
    await keyOf(store, 'user:130', (hash) => hash?.get('name') === 'Still nowhere')
    expect(entriesOf(kept).filter(({ key }) => key === 'user:130')).toHaveLength(1)
    await redis.cli('HSET', '{hd}:user:130', 'home', 'paris')
    await keyOf(store, 'user:130', (hash) => hash?.has('home') === true)
    expect(directory.user(extension('130'))?.name).toBe('Still nowhere')
  })

  it('with a wrong setting has the default, and the log names the setting', async () => {
    await redis.cli('HSET', '{hd}:user:131', 'home', 'paris', 'ringSeconds', 'long', 'enabled', 'true', 'secondLogin', 'never')
    await userSeen('131')
    expect(directory.user(extension('131'))).toMatchObject({ ringSeconds: 25, enabled: true, secondLogin: 'move' })
    const [line] = entriesOf(kept).filter(({ key }) => key === 'user:131')
    for (const field of ['ringSeconds', 'enabled', 'secondLogin']) expect(line?.msg).toContain(field)
  })

  it('whose credential was sealed with another secret has no password', async () => {
    const sealed = sealWith('another').close(new Secret('x'), device('HD0131'))
    await redis.cli('HSET', '{hd}:device:HD0131', 'site', 'paris', 'credential', sealed)
    await deviceSeen('HD0131')
    expect(directory.device(device('HD0131'))?.password).toBeNull()
    expect(entriesOf(kept).some(({ key, msg }) => key === 'device:HD0131' && String(msg).includes('another network secret'))).toBe(true)
  })
})

describe('a sealed password', () => {
  const sealed = (id: string) => redis.cli('HGET', `{hd}:device:${id}`, 'credential')
  const opened = (id: string) => directory.device(device(id))?.password?.reveal() ?? null

  it('copied into the record of another phone opens nothing', async () => {
    await directory.putDevice('HD0141', { site: 'paris', password: new Secret('known-to-thief') })
    await redis.cli('HSET', '{hd}:device:HD0142', 'site', 'paris', 'credential', await sealed('HD0141'))
    await deviceSeen('HD0142')
    expect([opened('HD0141'), opened('HD0142')]).toEqual(['known-to-thief', null])
  })

  it('of an earlier version opens, and is bound to its phone with the next edit', async () => {
    await redis.cli('HSET', '{hd}:device:HD0143', 'site', 'paris', 'credential', sealedByEarlierVersion('of-earlier-days', 'of the test'))
    await deviceSeen('HD0143')
    expect(opened('HD0143')).toBe('of-earlier-days')
    await directory.putDevice('HD0143', { model: 'T46' })
    expect(await sealed('HD0143')).toMatch(/^sealed\.2\./)
    expect(opened('HD0143')).toBe('of-earlier-days')
  })

  it('is not rewritten by an edit that changes nothing', async () => {
    await directory.putDevice('HD0144', { site: 'paris', password: new Secret('as-it-was-before') })
    const before = await sealed('HD0144')
    await directory.putDevice('HD0144', { password: new Secret('as-it-was-before') })
    await directory.putDevice('HD0144', { model: 'T46' })
    expect(await sealed('HD0144')).toBe(before)
  })
})

describe('the sample network', () => {
  it('is loaded only into an empty network', async () => {
    expect(await loadSamples({ store, directory, hashPin })).toBe('present')
    await redis.cli('DEL', '{hd}:user:1')
    await keyOf(store, 'user:1', (hash) => hash === undefined)
    expect(await loadSamples({ store, directory, hashPin })).toBe('loaded')
    expect(directory.users().map(({ name }) => name)).toEqual(samples.users.map(({ name }) => name))
    expect(directory.devices().every(({ hotdesk, password }) => hotdesk && password !== null)).toBe(true)
    expect(await loadSamples({ store, directory, hashPin })).toBe('present')
    // Phones alone are a network as well.
    await redis.cli('DEL', ...samples.users.map(({ extension }) => `{hd}:user:${extension}`))
    await keyOf(store, 'user:102', (hash) => hash === undefined)
    expect(await loadSamples({ store, directory, hashPin })).toBe('present')
  })

  it('is reported if its published passwords are still in use', async () => {
    await redis.cli('DEL', '{hd}:user:1')
    await keyOf(store, 'user:1', (hash) => hash === undefined)
    expect(publishedPasswords(directory)).toEqual([])
    await loadSamples({ store, directory, hashPin })
    await directory.putDevice('HD0001', { password: new Secret('another-password') })
    expect(publishedPasswords(directory)).toEqual(['HD0002', 'HD0003', 'HD0004'])
  })
})
