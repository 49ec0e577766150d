import { writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine
const sudoUser = process.env.SUDO_USER

beforeAll(async () => {
  desk = await openCommandLine()
})
afterAll(() => desk.close())
beforeEach(() => {
  delete process.env.SUDO_USER
})
afterEach(async () => {
  if (sudoUser === undefined) delete process.env.SUDO_USER
  else process.env.SUDO_USER = sudoUser
  await desk.redis.cli('DEL', '{hd}:events')
})

type Entry = Readonly<Record<string, string>>

async function events(): Promise<readonly Entry[]> {
  const { out } = await desk.hotdesk('events', '--json')
  return out === '' ? [] : out.split('\n').map((line) => JSON.parse(line) as Entry)
}

const operator = { via: 'cli', by: userInfo().username, host: hostname() }

describe('an event names the operator and the machine', () => {
  test.each([
    [['login', '100', 'HD0001'], { event: 'login', device: 'HD0001', user: '100' }],
    [['refresh', 'HD0001'], { event: 'refresh', device: 'HD0001' }],
    [['replace', 'HD0001', 'HD0002'], { event: 'replaced', device: 'HD0002' }],
    [['logout', '100', '--now'], { event: 'logout', device: 'HD0002', user: '100' }],
    [['login', '999', 'HD0001'], { event: 'login.denied', reason: 'unknown-extension' }],
    [['user', 'set', '101', '--name', 'Robert', '--forward-busy', '100'], { event: 'changed', user: '101', fields: 'forwardBusy name' }],
    [['user', 'pin', '101'], { event: 'changed', user: '101', fields: 'pin' }],
    [['user', 'add', '160', '--name', 'Zoe'], { event: 'added', user: '160', fields: 'home name pin' }],
    [['user', 'rm', '160', '--yes'], { event: 'removed', user: '160' }],
    [['device', 'password', 'HD0003'], { event: 'changed', device: 'HD0003', fields: 'credential' }],
    [['device', 'rm', 'HD0003', '--yes'], { event: 'removed', device: 'HD0003' }],
    [['site', 'add', 'lyon', '--name', 'Lyon'], { event: 'added', site: 'lyon', fields: 'name' }],
    [['site', 'rm', 'lyon', '--yes'], { event: 'removed', site: 'lyon' }],
    [['redis', 'accept'], { event: 'accepted' }],
    [['redis', 'secret', '--adopt'], { event: 'secret.adopted' }],
  ])('hotdesk %j', async (command, event) => {
    await desk.hotdesk(...command)
    expect((await events()).at(-1)).toMatchObject({ ...event, ...operator })
  })

  test('hotdesk unlock', async () => {
    await desk.redis.cli('FCALL', 'hotdesk_attempt', '1', '{hd}', '101', 'HD0001')
    await desk.hotdesk('unlock', '101')
    expect((await events()).at(-1)).toMatchObject({ event: 'unlocked', user: '101', ...operator })
  })

  test('hotdesk import: one event for the file, and one for each record, so that the history of each has it', async () => {
    const file = join(desk.folder, 'people.csv')
    await writeFile(file, 'extension,name,pin\n101,Bobby,\n171,Ann,8520\n')
    expect(await desk.hotdesk('import', file)).toMatchObject({ code: 0 })
    expect(await events()).toMatchObject([
      { event: 'changed', user: '101', fields: 'name', ...operator },
      { event: 'added', user: '171', fields: 'home name pin', ...operator },
      { event: 'imported', added: 1, changed: 1, removed: 0, ...operator },
    ])
    expect((await desk.hotdesk('history', '171')).out).toContain(`added`)
  })

  test('of a command under sudo it is the user who called sudo, but only root is believed', async () => {
    process.env.SUDO_USER = 'alice'
    await desk.hotdesk('user', 'set', '101', '--ring-seconds', '31')
    expect((await events()).at(-1)).toMatchObject({ by: process.getuid?.() === 0 ? 'alice' : operator.by })
  })

  test('a name cannot add a field or break a line', async () => {
    process.env.SUDO_USER = 'al ice\n@x'
    if (process.getuid?.() !== 0) return
    await desk.hotdesk('user', 'set', '101', '--ring-seconds', '32')
    expect((await events()).at(-1)).toMatchObject({ by: 'al?ice?@x', host: operator.host })
  })
})

describe('without an operator', () => {
  test('an event keeps its form', async () => {
    await desk.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0002')
    await desk.redis.cli('FCALL', 'hotdesk_put', '1', '{hd}', 'user', '100', 'known', 'name', 'by=x@y')
    expect(await desk.redis.cli('HGET', '{hd}:user:100', 'name')).toBe('by=x@y')
    const { out } = await desk.hotdesk('events', '--json')
    expect(Object.keys(JSON.parse(out) as Entry)).toEqual(['id', 'time', 'event', 'device', 'user', 'via'])
  })

  test('a command that is refused or changes nothing leaves no event', async () => {
    await desk.hotdesk('user', 'set', '999', '--name', 'Nobody')
    await desk.hotdesk('user', 'set', '101', '--ring-seconds', '32')
    await desk.redis.cli('DEL', '{hd}:events')
    await desk.hotdesk('user', 'set', '101', '--ring-seconds', '32')
    expect(await events()).toEqual([])
  })
})

test('no PIN and no password is in an event', async () => {
  const { out } = await desk.hotdesk('user', 'add', '180', '--json')
  const { pin } = JSON.parse(out) as { pin: string }
  const { password } = (await desk.json('device', 'password', 'HD0001')) as { password: string }
  const text = await desk.redis.cli('XRANGE', '{hd}:events', '-', '+')
  expect(text).toContain('credential')
  for (const secret of [pin, password, '$scrypt', 'sealed.']) expect(text).not.toContain(secret)
})
