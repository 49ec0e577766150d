import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../../support/redis/redis-console.js'

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())
beforeEach(() => desk.clear())

describe('hotdesk_login', () => {
  it('takes a free phone', async () => {
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['who HD0001', 'OCCUPIED 100'],
      ['where 100', 'AT HD0001'],
    ])
    expect(await desk.redis.cli('HGET', '{hd}:users', '100')).toBe('HD0001')
    expect(await desk.redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('100')
    expect(await desk.lastEvent()).toBe('event login device HD0001 user 100 via redis-cli')
  })

  it('changes nothing for a user who is logged in there, and requests the refresh again', async () => {
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0001', 'UNCHANGED'],
    ])
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'epoch')).toBe('2')
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'refresh')).toBe('pending')
  })

  it('moves a user who is logged in elsewhere', async () => {
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0002', 'MOVED HD0001'],
      ['who HD0001', 'FREE'],
    ])
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'state', 'cause', 'via')).toBe('idle\nmoved\nredis-cli')
  })

  it('displaces the previous user, in one step with the move', async () => {
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 101 HD0001', 'DISPLACED 100'],
      ['login 100 HD0002', 'LOGGED_IN'],
      ['login 101 HD0002 cli', 'DISPLACED 100 HD0001'],
      ['where 100', 'NOWHERE'],
    ])
    expect(await desk.lastEvent()).toBe('event displaced device HD0002 user 101 via cli displaced 100 from HD0001')
  })

  it('refuses a second login if the policy is deny', async () => {
    await desk.redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'deny')
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0002', 'ELSEWHERE HD0001'],
      ['where 100', 'AT HD0001'],
    ])
  })

  it('keeps both phones if the policy is allow', async () => {
    await desk.redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'allow')
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0002', 'LOGGED_IN'],
      ['where 100', 'AT HD0001 HD0002'],
      ['logout HD0001', 'LOGGED_OUT 100'],
      ['where 100', 'AT HD0002'],
      ['login 100 HD0001', 'LOGGED_IN'],
      ['logout 100', 'LOGGED_OUT 100'],
      ['where 100', 'NOWHERE'],
    ])
  })

  it('refuses unknown and disallowed users and phones, and tells operators the reason', async () => {
    await desk.redis.cli('HSET', '{hd}:user:102', 'name', 'Chloé', 'enabled', 'no')
    await desk.redis.cli('HSET', '{hd}:user:103', 'name', 'Dan', 'mayHotdesk', 'no')
    await desk.redis.cli('HSET', '{hd}:device:HD0008', 'site', 'paris', 'hotdesk', 'no', 'location', 'desk')
    await desk.redis.cli('HSET', '{hd}:device:HD0009', 'site', 'paris', 'hotdesk', 'yes')
    await desk.converse([
      ['login 999 HD0001', 'UNKNOWN_USER'],
      ['login 102 HD0001', 'DENIED disabled'],
      ['login 103 HD0001', 'DENIED not-allowed'],
      ['login 100 HD7777', 'UNKNOWN_DEVICE'],
      ['login 100 HD0008', 'NOT_A_HOTDESK_PHONE'],
      ['login 100 HD0009', 'NOT_A_HOTDESK_PHONE'],
    ])
    expect(await desk.lastEvent()).toBe('event login.denied device HD0009 user 100 via redis-cli reason not-a-hotdesk-phone')
  })

  it('refuses missing arguments with an error that names them', async () => {
    expect(await desk.fcall('login 100')).toContain('ERR missing argument: device')
    expect(await desk.fcall('logout')).toContain('ERR missing argument: device or extension')
    expect(await desk.fcall('logout HD0001 later')).toContain('ERR the second argument is drain or now')
  })
})

describe('hotdesk_logout', () => {
  it('answers LOGGED_OUT 100 as the documentation prints it', async () => {
    await desk.fcall('login 100 HD0001')
    expect(await desk.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')).toBe('LOGGED_OUT 100')
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via redis-cli')
    expect(await desk.redis.cli('EXISTS', '{hd}:users', '{hd}:devices')).toBe('0')
  })

  it('is FREE if nobody is logged in, and requests the refresh again', async () => {
    await desk.converse([
      ['logout HD0001', 'FREE'],
      ['logout 100', 'NOWHERE'],
    ])
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'epoch')).toBe('1')
  })

  it('knows which phones and users exist', async () => {
    await desk.converse([
      ['logout HD7777', 'UNKNOWN_DEVICE'],
      ['logout 999', 'UNKNOWN_USER'],
      ['who HD7777', 'UNKNOWN_DEVICE'],
      ['where 999', 'UNKNOWN_USER'],
    ])
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD7777')).toBe('0')
  })
})

