import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { hashPin } from '../../../src/hotdesk/hotdesk.js'
import { everythingKept, hearCommands } from '../../support/admin-wire/traces.js'
import { keepLog } from '../../support/node/kept-log.js'
import { onNewEpoch } from '../../support/redis/epochs.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { changeOn, type DeskNode, device, eventsOf, extension, openDeskNode, pin } from '../../support/redis/redis-network.js'
import { followed, keyOf, stateOf } from '../../support/redis/redis-store.js'

let redis: TestRedis
let node: DeskNode
const kept = keepLog()

beforeAll(async () => {
  redis = await startTestRedis()
  node = await openDeskNode(redis, { log: kept.log })
})
afterAll(async () => {
  await node.close()
  await redis.close()
})
beforeEach(async () => {
  for (const id of ['HD0001', 'HD0002']) await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', id, 'now')
  for (const key of (await redis.cli('KEYS', '{hd}:attempts:*')).split('\n')) if (key) await redis.cli('DEL', key)
  await followed(node.store)
})

const alice = (digits: string) => node.hotdesk.login({ extension: extension('100'), device: device('HD0001'), pin: pin(digits) })
const bob = (digits: string, phone = 'HD0001') =>
  node.hotdesk.login({ extension: extension('101'), device: device(phone), pin: pin(digits) })

