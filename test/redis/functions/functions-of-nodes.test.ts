import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../../support/redis/redis-console.js'

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())
beforeEach(() => desk.clear())

describe('a phone with calls', () => {
  beforeEach(async () => {
    await desk.fcall('join paris-1 b1 - 60 site paris sip udp:127.0.0.1:5060')
    await desk.fcall('join paris-2 b2 - 60 site paris sip udp:127.0.0.1:5062')
    await desk.fcall('login 100 HD0001')
  })

  it('drains, and is logged out by the end of the last call at any node', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 2 0', 'OK 0'],
      ['calls paris-2 b2 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001 drain console', 'DRAINING 3'],
      ['logout HD0001', 'DRAINING 3'],
      ['who HD0001', 'DRAINING 100'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['calls paris-2 b2 600 HD0001 0 0', 'OK 1'],
      ['who HD0001', 'FREE'],
    ])
    expect(await desk.lastEvent()).toBe('event logout device HD0001 user 100 via console')
  })

  it('writes one event for one draining', async () => {
    await desk.fcall('calls paris-1 b1 600 HD0001 1 0')
    for (let i = 0; i < 3; i++) await desk.fcall('logout HD0001')
    expect((await desk.redis.cli('XRANGE', '{hd}:events', '-', '+')).split('\n').filter((word) => word === 'draining')).toHaveLength(1)
  })

  it('does not wait for calls with now', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001 now', 'LOGGED_OUT 100'],
    ])
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'cause')).toBe('now')
  })

  it('is not held by the calls of a node that died or was restarted', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['calls paris-2 b2 600 HD0001 1 0', 'OK 0'],
      ['leave paris-1 b1', 'LEFT'],
      ['leave paris-2 b2', 'LEFT'],
      ['join paris-2 b3 - 60', 'JOINED'],
      ['logout HD0001', 'LOGGED_OUT 100'],
    ])
  })

  it('that drained for a node that died is logged out by the repair', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001', 'DRAINING 1'],
      ['repair', 'NOTHING'],
      ['leave paris-1 b1', 'LEFT'],
      ['repair', 'REPAIRED 1'],
      ['who HD0001', 'FREE'],
    ])
  })

  it('stops draining when its user logs in on it again', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['logout HD0001', 'DRAINING 1'],
      ['login 100 HD0001', 'UNCHANGED'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['who HD0001', 'OCCUPIED 100'],
    ])
  })

  it('can be taken over: the call continues', async () => {
    await desk.converse([
      ['calls paris-1 b1 600 HD0001 1 0', 'OK 0'],
      ['login 101 HD0001', 'DISPLACED 100'],
      ['calls paris-1 b1 600 HD0001 0 0', 'OK 0'],
      ['who HD0001', 'OCCUPIED 101'],
    ])
  })

  it('is left alone during an emergency call and in the quiet time after it, except by the person at it', async () => {
    await desk.converse([
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
    expect(Number(await desk.redis.cli('TTL', '{hd}:quiet:HD0001'))).toBeGreaterThan(590)
  })

  it('that drains is not logged out in the quiet time after an emergency call, but after it, or if the person at the phone asks', async () => {
    await desk.converse([
      ['login 101 HD0002', 'LOGGED_IN'],
      ['calls paris-1 b1 600 HD0001 1 0 HD0002 1 0', 'OK 0'],
      ['logout HD0001 drain cli', 'DRAINING 1'],
      ['logout HD0002 drain dial-code', 'DRAINING 1'],
      ['calls paris-1 b1 600 HD0001 2 1 HD0002 2 1', 'OK 0'],
      ['calls paris-1 b1 600 HD0001 0 0 HD0002 0 0', 'OK 1'],
      ['who HD0001', 'DRAINING 100'],
      ['who HD0002', 'FREE'],
      ['repair', 'NOTHING'],
    ])
    await desk.redis.cli('DEL', '{hd}:quiet:HD0001')
    await desk.converse([
      ['repair', 'REPAIRED 1'],
      ['who HD0001', 'FREE'],
    ])
  })

  it('is quiet for as long as the setting says', async () => {
    await desk.fcall('calls paris-1 b1 1 HD0001 1 1')
    await desk.fcall('calls paris-1 b1 1 HD0001 0 0')
    const gone = desk.redis.cli('BLPOP', '{hd}:never', '1.2')
    expect(await desk.fcall('logout HD0001')).toBe('EMERGENCY')
    await gone
    expect(await desk.fcall('logout HD0001')).toBe('LOGGED_OUT 100')
  })
})

describe('hotdesk_note', () => {
  it('writes into the record of a phone, and creates none', async () => {
    await desk.converse([
      ['note HD0001 refresh sent', 'NOTED'],
      ['note HD0001 refreshable no', 'NOTED'],
      ['note HD9999 refresh sent', 'UNKNOWN_DEVICE'],
      ['note HD0001 site london', 'ERR the field is refresh, refreshable or digest'],
    ])
    expect(await desk.redis.cli('HMGET', '{hd}:device:HD0001', 'refresh', 'site')).toBe('sent\nparis')
    expect(await desk.redis.cli('EXISTS', '{hd}:device:HD9999')).toBe('0')
  })
})

describe('hotdesk_join', () => {
  it('gives a name to one start of a node at a time', async () => {
    await desk.converse([
      ['join paris-1 b1 - 60 process p1', 'JOINED'],
      ['join paris-1 b1 - 60 process p1', 'JOINED'],
      ['leave paris-1 b2', 'NOT_YOURS'],
      ['join paris-1 b2 b1 60 process p2', 'JOINED'],
      ['leave paris-1 b2', 'LEFT'],
      ['join paris-1 b3 - 60 process p3', 'JOINED'],
    ])
    expect(await desk.fcall('join paris-1 b4 b2 60')).toMatch(/^TAKEN p3 \d+ b3$/)
  })

  it('names the nodes of a site, and forgets dead ones when a new one joins; the last is never forgotten', async () => {
    const nodes = () => desk.redis.cli('HGET', '{hd}:site:oslo', 'nodes')
    for (let pod = 1; pod <= 20; pod++)
      await desk.converse([
        [`join pod-${pod} b - 60 site oslo`, 'JOINED'],
        [`leave pod-${pod} b`, 'LEFT'],
      ])
    expect(await nodes()).toBe('pod-20')
    expect(await desk.fcall('site_lost oslo')).toBe('LOST')
    await desk.converse([
      ['join pod-21 b - 60 site oslo', 'JOINED'],
      ['join pod-22 b - 60 site oslo', 'JOINED'],
    ])
    expect(await nodes()).toBe('pod-21 pod-22')
    expect(await desk.redis.cli('HEXISTS', '{hd}:site:oslo', 'lost')).toBe('0')
  })

  it('names a node again that was considered dead while others joined', async () => {
    await desk.fcall('join oslo-1 b - 60 site oslo')
    await desk.redis.cli('DEL', '{hd}:node:oslo-1')
    await desk.fcall('join oslo-2 b - 60 site oslo')
    await desk.converse([
      ['join oslo-1 b - 60 site oslo', 'JOINED'],
      ['leave oslo-2 b', 'LEFT'],
      ['site_lost oslo', 'ALIVE oslo-1'],
      ['leave oslo-1 b', 'LEFT'],
      ['site_lost oslo', 'LOST'],
    ])
  })
})
