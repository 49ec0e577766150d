import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hotdeskLibrary } from '../../src/hotdesk/library.js'
import { startTestRedis, type TestRedis } from '../support/redis.js'
import { mirrorFaults } from '../support/redis-network.js'

let redis: TestRedis

beforeAll(async () => {
  redis = await startTestRedis()
  await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
})
afterAll(() => redis.close())

beforeEach(async () => {
  await redis.cli('FLUSHALL')
  await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice')
  await redis.cli('HSET', '{hd}:user:101', 'name', 'Bob')
  for (const id of ['HD0001', 'HD0002', 'HD0003'])
    await redis.cli('HSET', `{hd}:device:${id}`, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
})

/** As an operator types it: `logout HD0001` → `redis-cli FCALL hotdesk_logout 1 {hd} HD0001`. */
function fcall(line: string): Promise<string> {
  const [name, ...args] = line.split(' ')
  return redis.cli('FCALL', `hotdesk_${name}`, '1', '{hd}', ...args)
}

async function lastEvent(): Promise<string> {
  return (await redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '1')).split('\n').slice(1).join(' ')
}

/** Runs lines one after the other; each is followed by what redis-cli must print. */
async function expectConversation(lines: readonly (readonly [line: string, reply: string])[]): Promise<void> {
  for (const [line, reply] of lines) expect(`${line} → ${await fcall(line)}`).toBe(`${line} → ${reply}`)
  expect(await mirrorFaults(redis)).toEqual([])
}