describe('a login with a PIN', () => {
  it('assigns the phone, in Redis and in the copy, and requests a refresh', async () => {
    const change = changeOn(node.hotdesk, 'HD0001')
    const refresh = new Promise((resolve) => onNewEpoch(node.store, resolve))
    expect(await alice('4711')).toEqual({ outcome: 'LOGGED_IN' })
    expect(await change).toEqual({ device: 'HD0001', before: null, after: '100', cause: 'login' })
    expect(await refresh).toBe('HD0001')
    expect(node.hotdesk.devicesOf(extension('100'))).toEqual(['HD0001'])
    expect(await redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
    expect((await eventsOf(node.store)).at(-1)).toMatchObject({ event: 'login', device: 'HD0001', user: '100', via: 'dial-code' })
  })

  it('displaces, moves, and repeats itself with the replies of the contract', async () => {
    expect(await alice('4711')).toEqual({ outcome: 'LOGGED_IN' })
    expect(await bob('5822', 'HD0002')).toEqual({ outcome: 'LOGGED_IN' })
    expect(await bob('5822')).toEqual({ outcome: 'DISPLACED', displaced: '100', from: 'HD0002' })
    expect(await bob('5822')).toEqual({ outcome: 'UNCHANGED' })
    expect(await bob('5822', 'HD0002')).toEqual({ outcome: 'MOVED', from: 'HD0001' })
  })

  it('is refused on a phone that is not a hot-desk phone before any attempt is spent', async () => {
    const request = { extension: extension('100'), device: device('HD7777'), pin: pin('4711') }
    expect(await node.hotdesk.login(request)).toEqual({ outcome: 'NOT_A_HOTDESK_PHONE' })
    expect(await redis.cli('EXISTS', '{hd}:attempts:100')).toBe('0')
  })

  it('forgets earlier failures when it succeeds', async () => {
    expect(await alice('1111')).toEqual({ outcome: 'DENIED' })
    expect(await alice('4711')).toEqual({ outcome: 'LOGGED_IN' })
    expect(await redis.cli('EXISTS', '{hd}:attempts:100:HD0001')).toBe('0')
  })
})

describe('a logout at every phone', () => {
  const everywhere = (digits: string, phone = 'HD0002') =>
    node.hotdesk.logoutEverywhere({ extension: extension('100'), device: device(phone), pin: pin(digits) })

  it('needs the PIN, at whatever phone, and frees each phone of the user', async () => {
    await alice('4711')
    expect(await everywhere('1111')).toEqual({ outcome: 'DENIED' })
    expect(await redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')).toBe('AT HD0001')
    expect(await everywhere('4711')).toEqual({ outcome: 'LOGGED_OUT', extension: '100' })
    expect(await redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')).toBe('NOWHERE')
    expect((await eventsOf(node.store)).at(-1)).toMatchObject({ event: 'logout', device: 'HD0001', user: '100', via: 'dial-code' })
    expect(await everywhere('4711')).toEqual({ outcome: 'FREE' })
  })

  it('spends attempts like a login, and is locked like one', async () => {
    for (const wrong of ['1357', '2468', '9753']) expect(await everywhere(wrong)).toEqual({ outcome: 'DENIED' })
    expect(await everywhere('4711')).toMatchObject({ outcome: 'LOCKED' })
  })

  it('is not kept from a phone that is no hot-desk phone', async () => {
    await alice('4711')
    expect(await everywhere('4711', 'HD7777')).toEqual({ outcome: 'LOGGED_OUT', extension: '100' })
  })
})

describe('a refused login', () => {
  it('gives the caller one word, and the operators its reason', async () => {
    // Even the right PIN of a disabled user is a failure, and does not clear earlier ones.
    const pinHash = await hashPin(pin('9753'))
    await node.directory.putUser('103', { name: 'Disabled', home: 'paris', enabled: false, pinHash })
    await node.directory.putUser('104', { name: 'Barred', home: 'paris', mayHotdesk: false, pinHash })
    await node.directory.putUser('105', { name: 'Without', home: 'paris' })
    await keyOf(node.store, 'user:105', (hash) => hash !== undefined)
    const tries = { '100': 'wrong-pin', '199': 'unknown-extension', '103': 'disabled', '104': 'not-allowed', '105': 'no-pin' }
    for (const [number, reason] of Object.entries(tries)) {
      const outcome = await node.hotdesk.login({ extension: extension(number), device: device('HD0002'), pin: pin('9753') })
      expect(outcome).toEqual({ outcome: 'DENIED' })
      expect((await eventsOf(node.store)).at(-1)).toEqual({
        event: 'login.denied',
        device: 'HD0002',
        // An extension that does not exist may be a PIN.
        ...(reason === 'unknown-extension' ? {} : { user: number }),
        via: 'dial-code',
        reason,
      })
      const counted = await redis.cli('GET', `{hd}:attempts:${number}:HD0002`)
      expect(counted).toBe(reason === 'unknown-extension' ? '' : '1')
    }
    expect(await redis.cli('GET', '{hd}:attempts:HD0002')).toBe('5')
  })

  it('locks after three failures, even for the right PIN, while logouts still work', async () => {
    expect(await bob('5822')).toEqual({ outcome: 'LOGGED_IN' })
    for (let i = 0; i < 3; i++) expect(await alice('1111')).toEqual({ outcome: 'DENIED' })
    expect(await alice('4711')).toEqual({ outcome: 'LOCKED', seconds: expect.closeTo(900, -1) as number })
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'dial-code')).toEqual({ outcome: 'LOGGED_OUT', extension: '101' })
    expect(await redis.cli('FCALL', 'hotdesk_unlock', '1', '{hd}', '100')).toBe('UNLOCKED 100')
    expect(await alice('4711')).toEqual({ outcome: 'LOGGED_IN' })
  })

  it('compares at most three of fifty PINs that arrive at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => alice(String(6_000 + index))))
    expect(outcomes.filter(({ outcome }) => outcome === 'DENIED')).toHaveLength(3)
    expect(outcomes.filter(({ outcome }) => outcome === 'LOCKED')).toHaveLength(47)
  })
})

describe('secrecy', () => {
  it('shows no PIN to MONITOR, SLOWLOG, any key or the log', async () => {
    await redis.cli('CONFIG', 'SET', 'slowlog-log-slower-than', '0')
    const commands = await hearCommands(redis)
    await alice('90817263')
    await alice('4711')
    const heard = await commands.close()
    const slow = await redis.cli('SLOWLOG', 'GET', '200')
    expect(kept.lines.join('')).toContain('hotdesk.denied')
    expect(heard).toContain('hotdesk_attempt')
    expect(slow).toContain('hotdesk_login')
    for (const text of [heard, slow, await redis.cli('HGETALL', '{hd}:user:100'), kept.lines.join('')]) {
      expect(text).not.toContain('90817263')
      // The lines are compared, so that a failure shows the line with the PIN.
      expect(text.split('\n').filter((line) => /(?<![0-9])4711(?![0-9])/.test(line))).toEqual([])
    }
  })
})

