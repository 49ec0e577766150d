import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

const fcall = (...words: readonly string[]): Promise<string> => desk.redis.cli('FCALL', words[0] ?? '', '1', '{hd}', ...words.slice(1))

beforeAll(async () => {
  desk = await openCommandLine()
  await fcall('hotdesk_login', '100', 'HD0001')
  await fcall('hotdesk_login', '101', 'HD0002')
  await fcall('hotdesk_login', '101', 'HD0001', 'cli')
  await fcall('hotdesk_logout', 'HD0001')
  const call = ['call', 'ab12', 'began', '2026-03-29T07:00:00.000Z', 'ringSeconds', '3', 'result', 'success']
  const calls = (...fields: readonly string[]): Promise<string> => desk.redis.cli('XADD', '{hd}:calls:100', '*', ...call, ...fields)
  await calls(
    'side',
    'in',
    'caller',
    '101',
    'callerName',
    'Bob',
    'dialled',
    '100',
    'at',
    'HD0002',
    'device',
    'HD0003',
    'talkSeconds',
    '65',
    'reason',
    'hung up by caller',
  )
  await calls(
    'side',
    'out',
    'caller',
    '100',
    'callerName',
    'Alice',
    'dialled',
    '0155512345',
    'at',
    'HD0001',
    'device',
    'HD0001',
    'talkSeconds',
    '0',
    'reason',
    'busy',
  )
})
afterAll(() => desk.close())

const columns = (line: string): string => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'T').replace(/ {2,}/g, ' ')

describe('hotdesk events', () => {
  test('shows the last events, oldest first', async () => {
    const { code, out } = await desk.hotdesk('events')
    expect(code).toBe(0)
    expect(out.split('\n').map(columns)).toEqual([
      'TIME EVENT DEVICE USER DETAILS',
      'T login HD0001 100 via redis-cli',
      'T login HD0002 101 via redis-cli',
      'T displaced HD0001 101 via cli, displaced 100, from HD0002',
      'T logout HD0001 101 via redis-cli',
    ])
  })

  test('--lines shows only the newest, --json one value a line', async () => {
    const { out } = await desk.hotdesk('events', '--lines', '2', '--json')
    const values = out.split('\n').map((line) => JSON.parse(line) as Record<string, string>)
    expect(values).toMatchObject([
      { event: 'displaced', device: 'HD0001', user: '101' },
      { event: 'logout', device: 'HD0001' },
    ])
    expect(values[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await desk.hotdesk('events', '--lines', '0')).toMatchObject({ code: 2 })
  })
})

describe('hotdesk history', () => {
  test.each([
    ['100', ['login', 'displaced']],
    ['HD0002', ['login', 'displaced']],
    ['HD0001', ['login', 'displaced', 'logout']],
    ['102', []],
  ])('of %s has the events that concern it, newest last', async (subject, events) => {
    const entries = (await desk.json('history', subject)) as { event: string }[]
    expect(entries.map(({ event }) => event)).toEqual(events)
    expect((await desk.hotdesk('history', subject)).out.split('\n')).toHaveLength(events.length + 1)
  })

  test('--lines limits it', async () => {
    expect(await desk.json('history', 'HD0001', '-n', '1')).toMatchObject([{ event: 'logout' }])
  })
})

describe('the order of events, history and calls', () => {
  test('is chronological, and with --reverse the opposite, of the same entries', async () => {
    for (const command of [['events'], ['history', 'HD0001'], ['calls', '100']]) {
      const ids = async (...options: readonly string[]): Promise<string[]> =>
        Array.from((await desk.hotdesk(...command, ...options, '--json')).out.matchAll(/"id": ?"([0-9-]+)"/g), ([, id]) => id ?? '')
      const all = await ids()
      expect(all.length).toBeGreaterThan(1)
      expect(all).toEqual(all.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true })))
      expect(await ids('--reverse')).toEqual(all.toReversed())
      expect(await ids('-n', '1')).toEqual(all.slice(-1))
      expect(await ids('-n', '2', '--reverse')).toEqual(all.toReversed().slice(0, 2))
    }
    expect(await desk.hotdesk('events', '--follow', '--reverse')).toMatchObject({ code: 2 })
  })
})

describe('hotdesk history of a busy network', () => {
  test('reaches as far back as the events do', async () => {
    const lua = "for i = 1, 4500 do redis.call('XADD', '{hd}:events', '*', 'event', 'login', 'device', 'HD0003', 'user', '102') end"
    await desk.redis.cli('EVAL', lua, '0')
    expect(await desk.json('history', 'HD0002')).toMatchObject([{ event: 'login' }, { event: 'displaced' }])
    expect(await desk.json('history', 'HD0003', '-n', '4400')).toHaveLength(4400)
  })

  test('shows deleted users and phones, and refuses those that never existed', async () => {
    await desk.redis.cli('XADD', '{hd}:events', '*', 'event', 'logout', 'user', '177', 'device', 'HD0177')
    expect(await desk.json('history', '177')).toHaveLength(1)
    expect(await desk.hotdesk('history', '178')).toMatchObject({
      code: 1,
      err: 'refused: 178: there is no such user or phone, and no event mentions it',
    })
  })
})

describe('hotdesk calls', () => {
  test('is the call log of a user, newest last', async () => {
    const { out } = await desk.hotdesk('calls', '100')
    expect(out.split('\n').map(columns)).toEqual([
      'TIME WITH TALK RESULT AT',
      'T ← Bob (101) 1:05 hung up by caller HD0002',
      'T → 0155512345 - busy HD0001',
    ])
    expect(await desk.json('calls', '100', '--lines', '1')).toMatchObject([{ side: 'out', dialled: '0155512345' }])
  })

  test('is empty for a user without calls, and refused for an unknown user', async () => {
    expect(await desk.json('calls', '101')).toEqual([])
    expect(await desk.hotdesk('calls', '199')).toMatchObject({ code: 1, err: expect.stringContaining('there is no such user') as string })
  })
})
