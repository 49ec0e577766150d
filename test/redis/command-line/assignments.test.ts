import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../support/net/free-port.js'
import { type CommandLine, openCommandLine, secret } from '../../support/node/command-line.js'
import { launchRedis } from '../../support/redis/redis-process.js'
import { openRelay } from '../../support/redis/redis-relay.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
})
afterAll(() => desk.close())
beforeEach(async () => {
  for (const device of ['HD0001', 'HD0002']) {
    await desk.hotdesk('logout', device, '--now')
    await desk.redis.cli('HSET', `{hd}:device:${device}`, 'hotdesk', 'yes', 'location', `desk of ${device}`)
  }
  await desk.hotdesk('login', '100', 'HD0001')
})

const epochOf = async (device: string): Promise<number> => Number(await desk.redis.cli('HGET', `{hd}:device:${device}`, 'epoch'))

describe('hotdesk refresh', () => {
  test.each(['HD0001', '100'])('%s refreshes the phone that it names', async (subject) => {
    const before = await epochOf('HD0001')
    expect(await desk.hotdesk('refresh', subject)).toEqual({
      code: 0,
      out: `display refresh requested for ${subject}; a phone in a call refreshes afterwards. To see the result: hotdesk status`,
      err: '',
    })
    expect(await epochOf('HD0001')).toBe(before + 1)
    expect(await desk.redis.cli('HGET', '{hd}:device:HD0001', 'refresh')).toBe('pending')
  })

  test.each([
    ['HD0099', 'there is no phone HD0099 (UNKNOWN_DEVICE)\n  → list the phones with `hotdesk device list`'],
    ['199', 'there is no user 199 (UNKNOWN_USER)\n  → list the users with `hotdesk user list`'],
    ['101', '101 is not logged in, so there is no phone to refresh (NOWHERE)\n  → see who is logged in with `hotdesk status`'],
  ])('%s is refused with a sentence', async (subject, sentence) => {
    expect(await desk.hotdesk('refresh', subject)).toEqual({ code: 1, out: '', err: `refused: ${sentence}` })
  })
})

describe('hotdesk who', () => {
  test('shows the messages that wait for the user, also by the phone', async () => {
    expect(await desk.json('who', '100')).toMatchObject({ messages: null })
    await desk.redis.cli('HSET', '{hd}:messages:100', 'waiting', 'yes', 'new', '2', 'old', '1')
    expect((await desk.hotdesk('who', 'HD0001')).out).toBe('100 is logged in at HD0001\nmessages: 2 new, 1 old')
    expect(await desk.json('who', '100')).toMatchObject({ word: 'AT', messages: { waiting: true, new: 2, old: 1 } })
    expect((await desk.hotdesk('user', 'show', '100')).out).toMatch(/messages +2 new, 1 old/)
    await desk.redis.cli('DEL', '{hd}:messages:100')
  })
})

describe('hotdesk replace', () => {
  test('moves the user of the old phone to the new one', async () => {
    expect(await desk.hotdesk('replace', 'HD0001', 'HD0002')).toEqual({
      code: 0,
      out: '100 moved from HD0001 to HD0002, with the site and location of HD0001. HD0001 is no longer for hot desking and has no location',
      err: '',
    })
    expect((await desk.hotdesk('who', '100')).out).toBe('100 is logged in at HD0002')
  })

  test('refuses to log another user out, or to replace a phone without a user', async () => {
    await desk.hotdesk('login', '101', 'HD0002')
    expect((await desk.hotdesk('replace', 'HD0001', 'HD0002')).err).toContain(
      '101 is logged in at HD0002 and must be logged out there first',
    )
    expect((await desk.hotdesk('replace', 'HD0003', 'HD0004')).err).toContain('nobody is logged in at HD0003')
    expect((await desk.hotdesk('replace', 'HD0001', 'HD0099')).err).toContain('there is no phone HD0001 or no phone HD0099')
    expect(await desk.hotdesk('replace', 'HD0001', 'HD0001')).toMatchObject({
      code: 1,
      err: 'hotdesk: cannot replace HD0001 by itself (COMMAND_REFUSED)\n  → name the old phone, then the new one',
    })
    expect(await desk.hotdesk('replace', 'HD0001')).toMatchObject({ code: 2 })
  })
})