describe('a PIN that is typed in place of the extension', () => {
  const mistaken = '739218465'

  it('is in no key, value, command, event or line of the log, and is locked like an existing user', async () => {
    const commands = await hearCommands(redis)
    const guess = () => node.hotdesk.login({ extension: extension(mistaken), device: device('HD0001'), pin: pin('4711') })
    for (let i = 0; i < 3; i++) expect(await guess()).toEqual({ outcome: 'DENIED' })
    expect(await guess()).toEqual({ outcome: 'LOCKED', seconds: expect.closeTo(900, -1) as number })
    node.hotdesk.abandoned(device('HD0001'), extension(mistaken))
    await expect
      .poll(async () => (await eventsOf(node.store)).at(-1))
      .toEqual({
        event: 'login.abandoned',
        device: 'HD0001',
        via: 'dial-code',
      })
    const heard = await commands.close()
    expect(heard).toContain('hotdesk_attempt')
    const everything = await everythingKept(redis)
    expect(everything).toContain('{hd}:attempts:?')
    for (const text of [heard, everything, kept.lines.join('')]) expect(text).not.toContain(mistaken)
  })
})

describe('a caller who hangs up', () => {
  it('changes nothing but the events', async () => {
    const before = await redis.cli('HGETALL', '{hd}:device:HD0001')
    node.hotdesk.abandoned(device('HD0001'), extension('100'))
    await expect.poll(async () => (await eventsOf(node.store)).at(-1)?.event).toBe('login.abandoned')
    expect(await redis.cli('HGETALL', '{hd}:device:HD0001')).toBe(before)
  })
})

describe('without Redis', () => {
  it('a login soon gets STORE_LOST while Redis hangs, and at once when it is gone', async () => {
    redis.signal('SIGSTOP')
    const began = systemClock.now()
    expect(await alice('4711')).toEqual({ outcome: 'STORE_LOST' })
    expect(systemClock.now() - began).toBeLessThan(3_000)
    await stateOf(node.store, 'lost')
    const later = systemClock.now()
    expect(await alice('4711')).toEqual({ outcome: 'STORE_LOST' })
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'dial-code')).toEqual({ outcome: 'STORE_LOST' })
    expect(systemClock.now() - later).toBeLessThan(1_000)
    redis.signal('SIGCONT')
    await stateOf(node.store, 'connected')
  })

  it('keeps an acknowledged login when Redis is killed, and the assignments in memory meanwhile', async () => {
    expect(await bob('5822', 'HD0002')).toEqual({ outcome: 'LOGGED_IN' })
    await keyOf(node.store, 'devices', (hash) => hash?.get('HD0002') === '101')
    const lost = stateOf(node.store, 'lost')
    await redis.kill()
    await lost
    expect(node.hotdesk.userOn(device('HD0002'))).toBe('101')
    await redis.start()
    await stateOf(node.store, 'connected')
    expect(node.hotdesk.userOn(device('HD0002'))).toBe('101')
    expect(await redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0002')).toBe('OCCUPIED 101')
  })

  it('reports calls that began and ended meanwhile to Redis, so that draining continues', async () => {
    expect(await alice('4711')).toEqual({ outcome: 'LOGGED_IN' })
    await followed(node.store)
    node.hotdesk.callBegan(device('HD0001'), 'ordinary')
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'console')).toEqual({ outcome: 'DRAINING', calls: 1 })
    const lost = stateOf(node.store, 'lost')
    await redis.kill()
    await lost
    node.hotdesk.callEnded(device('HD0001'), 'ordinary')
    const change = changeOn(node.hotdesk, 'HD0001')
    await redis.start()
    expect(await change).toEqual({ device: 'HD0001', before: '100', after: null, cause: 'logout' })
  })
})