describe('hotdesk_login', () => {
  it('takes a free phone', async () => {
    await expectConversation([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['who HD0001', 'OCCUPIED 100'],
      ['where 100', 'AT HD0001'],
    ])
    expect(await redis.cli('HGET', '{hd}:users', '100')).toBe('HD0001')
    expect(await redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('100')
    expect(await lastEvent()).toBe('event login device HD0001 user 100 via redis-cli displaced  from')
  })

  it('changes nothing for a user who sits there, and asks for the refresh again', async () => {
    await expectConversation([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0001', 'UNCHANGED'],
    ])
    expect(await redis.cli('HGET', '{hd}:device:HD0001', 'epoch')).toBe('2')
    expect(await redis.cli('HGET', '{hd}:device:HD0001', 'refresh')).toBe('pending')
  })

  it('moves a user who sits elsewhere', async () => {
    await expectConversation([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0002', 'MOVED HD0001'],
      ['who HD0001', 'FREE'],
    ])
    expect(await redis.cli('HMGET', '{hd}:device:HD0001', 'state', 'cause', 'via')).toBe('idle\nmoved\nredis-cli')
  })

  it('displaces whoever sits there, in one step with the move', async () => {
    await expectConversation([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 101 HD0001', 'DISPLACED 100'],
      ['login 100 HD0002', 'LOGGED_IN'],
      ['login 101 HD0002 cli', 'DISPLACED 100 HD0001'],
      ['where 100', 'NOWHERE'],
    ])
    expect(await lastEvent()).toBe('event displaced device HD0002 user 101 via cli displaced 100 from HD0001')
  })

  it('refuses a second login where the policy is deny', async () => {
    await redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'deny')
    await expectConversation([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0002', 'ELSEWHERE HD0001'],
      ['where 100', 'AT HD0001'],
    ])
  })

  it('keeps both phones where the policy is allow', async () => {
    await redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'allow')
    await expectConversation([
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

  it('refuses who and what is not there or not allowed, and tells operators why', async () => {
    await redis.cli('HSET', '{hd}:user:102', 'name', 'Chloé', 'enabled', 'no')
    await redis.cli('HSET', '{hd}:user:103', 'name', 'Dan', 'mayHotdesk', 'no')
    await redis.cli('HSET', '{hd}:device:HD0008', 'site', 'paris', 'hotdesk', 'no', 'location', 'desk')
    await redis.cli('HSET', '{hd}:device:HD0009', 'site', 'paris', 'hotdesk', 'yes')
    await expectConversation([
      ['login 999 HD0001', 'UNKNOWN_USER'],
      ['login 102 HD0001', 'DENIED disabled'],
      ['login 103 HD0001', 'DENIED not-allowed'],
      ['login 100 HD7777', 'UNKNOWN_DEVICE'],
      ['login 100 HD0008', 'NOT_A_HOTDESK_PHONE'],
      ['login 100 HD0009', 'NOT_A_HOTDESK_PHONE'],
    ])
    expect(await lastEvent()).toBe('event login.denied device HD0009 user 100 via redis-cli reason not-a-hotdesk-phone')
  })

  it('refuses missing arguments with an error that names them', async () => {
    expect(await fcall('login 100')).toContain('ERR missing argument: device')
    expect(await fcall('logout')).toContain('ERR missing argument: device or extension')
    expect(await fcall('logout HD0001 later')).toContain('ERR the second argument is drain or now')
  })
})

describe('hotdesk_logout', () => {
  it('answers LOGGED_OUT 100 as the documentation prints it', async () => {
    await fcall('login 100 HD0001')
    expect(await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')).toBe('LOGGED_OUT 100')
    expect(await lastEvent()).toBe('event logout device HD0001 user 100 via redis-cli')
    expect(await redis.cli('EXISTS', '{hd}:users', '{hd}:devices')).toBe('0')
  })

  it('is FREE where nobody sits, and asks for the refresh again', async () => {
    await expectConversation([
      ['logout HD0001', 'FREE'],
      ['logout 100', 'FREE'],
    ])
    expect(await redis.cli('HGET', '{hd}:device:HD0001', 'epoch')).toBe('1')
  })

  it('knows which phones and users there are', async () => {
    await expectConversation([
      ['logout HD7777', 'UNKNOWN_DEVICE'],
      ['logout 999', 'UNKNOWN_USER'],
      ['who HD7777', 'UNKNOWN_DEVICE'],
      ['where 999', 'UNKNOWN_USER'],
    ])
    expect(await redis.cli('EXISTS', '{hd}:device:HD7777')).toBe('0')
  })
})

describe('a phone with calls', () => {
  beforeEach(async () => {
    await fcall('join paris-1 b1 - 60 site paris sip udp:127.0.0.1:5060')
    await fcall('join paris-2 b2 - 60 site paris sip udp:127.0.0.1:5062')
    await fcall('login 100 HD0001')
  })

  it('drains, and is logged out by the end of the last call at any node', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 2 0', 'OK 0'],
      ['calls paris-2 b2 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001 drain console', 'DRAINING 3'],
      ['logout HD0001', 'DRAINING 3'],
      ['who HD0001', 'DRAINING 100'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['calls paris-2 b2 600 HD0001 0 0', 'OK 1'],
      ['who HD0001', 'FREE'],
    ])
    expect(await lastEvent()).toBe('event logout device HD0001 user 100 via console')
  })

  it('writes one event for one draining', async () => {
    await fcall('calls paris-1 b1 600 HD0001 1 0')
    for (let i = 0; i < 3; i++) await fcall('logout HD0001')
    expect((await redis.cli('XRANGE', '{hd}:events', '-', '+')).split('\n').filter((word) => word === 'draining')).toHaveLength(1)
  })

  it('does not wait for calls with now', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001 now', 'LOGGED_OUT 100'],
    ])
    expect(await redis.cli('HGET', '{hd}:device:HD0001', 'cause')).toBe('now')
  })

  it('is not held by the calls of a node that died or was started anew', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['calls paris-2 b2 600 HD0001 1 0', 'OK 0'],
      ['leave paris-1 b1', 'LEFT'],
      ['leave paris-2 b2', 'LEFT'],
      ['join paris-2 b3 - 60', 'JOINED'],
      ['logout HD0001', 'LOGGED_OUT 100'],
    ])
  })

  it('that drained for a node that died is logged out by the repair', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001', 'DRAINING 1'],
      ['repair', 'NOTHING'],
      ['leave paris-1 b1', 'LEFT'],
      ['repair', 'REPAIRED 1'],
      ['who HD0001', 'FREE'],
    ])
  })

  it('is not drained any more when its user logs in on it again', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001', 'DRAINING 1'],
      ['login 100 HD0001', 'UNCHANGED'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['who HD0001', 'OCCUPIED 100'],
    ])
  })

  it('can be taken over: the call goes on', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['login 101 HD0001', 'DISPLACED 100'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['who HD0001', 'OCCUPIED 101'],
    ])
  })

  it('is left alone during an emergency call and in the quiet time after it, except by the person at it', async () => {
    await expectConversation([
      ['calls paris-1 b1 600 HD0001 1 1', 'OK 0'],
      ['logout HD0001 now', 'EMERGENCY'],
      ['logout HD0001 drain dial-code', 'EMERGENCY'],
      ['logout 100', 'EMERGENCY'],
      ['login 101 HD0001', 'EMERGENCY'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['logout HD0001 now', 'EMERGENCY'],
      ['login 101 HD0001', 'EMERGENCY'],
      ['login 101 HD0001 dial-code', 'DISPLACED 100'],
      ['logout HD0001 drain dial-code', 'LOGGED_OUT 101'],
    ])
    expect(Number(await redis.cli('TTL', '{hd}:quiet:HD0001'))).toBeGreaterThan(590)
  })

  it('is quiet for as long as the setting says', async () => {
    await fcall('calls paris-1 b1 1 HD0001 1 1')
    await fcall('calls paris-1 b1 1 HD0001 0 0')
    const gone = redis.cli('BLPOP', '{hd}:never', '1.2')
    expect(await fcall('logout HD0001')).toBe('EMERGENCY')
    await gone
    expect(await fcall('logout HD0001')).toBe('LOGGED_OUT 100')
  })
})

