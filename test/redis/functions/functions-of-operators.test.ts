import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../../support/redis/redis-console.js'

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())
beforeEach(() => desk.clear())

describe('hotdesk_refresh', () => {
  it('requests a refresh for a device or a user, and leaves the login as it is', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('HSET', '{hd}:device:HD0001', 'since', '1700000000', 'refresh', 'sent')
    await desk.converse([
      ['refresh HD0001', 'REFRESHING'],
      ['refresh 100 cli', 'REFRESHING'],
      ['who HD0001', 'OCCUPIED 100'],
    ])
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'epoch', 'refresh', 'since', 'state')).toBe('3\npending\n1700000000\nactive')
    expect(await desk.lastEvent()).toBe('event refresh device HD0001 user 100 via cli outcome wanted')
  })

  it('knows which phones and users exist, and creates none', async () => {
    await desk.converse([
      ['refresh HD7777', 'UNKNOWN_DEVICE'],
      ['refresh 999', 'UNKNOWN_USER'],
      ['refresh 101', 'NOWHERE'],
    ])
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD7777')).toBe('0')
  })

  it('requested by a node without a requester belongs to the node where the phone is registered', async () => {
    await desk.fcall('join paris-1 b1 - 60 site paris')
    await desk.redis.cli('HSET', '{hd}:reg:HD0001', 'node', 'paris-1')
    await desk.converse([
      ['refresh HD0001 automatic paris-2', 'NOT_YOURS paris-1'],
      ['refresh HD0001 automatic paris-1', 'REFRESHING'],
    ])
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'epoch')).toBe('1')
  })
})

describe('hotdesk_replace', () => {
  it('moves the user of the old phone to the new one, with the time of the login', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('HSET', '{hd}:device:HD0001', 'since', '1700000000')
    await desk.converse([
      ['replace HD0001 HD0002', 'REPLACED 100'],
      ['who HD0001', 'FREE'],
      ['where 100', 'AT HD0002'],
    ])
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0002', 'state', 'since', 'refresh')).toBe('active\n1700000000\npending')
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'state', 'cause', 'refresh')).toBe('idle\nmoved\npending')
    expect(await desk.lastEvent()).toBe('event replaced device HD0002 user 100 via redis-cli from HD0001')
  })

  it('keeps the order of a user’s phones', async () => {
    await desk.redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'allow')
    await desk.converse([
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 100 HD0003', 'LOGGED_IN'],
      ['replace HD0001 HD0002 cli', 'REPLACED 100'],
      ['where 100', 'AT HD0002 HD0003'],
    ])
  })

  it.each(['HD0002 HD0001', 'HD0002 HD0003 HD0001', 'HD0003 HD0002 HD0001'])(
    'loses no login to a list of phones that an edit by hand has left behind: %s',
    async (list) => {
      await desk.redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'allow')
      if (list.includes('HD0003')) await desk.fcall('login 100 HD0003')
      await desk.fcall('login 100 HD0001')
      await desk.redis.cli('HSET', '{hd}:users', '100', list)
      await desk.converse([['replace HD0001 HD0002', 'REPLACED 100']])
      const phones = (await desk.redis.cli('HGET', '{hd}:users', '100')).split(' ').toSorted()
      expect(phones).toEqual(list.includes('HD0003') ? ['HD0002', 'HD0003'] : ['HD0002'])
    },
  )

  it('takes over from a phone that was already removed', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.redis.cli('DEL', '{hd}:device:HD0001')
    await desk.converse([['replace HD0001 HD0002', 'REPLACED 100']])
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD0001')).toBe('0')
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0002', 'since')).not.toBe('')
  })

  it('refuses to log a user out, and names the obstacle', async () => {
    await desk.redis.cli('HSET', '{hd}:device:HD0009', 'site', 'paris', 'location', 'attic')
    await desk.fcall('join paris-1 b1 - 60 site paris')
    await desk.converse([
      ['replace HD0001 HD0002', 'FREE'],
      ['login 100 HD0001', 'LOGGED_IN'],
      ['login 101 HD0002', 'LOGGED_IN'],
      ['replace HD0001 HD0002', 'OCCUPIED 101'],
      ['replace HD0001 HD0001', 'OCCUPIED 100'],
      ['replace HD0001 HD7777', 'UNKNOWN_DEVICE'],
      ['replace HD7777 HD0003', 'UNKNOWN_DEVICE'],
      ['replace HD0001 HD0009', 'NOT_A_HOTDESK_PHONE'],
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001', 'DRAINING 1'],
      ['replace HD0001 HD0003', 'DRAINING 100'],
      ['calls paris-1 b1 600 HD0002 1 1', 'OK 0'],
      ['replace HD0002 HD0003', 'EMERGENCY'],
      ['calls paris-1 b1 600 HD0002 0 0', 'OK 0'],
      ['replace HD0002 HD0003', 'EMERGENCY'],
    ])
  })

  it('refuses missing arguments with an error that names them', async () => {
    expect(await desk.fcall('replace HD0001')).toContain('ERR missing argument: new device')
  })
})

