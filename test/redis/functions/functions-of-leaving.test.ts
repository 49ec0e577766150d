import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../../support/redis/redis-console.js'

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())

beforeEach(async () => {
  await desk.clear()
  await desk.fcall('join paris-1 b1 - 60 site paris')
  await desk.fcall('join paris-2 b2 - 60 site paris')
  await desk.fcall('join london-1 b3 - 60 site london')
  await desk.fcall('login 100 HD0001')
  await desk.redis.cli('HSET', '{hd}:device:HD0001', 'since', '1700000000')
})

const events = async () => (await desk.redis.cli('XRANGE', '{hd}:events', '-', '+')).split('\n')

describe('hotdesk_expire', () => {
  it('logs out, and the event has the reason', async () => {
    await desk.converse([
      ['expire HD0001 paris-1 daily 1700000000 - 1700040000', 'LOGGED_OUT 100'],
      ['who HD0001', 'FREE'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via automatic reason daily')
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'via', 'reason', 'refresh')).toBe('automatic\ndaily\npending')
  })

  it('waits for the end of a call, and the event still has the reason', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['expire HD0001 paris-1 max-time 1700000000 - 1700040000', 'DRAINING 1'],
      ['expire HD0001 paris-1 max-time 1700000000 - 1700040000', 'DRAINING 1'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 1'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via automatic reason max-time')
    expect((await events()).filter((word) => word === 'draining')).toHaveLength(1)
  })

  it('does not treat a phone with a call as idle', async () => {
    await desk.converse([
      ['calls paris-2 b2 600 HD0001 2 0', 'OK 0'],
      ['expire HD0001 paris-1 idle-time 1700000000 - 1700040000', 'BUSY 2'],
      ['who HD0001', 'OCCUPIED 100'],
    ])
  })

  it('does nothing if a user has logged in or called since, or if it is not yet due by the clock of Redis', async () => {
    await desk.converse([
      ['expire HD0001 paris-1 daily 1699999999 - 1700040000', 'OUTDATED'],
      ['expire HD0001 paris-1 daily 1700000000 - 9999999999', 'OUTDATED'],
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['expire HD0001 paris-1 daily 1700000000 - 1700040000', 'OUTDATED'],
      ['expire HD0002 paris-1 daily 1700000000 - 1700040000', 'OUTDATED'],
      ['who HD0001', 'OCCUPIED 100'],
    ])
    const lastCall = await desk.redis.cli('HGET', '{hd}:device:HD0001', 'lastCall')
    const now = Number((await desk.redis.cli('TIME')).split('\n')[0])
    expect(now - Number(lastCall)).toBeLessThan(5)
    await desk.converse([[`expire HD0001 paris-1 daily 1700000000 ${lastCall} 1700040000`, 'LOGGED_OUT 100']])
  })

  it('is held off by an emergency call and the quiet time after it, without an event', async () => {
    const before = (await events()).length
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 1', 'OK 0'],
      ['expire HD0001 paris-1 daily 1700000000 - 1700040000', 'EMERGENCY'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
    ])
    const lastCall = await desk.redis.cli('HGET', '{hd}:device:HD0001', 'lastCall')
    await desk.converse([[`expire HD0001 paris-1 daily 1700000000 ${lastCall} 1700040000`, 'EMERGENCY']])
    expect((await events()).filter((word) => word === 'logout.refused')).toEqual([])
    await desk.redis.cli('DEL', '{hd}:quiet:HD0001')
    await desk.converse([[`expire HD0001 paris-1 daily 1700000000 ${lastCall} 1700040000`, 'LOGGED_OUT 100']])
    expect((await events()).length).toBeGreaterThan(before)
  })
})