describe('hotdesk_attempt', () => {
  it('allows three per user in five minutes and then locks for fifteen, as the setting is', async () => {
    await expectConversation([
      ['attempt 100 HD0001', 'ALLOWED 2'],
      ['attempt 100 HD0002', 'ALLOWED 1'],
    ])
    expect(Number(await redis.cli('TTL', '{hd}:attempts:100'))).toBeLessThanOrEqual(300)
    await expectConversation([
      ['attempt 100 HD0003', 'ALLOWED 0'],
      ['attempt 100 HD0001', 'LOCKED 900'],
      ['attempt 101 HD0001', 'ALLOWED 2'],
    ])
  })

  it('allows ten per phone, whoever they are for', async () => {
    for (let user = 200; user < 210; user++) expect(await fcall(`attempt ${user} HD0001`)).toContain('ALLOWED')
    expect(await fcall('attempt 210 HD0001')).toBe('LOCKED 900')
    expect(await fcall('attempt 210 HD0002')).toBe('ALLOWED 2')
  })

  it('takes other limits', async () => {
    await expectConversation([
      ['attempt 100 HD0001 1 5 7 10 5 7', 'ALLOWED 0'],
      ['attempt 100 HD0001 1 5 7 10 5 7', 'LOCKED 7'],
    ])
  })

  it('counts no more for a user whose PIN was right, and gives the phone that attempt back', async () => {
    await fcall('attempt 100 HD0001')
    await fcall('attempt 100 HD0001')
    await expectConversation([['forgive 100 HD0001', 'FORGIVEN']])
    expect(await redis.cli('GET', '{hd}:attempts:100')).toBe('')
    expect(await redis.cli('GET', '{hd}:attempts:HD0001')).toBe('1')
  })

  it('is unlocked by hotdesk_unlock, or by deleting the key', async () => {
    for (let i = 0; i < 4; i++) await fcall('attempt 100 HD0001')
    await expectConversation([
      ['unlock 100', 'UNLOCKED 100'],
      ['unlock 100', 'NOT_LOCKED 100'],
      ['attempt 100 HD0001', 'ALLOWED 2'],
    ])
    for (let i = 0; i < 4; i++) await fcall('attempt 100 HD0001')
    await redis.cli('DEL', '{hd}:attempts:100')
    expect(await fcall('attempt 100 HD0001')).toBe('ALLOWED 2')
  })

  it('never locks for ever, even after a counter was set by hand', async () => {
    await redis.cli('SET', '{hd}:attempts:100', '99')
    expect(await fcall('attempt 100 HD0001')).toBe('LOCKED 900')
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
    for (const edit of edits) await redis.cli(...edit)
    await expectConversation([
      ['repair', reply],
      ['where 101', where],
      ['repair', 'NOTHING'],
    ])
  })

  it('makes a logout by hand in devices alone complete, and reports it', async () => {
    await fcall('login 100 HD0001')
    await redis.cli('HDEL', '{hd}:devices', 'HD0001')
    await expectConversation([
      ['repair', 'REPAIRED 1'],
      ['where 100', 'NOWHERE'],
    ])
    expect(await lastEvent()).toBe('event repaired device HD0001 user 100 how taken-off via automatic')
    expect(await redis.cli('HMGET', '{hd}:device:HD0001', 'state', 'cause')).toBe('idle\nedited')
  })

  it('moves by hand: the phone says who sits there', async () => {
    await fcall('login 100 HD0001')
    await redis.cli('HSET', '{hd}:devices', 'HD0001', '101')
    await expectConversation([
      ['repair', 'REPAIRED 2'],
      ['where 101', 'AT HD0001'],
      ['where 100', 'NOWHERE'],
    ])
  })
})

describe('hotdesk_status', () => {
  it('is a table that a person can read', async () => {
    await fcall('login 100 HD0001')
    const lines = (await fcall('status')).split('\n')
    expect(lines[0]?.split(/\s+/)).toEqual(['DEVICE', 'SITE', 'STATE', 'USER', 'NAME', 'MINUTES', 'REGISTERED', 'REFRESH'])
    expect(lines[1]?.split(/\s+/)).toEqual(['HD0001', 'paris', 'active', '100', 'Alice', '0', 'no', 'pending'])
    expect(lines[2]?.split(/\s+/)).toEqual(['HD0002', 'paris', 'idle', '-', '-', '-', 'no', '-'])
    expect(await fcall('status HD0003')).not.toContain('HD0001')
  })
})

describe('hotdesk_join', () => {
  it('gives a name to one start of a node at a time', async () => {
    await expectConversation([
      ['join paris-1 b1 - 60 process p1', 'JOINED'],
      ['join paris-1 b1 - 60 process p1', 'JOINED'],
      ['leave paris-1 b2', 'NOT_YOURS'],
      ['join paris-1 b2 b1 60 process p2', 'JOINED'],
      ['leave paris-1 b2', 'LEFT'],
      ['join paris-1 b3 - 60 process p3', 'JOINED'],
    ])
    expect(await fcall('join paris-1 b4 b2 60')).toMatch(/^TAKEN p3 \d+ b3$/)
  })
})
