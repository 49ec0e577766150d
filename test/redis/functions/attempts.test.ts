import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../../support/redis/redis-console.js'

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())
beforeEach(() => desk.clear())

const attempt = (user: string, device: string) => desk.fcall(`attempt ${user} ${device}`)
const ttl = async (name: string) => Number(await desk.redis.cli('TTL', `{hd}:attempts:${name}`))

/** Lets the clock of these counters run out: Redis keeps the time, and a test does not wait for it. */
async function passed(...names: readonly string[]): Promise<void> {
  await desk.redis.cli('DEL', ...names.map((name) => `{hd}:attempts:${name}`))
}

/** Guesses until the phone is refused for the rest of the day, with locks and windows passing in between; how often it could guess. */
async function guessAllDay(user: string, device: string): Promise<number> {
  for (let guesses = 0; ; guesses++) {
    await passed(`${user}:${device}`, device, `wait:${user}`)
    if (!(await attempt(user, device)).startsWith('ALLOWED')) return guesses
  }
}

describe('wrong PINs for one user at one phone', () => {
  it('lock this user at this phone: three in five minutes for fifteen', async () => {
    await desk.converse([
      ['attempt 100 HD0001', 'ALLOWED 2'],
      ['attempt 100 HD0001', 'ALLOWED 1'],
    ])
    expect(await ttl('100:HD0001')).toBeLessThanOrEqual(300)
    await desk.converse([
      ['attempt 100 HD0001', 'ALLOWED 0'],
      ['attempt 100 HD0001', 'LOCKED 900'],
    ])
    expect(await desk.lastEvent()).toBe('event login.locked device HD0001 user 100 seconds 900 reason user-at-phone')
  })

  it('keep neither this user from another phone nor another user from this one', async () => {
    for (let i = 0; i < 4; i++) await attempt('100', 'HD0001')
    await desk.converse([
      ['attempt 100 HD0002', 'ALLOWED 2'],
      ['attempt 101 HD0001', 'ALLOWED 2'],
    ])
  })

  it('lock twice as long each further time of the day', async () => {
    for (const seconds of [900, 1_800, 3_600]) {
      for (let i = 0; i < 3; i++) expect(await attempt('100', 'HD0001')).toContain('ALLOWED')
      expect(await attempt('100', 'HD0001')).toBe(`LOCKED ${seconds}`)
      await passed('100:HD0001', 'HD0001')
    }
  })

  it('are at most ten a day, however slowly they come', async () => {
    expect(await guessAllDay('100', 'HD0001')).toBe(10)
    expect(await ttl('day:100:HD0001')).toBeGreaterThan(86_000)
    expect(await attempt('100', 'HD0002')).toContain('ALLOWED')
  })
})

describe('wrong PINs for one user at many phones', () => {
  it('from one phone or two do not delay the user at any other', async () => {
    expect(await guessAllDay('100', 'HD0001')).toBe(10)
    expect(await guessAllDay('100', 'HD0002')).toBe(10)
    expect(await attempt('100', 'HD0003')).toBe('ALLOWED 2')
  })

  it('cause longer and longer waits after twenty, and are limited to forty a day in all', async () => {
    for (const device of ['HD0001', 'HD0002']) await guessAllDay('100', device)
    const waits: number[] = []
    for (let phone = 10; phone < 60; phone++) {
      expect(await attempt('100', `HD00${phone}`)).toContain('ALLOWED')
      waits.push(await ttl('wait:100'))
      expect(await attempt('100', 'HD0099')).toMatch(/^LOCKED/)
      await passed('wait:100')
      if (waits.length === 20) break
    }
    expect(waits.slice(0, 9)).toEqual([10, 20, 40, 80, 160, 320, 640, 1_280, 1_800])
    expect(await attempt('100', 'HD0099')).toMatch(/^LOCKED 8[56]\d\d\d$/)
    expect(await desk.lastEvent()).toMatch(/reason user$/)
  })

  it('do not affect a phone where the user has recently typed the right PIN', async () => {
    await attempt('100', 'HD0003')
    await desk.fcall('forgive 100 HD0003')
    let guesses = 0
    for (let phone = 10; phone < 20; phone++) guesses += await guessAllDay('100', `HD00${phone}`)
    expect(guesses).toBe(40)
    expect(await attempt('100', 'HD0002')).toMatch(/^LOCKED/)
    expect(await attempt('100', 'HD0003')).toBe('ALLOWED 2')
    expect(await desk.fcall('forgive 100 HD0003')).toBe('FORGIVEN')
  })

  it('are limited to ten a day at such a phone as well, and to ten such phones', async () => {
    for (let phone = 10; phone < 30; phone++) {
      await desk.redis.cli('HSET', '{hd}:attempts:familiar:100', `HD00${phone}`, String(phone))
    }
    await desk.fcall('attempt 100 HD0029')
    await desk.fcall('forgive 100 HD0029')
    expect(await desk.redis.cli('HLEN', '{hd}:attempts:familiar:100')).toBe('10')
    expect(await desk.redis.cli('HEXISTS', '{hd}:attempts:familiar:100', 'HD0019')).toBe('0')
    expect(await guessAllDay('100', 'HD0029')).toBe(10)
    expect(await desk.redis.cli('GET', '{hd}:attempts:100')).toBe('0')
  })
})