describe('hotdesk_seat', () => {
  it('restores a login if nobody has logged in since, and leaves everything else as it is', async () => {
    await desk.fcall('join paris-1 b1 - 60 site paris')
    await desk.redis.cli('HSET', '{hd}:device:HD0001', 'state', 'active', 'since', '1700000000')
    await desk.converse([
      ['seat 100 HD0001', 'SEATED'],
      ['seat 100 HD0001', 'UNCHANGED'],
      ['seat 101 HD0001', 'OCCUPIED 100'],
      ['seat 100 HD0002', 'ELSEWHERE HD0001'],
      ['seat 999 HD0002', 'UNKNOWN_USER'],
      ['seat 101 HD7777', 'UNKNOWN_DEVICE'],
      ['calls paris-1 b1 600 HD0002 1 1', 'OK 0'],
      ['seat 101 HD0002', 'EMERGENCY'],
      ['calls paris-1 b1 600 HD0002 0 0', 'OK 0'],
      ['seat 101 HD0002', 'EMERGENCY'],
    ])
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'state', 'since', 'refresh')).toBe('active\n1700000000\npending')
    await desk.redis.cli('HSET', '{hd}:user:101', 'enabled', 'no')
    await desk.redis.cli('HSET', '{hd}:user:100', 'secondLogin', 'allow')
    await desk.redis.cli('HSET', '{hd}:device:HD0004', 'hotdesk', 'no')
    await desk.converse([
      ['seat 101 HD0003', 'DENIED disabled'],
      ['seat 100 HD0003', 'SEATED'],
      ['seat 100 HD0004', 'NOT_A_HOTDESK_PHONE'],
      ['where 100', 'AT HD0001 HD0003'],
    ])
  })
})

describe('hotdesk_put', () => {
  it('adds, changes or does either, as expected, and removes empty fields', async () => {
    await desk.converse([
      ['put user 100 new name X', 'EXISTS'],
      ['put user 170 known name X', 'UNKNOWN'],
      ['put user 170 new name until=1 home paris', 'SAVED'],
      ['put user 170 known home london name until=1', 'SAVED'],
      ['put device HD0001 known owner 999', 'NO_OWNER 999'],
      ['put device HD0001 known mac 001565aabbcc', 'SAVED'],
      ['put device HD0002 known mac 001565aabbcc', 'MAC_OF HD0001'],
      ['put device HD0001 known mac 001565aabbdd', 'SAVED'],
      ['put device HD0002 known mac 001565aabbcc', 'SAVED'],
      ['put site lyon any name Lyon', 'SAVED'],
    ])
    expect(await desk.redis.cli('HMGET', '{hd}:user:170', 'home', 'name')).toBe('london\nuntil=1')
    await desk.redis.cli('FCALL', 'hotdesk_put', '1', '{hd}', 'user', '170', 'known', 'name', '')
    expect(await desk.redis.cli('HGETALL', '{hd}:user:170')).toBe('home\nlondon')
    await desk.redis.cli('SET', '{hd}:user:171', 'x')
    await desk.converse([['put user 171 any home paris', 'WRONG_TYPE string']])
    expect(await desk.fcall('put call 1 any a b')).toContain('ERR the kind is user, device or site')
  })
})