describe('commands of operators, with --json', () => {
  test('print the reply of the function and its sentence', async () => {
    expect(await desk.json('login', '101', 'HD0001')).toEqual({
      subject: '101 at HD0001',
      done: true,
      certain: true,
      word: 'DISPLACED',
      detail: ['100'],
      sentence: '101 logged in at HD0001; 100 was logged out there',
    })
    expect(await desk.json('logout', 'HD0001')).toMatchObject({ done: true, word: 'LOGGED_OUT', detail: ['101'] })
    expect(await desk.json('unlock', '100')).toMatchObject({ done: true, word: 'NOT_LOCKED' })
    expect(await desk.json('refresh', 'HD0001')).toMatchObject({ done: true, word: 'REFRESHING' })
    expect(await desk.json('replace', 'HD0001', 'HD0002')).toMatchObject({ done: false, word: 'FREE' })
    expect(await desk.hotdesk('login', '199', 'HD0001', '--json')).toMatchObject({
      code: 1,
      out: expect.stringContaining('UNKNOWN_USER') as string,
      err: '',
    })
  })
})

async function withRedis(redis: object, ...args: readonly string[]) {
  const file = join(desk.folder, 'other.yaml')
  await writeFile(file, JSON.stringify({ node: 'paris-1', site: 'paris', secret, redis, sip: { domain: 'hotdesk.test' } }))
  return desk.hotdesk('--config', file, ...args)
}

test('a login whose reply is lost is not certain', async () => {
  const relay = await openRelay(desk.redis.socket)
  try {
    relay.holdAnswersAfter('hotdesk_login')
    const { code, out } = await withRedis({ url: relay.url }, 'login', '101', 'HD0002', '--json')
    expect([code, JSON.parse(out)]).toMatchObject([1, { done: false, certain: false, word: '' }])
    expect(await desk.redis.cli('HGET', '{hd}:devices', 'HD0002')).toBe('101')
  } finally {
    await relay.close()
  }
})

describe('with durability: replicated', () => {
  const replicated = (...args: readonly string[]) => withRedis({ url: `unix://${desk.redis.socket}`, durability: 'replicated' }, ...args)

  test('a login that no replica has is not certain, and a refused one is refused', async () => {
    expect(await replicated('login', '101', 'HD0002')).toEqual({
      code: 1,
      out: '101 logged in at HD0002',
      err: 'not certain: 101 at HD0002: no replica has confirmed it, so a failover could undo it; check with `hotdesk who`',
    })
    expect(await replicated('replace', 'HD0002', 'HD0003')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^not certain: HD0002 by HD0003/) as string,
    })
    const { code, out } = await replicated('logout', 'HD0003', '--json')
    expect([code, JSON.parse(out)]).toMatchObject([1, { done: true, certain: false, word: 'LOGGED_OUT', detail: ['101'] }])
    expect(await replicated('login', '199', 'HD0002')).toMatchObject({
      code: 1,
      err: expect.stringContaining('refused: there is no user 199 (UNKNOWN_USER)') as string,
    })
  })

  test('a login that a replica has is done', async () => {
    const [port, own] = [await freePort(), await freePort()]
    await desk.redis.cli('CONFIG', 'SET', 'port', String(port))
    await desk.redis.cli('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
    const folder = join(desk.folder, 'replica')
    await mkdir(folder)
    const words = ['--port', String(own), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--replicaof', '127.0.0.1', String(port)]
    const replica = await launchRedis({ port: own, words })
    try {
      await expect.poll(() => replica.cli('INFO', 'replication'), { timeout: 10_000 }).toContain('master_link_status:up')
      expect(await replicated('login', '101', 'HD0002')).toEqual({ code: 0, out: '101 logged in at HD0002', err: '' })
      expect(await replica.cli('HGET', '{hd}:devices', 'HD0002')).toBe('101')
    } finally {
      await replica.kill()
    }
  })
})

