import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
  await desk.redis.cli('HSET', '{hd}:site:oslo', 'name', 'Oslo')
  await desk.hotdesk('login', '100', 'HD0001')
})
afterAll(() => desk.close())

describe('a key of the wrong type is an error that names it', () => {
  async function spoiled(key: string, look: () => Promise<void>): Promise<void> {
    const copy = `{hd}:aside`
    const isThere = (await desk.redis.cli('EXISTS', `{hd}:${key}`)) === '1'
    if (isThere) await desk.redis.cli('RENAME', `{hd}:${key}`, copy)
    await desk.redis.cli('SET', `{hd}:${key}`, 'spoiled')
    try {
      await look()
    } finally {
      await desk.redis.cli('DEL', `{hd}:${key}`)
      if (isThere) await desk.redis.cli('RENAME', copy, `{hd}:${key}`)
    }
  }

  test.each([
    [
      'devices',
      [['status'], ['status', '--json'], ['user', 'list'], ['device', 'list'], ['site', 'list'], ['export'], ['why', '100'], ['check']],
    ],
    ['users', [['status'], ['user', 'show', '100'], ['export', '--with-logins']]],
    [
      'user:102',
      [
        ['status'],
        ['user', 'list'],
        ['user', 'show', '102'],
        ['user', 'set', '102', '--name', 'X'],
        ['user', 'rm', '102', '-y'],
        ['export'],
      ],
    ],
    [
      'device:HD0002',
      [['status'], ['device', 'list'], ['device', 'set', 'HD0002', '--model', 'X'], ['device', 'add', 'HD0002', '--location', 'x']],
    ],
    ['site:oslo', [['site', 'list'], ['site', 'show', 'paris'], ['export']]],
    ['reg:HD0002', [['status'], ['device', 'show', 'HD0002']]],
  ])('%s', async (key, commands) => {
    await spoiled(key, async () => {
      for (const command of commands) {
        const { code, out, err } = await desk.hotdesk(...command)
        const isCheck = command[0] === 'check'
        expect([command, code, isCheck ? out : err]).toEqual([
          command,
          isCheck ? 0 : 1,
          expect.stringContaining(`{hd}:${key} is not a hash`),
        ])
        if (!isCheck) expect(out).toBe('')
      }
    })
  })

  test.each([
    [
      'devices',
      [
        ['who', 'HD0001'],
        ['login', '101', 'HD0002'],
        ['logout', 'HD0002'],
        ['replace', 'HD0001', 'HD0002'],
      ],
    ],
    [
      'users',
      [
        ['who', '101'],
        ['login', '101', 'HD0002'],
        ['logout', '101'],
        ['refresh', '101'],
      ],
    ],
    ['oncall:HD0002', [['login', '101', 'HD0002']]],
    ['attempts:seen:101', [['unlock', '101']]],
    ['macs', [['device', 'set', 'HD0002', '--mac', '00aabbccdd01']]],
    ['secret', [['device', 'add', 'HD0098', '--site', 'paris', '--location', 'x']]],
  ])('%s, for a function as well', async (key, commands) => {
    await spoiled(key, async () => {
      for (const command of commands) {
        const { code, out, err } = await desk.hotdesk(...command)
        expect([command, code, out, err]).toEqual([
          command,
          1,
          '',
          `hotdesk: {hd}:${key} is a string, and a hash is expected: look at it (GET), then RENAME or DEL it (STORE_PROTOCOL)\n` +
            '  → run `hotdesk doctor`, which names each such key and the version of the functions',
        ])
      }
    })
  })

  test('events, for the commands that read them', async () => {
    await spoiled('events', async () => {
      for (const command of [['events'], ['history', '100']])
        expect(await desk.hotdesk(...command)).toMatchObject({ code: 1, err: expect.stringContaining('{hd}:events') as string })
      expect((await desk.hotdesk('user', 'list')).code).toBe(0)
    })
  })

  test('and the other commands work', async () => {
    await spoiled('device:HD0003', async () => {
      expect((await desk.hotdesk('user', 'set', '100', '--name', 'Alice')).code).toBe(0)
      expect((await desk.hotdesk('login', '100', 'HD0002')).code).toBe(0)
      expect((await desk.hotdesk('logout', '100')).code).toBe(0)
    })
  })
})