describe('hotdesk_history', () => {
  it('consists of readable lines, newest first, with UTC times', async () => {
    await desk.fcall('login 100 HD0001')
    await desk.fcall('login 101 HD0001 cli')
    const [head, newest, oldest, ...rest] = (await desk.fcall('history')).split('\n')
    expect(head?.split(/\s+/)).toEqual(['TIME', 'EVENT', 'DEVICE', 'USER', 'DETAILS'])
    expect(newest).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +displaced +HD0001 +101 +via cli, displaced 100$/)
    expect(oldest).toMatch(/ login +HD0001 +100 +via redis-cli$/)
    expect(rest).toEqual([])
  })

  it('is that of one user or one phone, including displaced users and phones that were left', async () => {
    for (const line of ['login 100 HD0001', 'login 101 HD0002', 'login 100 HD0003', 'login 101 HD0003']) await desk.fcall(line)
    const events = async (target: string) =>
      (await desk.fcall(`history ${target}`))
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s+/)[2])
    expect(await events('100')).toEqual(['displaced', 'moved', 'login'])
    expect(await events('HD0001')).toEqual(['moved', 'login'])
    expect(await events('HD0002')).toEqual(['displaced', 'login'])
    expect(await events('HD7777')).toEqual([])
    expect(await events('* 2')).toHaveLength(3)
  })

  it.each([
    ['0', '1970-01-01 00:00:00'],
    ['951782399', '2000-02-28 23:59:59'],
    ['951868799', '2000-02-29 23:59:59'],
    ['1772323199', '2026-02-28 23:59:59'],
    ['1798761599', '2026-12-31 23:59:59'],
    ['1835395200', '2028-02-29 00:00:00'],
  ])('prints %s seconds as %s', async (seconds, time) => {
    await desk.redis.cli('XADD', '{hd}:events', `${seconds}000-1`, 'event', 'login', 'device', 'HD0001', 'user', '100')
    expect((await desk.fcall('history')).split('\n')[1]).toMatch(new RegExp(`^${time} `))
  })

  it('reads some thousands of events per call, and returns where to continue', async () => {
    await desk.fcall('login 100 HD0001')
    const lua = `for i = 1, 5000 do redis.call('XADD', '{hd}:events', '*', 'event', 'login', 'device', 'HD0002', 'user', '101') end`
    await desk.redis.cli('EVAL', lua, '0')
    const [, older = ''] = (await desk.fcall('history 100')).split('\n')
    const [, from = ''] = /^… older: hotdesk_history 1 \{hd\} '100' 50 '(\S+)'$/.exec(older) ?? []
    expect((await desk.fcall(`history 100 50 ${from}`)).split('\n').map((line) => line.split(/\s+/)[2])).toEqual(['DEVICE', 'login'])
    expect((await desk.fcall('history')).split('\n')).toHaveLength(52)
    expect((await desk.fcall('history 101 9999')).split('\n')).toHaveLength(502)
  })
})

describe('hotdesk_status in a large network', () => {
  it('shows some hundreds of phones per call, returns where to continue, and shows each phone once', async () => {
    await desk.redis.cli('FLUSHALL')
    const lua = `for i = 1, 1300 do redis.call('HSET', '{hd}:device:HD' .. (10000 + i), 'site', 'paris') end`
    await desk.redis.cli('EVAL', lua, '0')
    const shown: string[] = []
    let line = 'status *'
    for (let calls = 0; line !== '' && calls < 20; calls++) {
      const rows = (await desk.fcall(line)).split('\n').slice(1)
      const more = /^… more: hotdesk_status 1 \{hd\} '\*' (\d+)$/.exec(rows.at(-1) ?? '')
      shown.push(...rows.slice(0, more ? -1 : undefined).map((row) => row.split(' ')[0] ?? ''))
      line = more ? `status * ${more[1]}` : ''
    }
    expect(line).toBe('')
    expect(new Set(shown).size).toBe(1_300)
    expect((await desk.fcall('status HD11299')).split('\n')[1]).toMatch(/^HD11299 +paris +idle/)
    expect((await desk.fcall('status HD9')).split('\n')).toHaveLength(1)
  })
})