describe('hotdesk_repair', () => {
  it.each([
    ['a login by hand in devices alone is completed', [['HSET', '{hd}:devices', 'HD0002', '101']], 'REPAIRED 1', 'AT HD0002'],
    ['a login by hand in users alone is taken off', [['HSET', '{hd}:users', '101', 'HD0002']], 'REPAIRED 1', 'NOWHERE'],
    ['a logout by hand in users alone is undone', [['HSET', '{hd}:devices', 'HD0001', '101']], 'REPAIRED 1', 'AT HD0001'],
    ['what is no extension is taken off', [['HSET', '{hd}:devices', 'HD0002', 'Bob']], 'REPAIRED 1', 'NOWHERE'],
    [
      'a user listed twice is listed once',
      [
        ['HSET', '{hd}:users', '101', 'HD0002 HD0002'],
        ['HSET', '{hd}:devices', 'HD0002', '101'],
      ],
      'NOTHING',
      'AT HD0002',
    ],
  ])('%s', async (_, edits, reply, where) => {
    for (const edit of edits) await desk.redis.cli(...edit)
    await desk.converse([
      ['repair', reply],
      ['where 101', where],
      ['repair', 'NOTHING'],
    ])
  })

  it('completes a logout by hand in devices alone, and reports it', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('HDEL', '{hd}:devices', 'HD0001')
    await desk.converse([
      ['repair', 'REPAIRED 1'],
      ['where 100', 'NOWHERE'],
    ])
    expect(await desk.lastEvent()).toBe('event repaired device HD0001 user 100 how taken-off via automatic')
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'state', 'cause')).toBe('idle\nedited')
  })

  it('completes moves by hand: the phone decides who is logged in', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('HSET', '{hd}:devices', 'HD0001', '101')
    await desk.converse([
      ['repair', 'REPAIRED 2'],
      ['where 101', 'AT HD0001'],
      ['where 100', 'NOWHERE'],
    ])
  })
})

describe('hotdesk_status', () => {
  it('is a readable table', async () => {
    await desk.fcall('login 100 HD0001')
    const lines = (await desk.fcall('status')).split('\n')
    expect(lines[0]?.split(/\s+/)).toEqual(['DEVICE', 'SITE', 'STATE', 'USER', 'NAME', 'MINUTES', 'REGISTERED', 'REFRESH'])
    expect(lines[1]?.split(/\s+/)).toEqual(['HD0001', 'paris', 'active', '100', 'Alice', '0', 'no', 'pending'])
    expect(lines[2]?.split(/\s+/)).toEqual(['HD0002', 'paris', 'idle', '-', '-', '-', 'no', '-'])
    expect(await desk.fcall('status HD0003')).not.toContain('HD0001')
  })
})

describe('a key of the wrong type', () => {
  it('in place of a record counts as missing: no function fails on it, and the other records work', async () => {
    await desk.redis.cli('SET', '{hd}:device:HD0009', 'oops')
    await desk.redis.cli('SET', '{hd}:user:109', 'oops')
    await desk.converse([
      ['login 109 HD0001', 'UNKNOWN_USER'],
      ['login 100 HD0009', 'UNKNOWN_DEVICE'],
      ['who HD0009', 'UNKNOWN_DEVICE'],
      ['where 109', 'UNKNOWN_USER'],
      ['refresh HD0009', 'UNKNOWN_DEVICE'],
    ])
    expect((await desk.fcall('status')).split('\n').map((line) => line.split(' ')[0])).toEqual(['DEVICE', 'HD0001', 'HD0002', 'HD0003'])
  })

  it('in place of a phone in use counts as a removed phone', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.fcall('login 101 HD0002')
    await desk.redis.cli('SET', '{hd}:device:HD0001', 'oops')
    await desk.converse([
      ['repair', 'REPAIRED 1'],
      ['where 100', 'NOWHERE'],
      ['where 101', 'AT HD0002'],
    ])
  })

  it('in place of the events does not stop any change, and the reply is still true', async () => {
    await desk.redis.cli('SET', '{hd}:events', 'oops')
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 101 HD0001', 'DISPLACED 100'],
      ['login 199 HD0001', 'UNKNOWN_USER'],
      ['logout HD0001', 'LOGGED_OUT 101'],
    ])
  })
})

describe('a mistyped network name', () => {
  it.each(['hd', '{hd', 'HD0001', '{hd}:devices'])('%s is refused, and no keys are created', async (network) => {
    for (const name of ['login', 'logout', 'who', 'status', 'unlock'])
      expect(await desk.redis.cli('FCALL', `hotdesk_${name}`, '1', network, '999', 'HD0001')).toContain('ERR the one key is the network')
    expect(await desk.redis.cli('KEYS', '*:events')).toBe('')
  })
})
