import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

const containing = (text: string) => expect.stringContaining(text) as string

beforeAll(async () => {
  desk = await openCommandLine()
})
afterAll(() => desk.close())

describe('hotdesk user rename', () => {
  test('refuses an extension in use, a reserved one, the present one and an unknown user', async () => {
    expect(await desk.hotdesk('user', 'rename', '100', '101')).toMatchObject({
      code: 1,
      err: containing('already the extension of'),
    })
    expect(await desk.hotdesk('user', 'rename', '100', '112')).toMatchObject({ code: 1, err: containing('112') })
    expect(await desk.hotdesk('user', 'rename', '100', '5')).toMatchObject({ code: 1 })
    expect(await desk.hotdesk('user', 'rename', '100', '100')).toMatchObject({ code: 1 })
    expect(await desk.hotdesk('user', 'rename', '999', '190')).toMatchObject({ code: 1, err: containing('no such user') })
    expect((await desk.hotdesk('user', 'show', '100')).code).toBe(0)
  })

  test('lists the forwards of others and asks; without a terminal it needs --yes', async () => {
    await desk.hotdesk('user', 'set', '101', '--forward-busy', '100')
    expect(await desk.hotdesk('user', 'rename', '100', '190')).toMatchObject({ code: 1, err: containing('101 (forwardBusy)') })
    const questions: string[] = []
    const refusing = desk.attended((question) => {
      questions.push(question)
      return 'n'
    })
    expect(await refusing('user', 'rename', '100', '190')).toMatchObject({ code: 1 })
    expect(questions.join()).toContain('101 (forwardBusy)')
    expect((await desk.hotdesk('user', 'show', '100')).code).toBe(0)
  })

  test('takes logins, forwards and owned phones along, names the lines of dial plans, and keeps the history', async () => {
    await desk.hotdesk('device', 'set', 'HD0003', '--owner', '100')
    await desk.hotdesk('login', '100', 'HD0001')
    const done = await desk.hotdesk('user', 'rename', '100', '190', '--yes')
    expect(done).toMatchObject({ code: 0, out: '100: renamed to 190, with 1 owned phone and 1 forward' })
    expect(done.err).toMatch(/still names 100: paris\.yaml:\d+: "\+331990000\d\d": "100"/)
    expect(await desk.json('who', 'HD0001')).toMatchObject({ word: 'OCCUPIED', detail: ['190'] })
    expect(await desk.json('user', 'show', '101')).toMatchObject({ forwardBusy: '190' })
    expect(await desk.json('device', 'show', 'HD0003')).toMatchObject({ owner: '190' })
    const history = (await desk.json('history', '190')) as readonly { readonly event: string }[]
    expect(history.map(({ event }) => event)).toEqual(['login', 'renamed'])
    expect((await desk.hotdesk('history', '100')).out).toContain('renamed')
  })

  test('refuses a user whose own calls are forwarded to the new extension', async () => {
    await desk.hotdesk('user', 'set', '102', '--forward-busy', '195')
    expect(await desk.hotdesk('user', 'rename', '102', '195')).toMatchObject({
      code: 1,
      err: containing('clear that forward'),
    })
  })
})

describe('hotdesk user move', () => {
  test('changes the home; the login stays', async () => {
    await desk.hotdesk('login', '101', 'HD0002')
    expect(await desk.hotdesk('user', 'move', '101', '--to', 'london')).toMatchObject({ code: 0, out: '101: saved' })
    expect(await desk.json('user', 'show', '101')).toMatchObject({ home: 'london', devices: ['HD0002'] })
    expect(await desk.hotdesk('user', 'move', '101', '--to', 'london')).toMatchObject({ code: 1 })
  })

  test('refuses a site that nothing names, and a reserved extension; names own phones that stay', async () => {
    expect(await desk.hotdesk('user', 'move', '101', '--to', 'atlantis')).toMatchObject({
      code: 1,
      err: containing('atlantis'),
    })
    await desk.redis.cli('HSET', '{hd}:user:999', 'home', 'paris')
    expect(await desk.hotdesk('user', 'move', '999', '--to', 'london')).toMatchObject({ code: 1, err: containing('999') })
    const moved = await desk.hotdesk('user', 'move', '190', '--to', 'london')
    expect(moved).toMatchObject({ code: 0, err: expect.stringMatching(/HD0003.*still at paris/) as string })
  })
})