describe('hotdesk_expire because of the user’s home site', () => {
  const home = (...fields: readonly string[]) => desk.redis.cli('HSET', '{hd}:site:london', ...fields)
  beforeEach(async () => {
    await desk.redis.cli('HSET', '{hd}:user:100', 'home', 'london')
  })

  it('logs out if the site is lost, and not if it is back by now, or was lost another time', async () => {
    await desk.converse([['expire HD0001 paris-1 home-lost 1700000000 - 1700040000 1700000001', 'OUTDATED']])
    await home('lost', '1700000002', 'back', '1700000001')
    await desk.converse([
      ['expire HD0001 paris-1 home-lost 1700000000 - 1700040000 1700000001', 'OUTDATED'],
      ['expire HD0001 paris-1 home-lost 1700000000 - 1700040000 1700000002', 'LOGGED_OUT 100'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via automatic reason home-lost')
  })

  it('logs out if the site is back, and not if it is lost again, or was back another time', async () => {
    await home('lost', '1700000002', 'back', '1700000001')
    await desk.converse([['expire HD0001 paris-1 home-return 1700000000 - 1700040000 1700000001', 'OUTDATED']])
    await desk.redis.cli('HDEL', '{hd}:site:london', 'lost')
    await desk.converse([
      ['expire HD0001 paris-1 home-return 1700000000 - 1700040000 1700000000', 'OUTDATED'],
      ['expire HD0001 paris-1 home-return 1700000000 - 1700040000 1700000001', 'LOGGED_OUT 100'],
    ])
  })

  it('skips a user who has another home by now, or one whose key is not a record', async () => {
    await home('lost', '1700000001')
    for (const other of [
      ['HSET', '{hd}:user:100', 'home', 'rome'],
      ['HDEL', '{hd}:user:100', 'home'],
      ['DEL', '{hd}:user:100'],
    ]) {
      await desk.redis.cli(...other)
      await desk.converse([['expire HD0001 paris-1 home-lost 1700000000 - 1700040000 1700000001', 'OUTDATED']])
    }
    await desk.redis.cli('SET', '{hd}:site:rome', 'was not built in a day')
    await desk.redis.cli('HSET', '{hd}:user:100', 'home', 'rome')
    await desk.converse([['expire HD0001 paris-1 home-lost 1700000000 - 1700040000 1700000001', 'OUTDATED']])
  })
})

describe('the owner of the background work for a phone is', () => {
  it('the node where it is registered', async () => {
    await desk.redis.cli('HSET', '{hd}:reg:HD0001', 'node', 'paris-2')
    await desk.converse([
      ['expire HD0001 paris-1 daily 1700000000 - 1700040000', 'NOT_YOURS paris-2'],
      ['expire HD0001 paris-2 daily 1700000000 - 1700040000', 'LOGGED_OUT 100'],
    ])
  })

  it('otherwise, if this node is dead, of another site or unknown, the first node that asks, until it dies or its turn is over', async () => {
    for (const holder of ['paris-9', 'london-1', '']) {
      await desk.fcall('login 100 HD0001')
      await desk.fcall('join paris-1 b1 - 60 site paris')
      await desk.redis.cli('DEL', '{hd}:turn:HD0001', '{hd}:reg:HD0001')
      if (holder) await desk.redis.cli('HSET', '{hd}:reg:HD0001', 'node', holder)
      await desk.converse([
        ['refresh HD0001 automatic paris-1', 'REFRESHING'],
        ['refresh HD0001 automatic paris-2', 'NOT_YOURS paris-1'],
        ['refresh HD0001 automatic paris-1', 'REFRESHING'],
        ['leave paris-1 b1', 'LEFT'],
        ['refresh HD0001 automatic paris-2', 'REFRESHING'],
      ])
      expect(Number(await desk.redis.cli('TTL', '{hd}:turn:HD0001'))).toBeGreaterThan(0)
    }
  })
})

describe('hotdesk_evict', () => {
  it.each([
    ['user-deleted', ['DEL', '{hd}:user:100']],
    ['disabled', ['HSET', '{hd}:user:100', 'enabled', 'no']],
    ['not-allowed', ['HSET', '{hd}:user:100', 'mayHotdesk', 'no']],
    ['device-deleted', ['DEL', '{hd}:device:HD0001']],
  ])('logs out for %s, and for nothing else', async (reason, command) => {
    await desk.converse([['evict HD0001 paris-1', 'ALLOWED']])
    await desk.redis.cli(...command)
    await desk.converse([
      ['evict HD0001 paris-1', 'LOGGED_OUT 100'],
      ['evict HD0001 paris-1', 'ALLOWED'],
    ])
    expect(await desk.lastEvent()).toBe(`event logout device HD0001 user 100 via deleted reason ${reason}`)
    expect(await desk.redis.cli('EXISTS', '{hd}:users', '{hd}:devices')).toBe('0')
  })

  it('waits for the end of a call', async () => {
    await desk.redis.cli('HSET', '{hd}:user:100', 'enabled', 'no')
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['evict HD0001 paris-1', 'DRAINING 1'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 1'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via deleted reason disabled')
  })

  it('waits at a phone that was removed as well, and does not restore its record', async () => {
    await desk.fcall('calls paris-1 b1 600 HD0001 1 0')
    await desk.redis.cli('DEL', '{hd}:device:HD0001')
    await desk.converse([
      ['who HD0001', 'DRAINING 100'],
      ['evict HD0001 paris-1', 'DRAINING 1'],
      ['logout HD0001', 'DRAINING 1'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 1'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via deleted reason device-deleted')
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD0001')).toBe('0')
  })

  it('is held off by the quiet time after an emergency call', async () => {
    await desk.redis.cli('DEL', '{hd}:user:100')
    await desk.redis.cli('HSET', '{hd}:quiet:HD0001', 'node', 'paris-1')
    await desk.converse([['evict HD0001 paris-1', 'EMERGENCY']])
  })
})

describe('hotdesk_repair', () => {
  it('checks only the named fields', async () => {
    await desk.redis.cli('HSET', '{hd}:devices', 'HD0002', '101', 'HD0003', '101')
    await desk.converse([['repair devices HD0002 devices HD0003 users 100', 'REPAIRED 2']])
    await desk.redis.cli('HSET', '{hd}:users', '100', 'HD0001 HD0003')
    await desk.redis.cli('HDEL', '{hd}:devices', 'HD0002')
    expect(await desk.fcall('repair users 100')).toBe('REPAIRED 1')
    await desk.converse([['repair', 'REPAIRED 1']])
  })

  it('gives an assignment that was made by hand the current time as its start', async () => {
    await desk.redis.cli('HSET', '{hd}:devices', 'HD0002', '101')
    await desk.redis.cli('HSET', '{hd}:users', '101', 'HD0002')
    await desk.converse([
      ['repair devices HD0002', 'REPAIRED 1'],
      ['repair devices HD0002', 'NOTHING'],
    ])
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0002', 'state')).toBe('active')
  })
})