describe('wrong PINs at one phone, for any user', () => {
  it('lock the phone: ten in fifteen minutes for fifteen', async () => {
    for (let user = 200; user < 210; user++) expect(await attempt(String(user), 'HD0001')).toContain('ALLOWED')
    await desk.converse([
      ['attempt 210 HD0001', 'LOCKED 900'],
      ['attempt 210 HD0002', 'ALLOWED 2'],
    ])
    expect(await ttl('HD0001')).toBeGreaterThan(890)
  })

  it('are limited to fifty a day', async () => {
    let guesses = 0
    for (let user = 200; user < 210; user++) guesses += await guessAllDay(String(user), 'HD0001')
    expect(guesses).toBe(50)
    expect(await attempt('300', 'HD0001')).toMatch(/^LOCKED 8[56]\d\d\d$/)
    expect(await desk.lastEvent()).toMatch(/reason phone$/)
  })
})

describe('the right PIN', () => {
  it('gives its attempt back, and ends the lock of the window; the others of the day stay counted', async () => {
    for (let i = 0; i < 2; i++) await attempt('100', 'HD0001')
    await desk.converse([['forgive 100 HD0001', 'FORGIVEN']])
    for (const [name, count] of Object.entries({ '100:HD0001': '', 'day:100:HD0001': '1', HD0001: '1', 'day:HD0001': '1', 100: '1' }))
      expect(`${name}: ${await desk.redis.cli('GET', `{hd}:attempts:${name}`)}`).toBe(`${name}: ${count}`)
  })
})

describe('hotdesk_unlock', () => {
  it.each(['100', 'HD0001'])('of %s clears the wrong PINs of the user at this phone', async (target) => {
    for (let i = 0; i < 4; i++) await attempt('100', 'HD0001')
    await desk.converse([
      [`unlock ${target}`, `UNLOCKED ${target}`],
      [`unlock ${target}`, `NOT_LOCKED ${target}`],
      ['attempt 100 HD0001', 'ALLOWED 2'],
    ])
  })

  it('finds nothing to clear after a right PIN', async () => {
    await attempt('100', 'HD0001')
    await desk.fcall('forgive 100 HD0001')
    expect(await desk.fcall('unlock 100')).toBe('NOT_LOCKED 100')
  })

  it('keeps the known phones of the user', async () => {
    await attempt('100', 'HD0003')
    await desk.fcall('forgive 100 HD0003')
    await attempt('100', 'HD0001')
    await desk.fcall('unlock 100')
    expect(await desk.redis.cli('HEXISTS', '{hd}:attempts:familiar:100', 'HD0003')).toBe('1')
  })
})

describe('hotdesk_attempt', () => {
  it('takes other limits', async () => {
    await desk.converse([
      ['attempt 100 HD0001 1 5 7 10 5 7', 'ALLOWED 0'],
      ['attempt 100 HD0001 1 5 7 10 5 7', 'LOCKED 7'],
      ['attempt 101 HD0002 9 5 7 9 5 7 2 8 8 8', 'ALLOWED 1'],
      ['attempt 101 HD0002 9 5 7 9 5 7 2 8 8 8', 'ALLOWED 0'],
      ['attempt 101 HD0002 9 5 7 9 5 7 2 8 8 8', 'LOCKED 86400'],
    ])
  })

  it('never locks forever, even after a counter was set by hand', async () => {
    await desk.redis.cli('SET', '{hd}:attempts:100', '99')
    expect(await attempt('100', 'HD0001')).toBe('LOCKED 86400')
    expect(await ttl('100')).toBeGreaterThan(86_000)
  })

  it('names no user whose extension does not exist, because the input may be a PIN', async () => {
    for (let i = 0; i < 4; i++) await attempt('?abcdefgh', 'HD0001')
    expect(await desk.lastEvent()).toBe('event login.locked device HD0001 seconds 900 reason user-at-phone')
  })

  it('leaves no key without a time to live', async () => {
    await attempt('100', 'HD0001')
    await desk.fcall('forgive 100 HD0001')
    for (let i = 0; i < 25; i++) await attempt('100', `HD00${10 + i}`)
    const keys = (await desk.redis.cli('KEYS', '{hd}:attempts:*')).split('\n')
    expect(keys.length).toBeGreaterThan(20)
    for (const key of keys) expect(`${key} ${Number(await desk.redis.cli('TTL', key)) > 0}`).toBe(`${key} true`)
  })
})