describe('logout and unlock without effect', () => {
  test.each([
    ['logout', '102', '102 is not logged in (NOWHERE)'],
    ['logout', 'HD0003', 'nobody is logged in at HD0003; its display will be refreshed (FREE)'],
    ['logout', '555', 'there is no user 555 (UNKNOWN_USER)'],
    ['logout', 'HD0555', 'there is no phone HD0555 (UNKNOWN_DEVICE)'],
    ['unlock', '555', 'there is no user 555 (UNKNOWN_USER)'],
    ['unlock', 'HD0555', 'there is no phone HD0555 (UNKNOWN_DEVICE)'],
    ['who', '555', 'there is no user 555 (UNKNOWN_USER)'],
    ['who', 'HD0555', 'there is no phone HD0555 (UNKNOWN_DEVICE)'],
    ['refresh', '102', '102 is not logged in, so there is no phone to refresh (NOWHERE)'],
    ['history', '555', '555: there is no such user or phone, and no event mentions it'],
    ['calls', '555', '555: there is no such user'],
  ])('%s %s is refused', async (command, subject, sentence) => {
    const { code, out, err } = await desk.hotdesk(command, subject)
    expect([code, out, err.split('\n')[0]]).toEqual([1, '', `refused: ${sentence}`])
  })

  test('a second logout is refused, a second unlock is not', async () => {
    expect(await desk.hotdesk('logout', '100')).toMatchObject({ code: 0, out: '100 logged out of HD0001' })
    expect(await desk.hotdesk('logout', '100')).toMatchObject({
      code: 1,
      err: 'refused: 100 is not logged in (NOWHERE)\n  → see who is logged in with `hotdesk status`',
    })
    expect(await desk.hotdesk('unlock', '100')).toEqual({ code: 0, out: '100 was not locked and has no failed attempts', err: '' })
  })
})

describe('hotdesk locks', () => {
  const fail = async (user: string, device: string, times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) await desk.redis.cli('FCALL', 'hotdesk_attempt', '1', '{hd}', user, device)
  }

  test('shows each lock that holds, and for how long, and none that was lifted', async () => {
    expect(await desk.json('locks')).toEqual([])
    await fail('101', 'HD0002', 3)
    await fail('102', 'HD0002', 2)
    await fail('?abcdef', 'HD0003', 3)
    await desk.redis.cli('SET', '{hd}:attempts:HD0004', '10', 'EX', '60')
    await desk.redis.cli('SET', '{hd}:attempts:wait:102', '1', 'EX', '30')
    const { code, out } = await desk.hotdesk('locks')
    expect([code, ...out.split('\n').map((line) => line.replace(/ {2,}/g, ' ').trim())]).toEqual([
      0,
      'USER DEVICE ENDS IN REASON',
      'all users HD0004 1 min wrong PINs at this phone',
      '101 HD0002 15 min wrong PINs for this user at this phone',
      expect.stringMatching(/^102 new phones (29|30) s wrong PINs for this user, at phones without a recent login$/),
      'unknown HD0003 15 min wrong PINs for this user at this phone',
    ])
    expect(await desk.json('locks')).toContainEqual({
      kind: 'user-at-phone',
      user: '101',
      device: 'HD0002',
      seconds: expect.any(Number) as number,
      until: expect.stringMatching(/^20.*Z$/) as string,
    })
    expect((await desk.hotdesk('unlock', '101')).out).toBe('101 unlocked')
    expect((await desk.hotdesk('unlock', 'HD0004')).out).toBe('HD0004 unlocked')
    const left = (await desk.json('locks')) as { user: string | null }[]
    expect(left.map(({ user }) => user)).toEqual(['102', 'unknown'])
  })
})
