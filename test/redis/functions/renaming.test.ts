import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../../support/redis/redis-console.js'

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())
beforeEach(() => desk.clear())

describe('hotdesk_rename', () => {
  it('moves record, login, call log and the named fields that hold the old extension', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('HSET', '{hd}:device:HD0001', 'since', '1700000000', 'refresh', 'sent')
    await desk.redis.cli('HSET', '{hd}:device:HD0002', 'owner', '100')
    await desk.redis.cli('HSET', '{hd}:device:HD0003', 'owner', '101')
    await desk.redis.cli('XADD', '{hd}:calls:100', '1700000000000-0', 'side', 'in')
    await desk.redis.cli('XADD', '{hd}:calls:100', '1700000001000-0', 'side', 'out')
    await desk.redis.cli('EXPIRE', '{hd}:calls:100', '5000')
    await desk.redis.cli('SET', '{hd}:attempts:100', '3')
    await desk.redis.cli('HSET', '{hd}:messages:100', 'new', '2')
    const record = await desk.redis.cli('HGETALL', '{hd}:user:100')
    await desk.converse([
      ['rename 100 200 cli device:HD0002 owner device:HD0003 owner by=alice@ops1', 'RENAMED'],
      ['who HD0001', 'OCCUPIED 200'],
      ['where 200', 'AT HD0001'],
      ['where 100', 'UNKNOWN_USER'],
    ])
    expect(await desk.redis.cli('HGETALL', '{hd}:user:200')).toBe(record)
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'since', 'state', 'refresh')).toBe('1700000000\nactive\npending')
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0002', 'owner')).toBe('200')
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0003', 'owner')).toBe('101')
    expect(await desk.redis.cli('XRANGE', '{hd}:calls:200', '-', '+')).toBe('1700000000000-0\nside\nin\n1700000001000-0\nside\nout')
    expect(Number(await desk.redis.cli('TTL', '{hd}:calls:200'))).toBeGreaterThan(4_900)
    expect(await desk.redis.cli('HGET', '{hd}:messages:200', 'new')).toBe('2')
    expect(await desk.redis.cli('EXISTS', '{hd}:messages:100', '{hd}:user:100', '{hd}:calls:100', '{hd}:attempts:100')).toBe('0')
    expect(await desk.redis.cli('HEXISTS', '{hd}:removed', 'user:100')).toBe('1')
    expect(await desk.lastEvent()).toBe('event renamed user 200 device HD0001 via cli from 100 by alice host ops1')
  })

  it('leaves a phone that waits for the end of a call in that state', async () => {
    await desk.fcall('join paris-1 b1 - 60 site paris')
    await desk.fcall('login 100 HD0001')
    await desk.fcall('calls paris-1 b1 60 HD0001 1 0')
    await desk.fcall('logout HD0001 drain dial-code')
    await desk.converse([
      ['rename 100 200 cli', 'RENAMED'],
      ['who HD0001', 'DRAINING 200'],
      ['calls paris-1 b1 60 HD0001 0 0', 'OK 1'],
      ['where 200', 'NOWHERE'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 200 via dial-code')
  })

  it('refuses an extension in use, an unknown user, and a phone in an emergency call', async () => {
    await desk.fcall('join paris-1 b1 - 60 site paris')
    await desk.fcall('login 100 HD0001')
    await desk.fcall('calls paris-1 b1 60 HD0001 1 1')
    await desk.converse([
      ['rename 101 100 cli', 'EXISTS'],
      ['rename 999 200 cli', 'UNKNOWN_USER'],
      ['rename 100 200 cli', 'EMERGENCY'],
      ['where 100', 'AT HD0001'],
    ])
    expect(await desk.redis.cli('EXISTS', '{hd}:user:200')).toBe('0')
  })

  it('needs no other right than the logins', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('XADD', '{hd}:calls:100', '*', 'side', 'in')
    const rights = ['+fcall', '+hget', '+hmget', '+hgetall', '+hset', '+hdel', '+hincrby', '+del', '+expire', '+ttl', '+time', '+type']
    await desk.redis.cli(
      'ACL',
      'SETUSER',
      'renamer',
      'reset',
      'on',
      'nopass',
      'allkeys',
      'allchannels',
      ...rights,
      '+xadd',
      '+xrevrange',
      '+publish',
    )
    expect(await desk.redis.cli('--user', 'renamer', '--pass', 'x', 'FCALL', 'hotdesk_rename', '1', '{hd}', '100', '200', 'cli')).toContain(
      'RENAMED',
    )
  })
})
