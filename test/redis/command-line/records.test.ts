import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
})
afterAll(() => desk.close())

const field = (key: string, name: string): Promise<string> => desk.redis.cli('HGET', `{hd}:${key}`, name)

describe('hotdesk user set', () => {
  test('changes the named settings and leaves the rest', async () => {
    expect(await desk.hotdesk('user', 'set', '100', '--forward-busy', '101', '--ring-seconds', '15', '--enabled', 'no')).toMatchObject({
      code: 0,
      out: '100: saved',
    })
    expect([await field('user:100', 'forwardBusy'), await field('user:100', 'enabled'), await field('user:100', 'name')]).toEqual([
      '101',
      'no',
      'Alice',
    ])
  })

  test('pass "" to clear a value', async () => {
    await desk.hotdesk('user', 'set', '101', '--forward-always', '102')
    expect((await desk.hotdesk('user', 'set', '101', '--forward-always', '')).code).toBe(0)
    expect(await desk.redis.cli('HEXISTS', '{hd}:user:101', 'forwardAlways')).toBe('0')
  })

  test.each([
    [['--ring-seconds', '0'], 2, 'Expected seconds, 1 to 600.'],
    [['--second-login', 'maybe'], 2, 'Expected one of move, deny, allow.'],
    [['--forward-busy', 'abc'], 2, 'Expected a number, as dialled, or voicemail.'],
    [['--name', 'a\u001b[2Jb'], 2, 'Expected text, on one line.'],
    [[], 1, 'no changes given'],
  ])('refuses %j', async (options, code, said) => {
    const answer = await desk.hotdesk('user', 'set', '100', ...options)
    expect(answer.code).toBe(code)
    expect(answer.err).toContain(said)
  })

  test('saves an unknown home site, and warns about it', async () => {
    expect(await desk.hotdesk('user', 'set', '102', '--home', 'pariss')).toMatchObject({
      code: 0,
      out: '102: saved',
      err: 'warning: unknown site pariss: it has no node, dial plan or record. If it is correct: hotdesk site add pariss',
    })
    await desk.hotdesk('site', 'add', 'pariss')
    expect(await desk.hotdesk('user', 'set', '102', '--home', 'pariss')).toMatchObject({ code: 0, err: '' })
    await desk.hotdesk('user', 'set', '102', '--home', 'paris')
  })

  test('adds a user whom nobody could call, and warns about it', async () => {
    expect(await desk.hotdesk('user', 'add', '7777', '--name', 'Nobody')).toMatchObject({
      code: 0,
      err: 'warning: 7777: cannot be called from paris: no extension pattern of its dial plan matches',
    })
    await desk.hotdesk('user', 'rm', '7777', '--yes')
  })

  test('warns about what was saved, and not about what was refused', async () => {
    const known = await desk.hotdesk('user', 'set', '102', '--home', 'romme')
    expect(known).toMatchObject({ code: 0, err: expect.stringContaining('unknown site romme') as string })
    await desk.hotdesk('user', 'set', '102', '--home', 'paris')
    for (const refused of [
      ['user', 'add', '103', '--home', 'romme', '--forward-always', '103'],
      ['user', 'set', '102', '--home', 'romme', '--forward-always', '102'],
      ['device', 'add', 'HD0077', '--site', 'romme', '--hotdesk', 'yes'],
      ['device', 'set', 'HD0004', '--site', 'romme', '--location', ''],
    ]) {
      const { code, err } = await desk.hotdesk(...refused)
      expect([code, err.split('\n')]).toEqual([1, [expect.stringMatching(/^refused: /)]])
    }
  })

  test('rm names the phones whose owner no longer exists', async () => {
    await desk.hotdesk('user', 'add', '131')
    await desk.hotdesk('device', 'set', 'HD0003', '--owner', '131')
    const removed = await desk.hotdesk('user', 'rm', '131', '--yes')
    expect(removed).toMatchObject({
      code: 0,
      out: '131: removed',
      err: expect.stringMatching(/^warning: HD0003: the owner does not exist/) as string,
    })
    expect((await desk.hotdesk('user', 'rm', '131', '--yes')).err).toMatch(/^refused: [^\n]*$/)
    await desk.hotdesk('device', 'set', 'HD0003', '--owner', '')
  })

  test('refuses an unknown user', async () => {
    expect(await desk.hotdesk('user', 'set', '199', '--name', 'X')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no such user') as string,
    })
    expect(await desk.redis.cli('EXISTS', '{hd}:user:199')).toBe('0')
  })
})

describe('hotdesk user show', () => {
  test('lists the keys that do not work at a site', async () => {
    await desk.hotdesk('user', 'set', '102', '--keys', 'line, appearance:104@paris')
    expect((await desk.hotdesk('user', 'show', '102', '--at', 'london')).out).toMatch(/dead at london +appearance:104@paris/)
    expect(await desk.json('user', 'show', '102', '--at', 'paris')).toMatchObject({ keys: 'line, appearance:104@paris', deadKeys: [] })
    await desk.hotdesk('user', 'set', '102', '--keys', 'break-out:london*100')
    expect(await desk.json('user', 'show', '102', '--at', 'paris')).toMatchObject({
      breakOutKeys: [{ dials: '*68*london*100' }],
      deadKeys: [],
    })
    expect(await desk.json('user', 'show', '102', '--at', 'london')).toMatchObject({ breakOutKeys: [{ dials: '100' }], deadKeys: [] })
    expect((await desk.hotdesk('user', 'show', '102', '--at', 'rome')).out).toMatch(/codes at rome +unknown, no node of rome answers/)
    await desk.hotdesk('user', 'set', '102', '--keys', '')
  })

  test('shows everything but the PIN', async () => {
    await desk.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0004')
    const { out } = await desk.hotdesk('user', 'show', '102')
    expect(out).toMatch(/^102\nname +Chloé\nhome +paris\nenabled +yes\n/)
    expect(out).toMatch(/^logged in at +HD0004$/m)
    expect(out).toMatch(/^pin +set$/m)
    expect(out).not.toContain('scrypt')
    expect(await desk.json('user', 'show', '102')).toMatchObject({
      extension: '102',
      name: 'Chloé',
      secondLogin: 'move',
      ringSeconds: 25,
      enabled: true,
      forwardBusy: null,
      devices: ['HD0004'],
    })
  })
})

describe('hotdesk device set and show', () => {
  test('change and show a phone, but not its password', async () => {
    expect((await desk.hotdesk('device', 'set', 'HD0001', '--owner', '100', '--mac', '00:15:65:AA:BB:CC', '--model', 'T46')).code).toBe(0)
    expect(await desk.json('device', 'show', 'HD0001')).toEqual({
      device: 'HD0001',
      site: 'paris',
      hotdesk: true,
      location: 'Paris, 1st floor, reception',
      elin: '+33199000001',
      mac: '001565aabbcc',
      model: 'T46',
      modules: 0,
      owner: '100',
      password: 'set',
      state: 'idle',
      user: null,
      registered: false,
      node: null,
      refresh: null,
      refreshable: null,
    })
    expect((await desk.hotdesk('device', 'show', 'HD0001')).out).not.toContain('sample-HD0001')
  })

  test('a phone without a location cannot be shared', async () => {
    expect(await desk.hotdesk('device', 'set', 'HD0002', '--location', '')).toMatchObject({
      code: 1,
      err: expect.stringContaining('location') as string,
    })
    expect((await desk.hotdesk('device', 'set', 'HD0002', '--location', '', '--hotdesk', 'no')).code).toBe(0)
  })

  test('an owner must exist', async () => {
    expect(await desk.hotdesk('device', 'set', 'HD0001', '--owner', '177')).toMatchObject({
      code: 1,
      err: 'refused: HD0001: there is no user 177 to be its owner',
    })
    expect(await field('device:HD0001', 'owner')).toBe('100')
  })

  test('device add takes every setting', async () => {
    expect(
      await desk.hotdesk('device', 'add', 'HD0009', '--site', 'london', '--location', 'London, 1st floor', '--model', 'T31'),
    ).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^HD0009: saved; the SIP password is \S{20}$/) as string,
    })
    expect(await field('device:HD0009', 'model')).toBe('T31')
  })
})

describe('edits with --json', () => {
  test('tell a program what was done, and what was issued', async () => {
    expect(await desk.json('user', 'add', '130', '--name', 'Eve')).toEqual({
      subject: '130',
      done: true,
      pin: expect.stringMatching(/^\d{6}$/) as string,
    })
    expect(await desk.json('user', 'set', '130', '--name', 'Eva')).toEqual({ subject: '130', done: true })
    expect(await desk.json('user', 'pin', '130')).toMatchObject({ done: true, pin: expect.any(String) as string })
    expect(await desk.json('device', 'add', 'HD0010', '--location', 'attic')).toMatchObject({ password: expect.any(String) as string })
    expect(await desk.json('device', 'password', 'HD0010')).toMatchObject({ password: expect.any(String) as string })
    expect(await desk.json('device', 'rm', 'HD0010', '--yes')).toEqual({ subject: 'HD0010', done: true })
    expect(await desk.json('user', 'rm', '130', '--yes')).toEqual({ subject: '130', done: true })
  })

  test('tell it the reason of a refusal, and exit with 1', async () => {
    const { code, out, err } = await desk.hotdesk('user', 'rm', '130', '--yes', '--json')
    expect({ code, err, said: JSON.parse(out) as unknown }).toEqual({
      code: 1,
      err: '',
      said: { subject: '130', done: false, reasons: ['there is no such user; hotdesk user list shows all'] },
    })
    expect(await desk.json('user', 'add', '5')).toMatchObject({ done: false, reasons: [expect.stringContaining('*77*5*') as string] })
    expect(await desk.json('device', 'set', 'HD0099', '--model', 'T46')).toMatchObject({ done: false })
  })
})

describe('the length of PINs', () => {
  test('is a setting, for issued PINs and chosen ones', async () => {
    for (const [name, digits] of Object.entries({ MIN: '6', ISSUED: '8', MAX: '8' })) vi.stubEnv(`HOTDESK_PIN_${name}_DIGITS`, digits)
    expect(await desk.json('user', 'pin', '102')).toMatchObject({ pin: expect.stringMatching(/^\d{8}$/) as string })
    const file = join(desk.folder, 'short.yaml')
    await writeFile(file, 'users: { "102": { pin: "4711" } }\n')
    expect(await desk.hotdesk('import', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('a PIN has 6 to 8 digits') as string,
    })
    vi.unstubAllEnvs()
  })
})

describe('tables', () => {
  test('stay aligned beside wide characters, and a name cannot move the cursor', async () => {
    await desk.redis.cli('HSET', '{hd}:user:110', 'home', 'paris', 'name', '日本')
    await desk.redis.cli('HSET', '{hd}:user:111', 'home', 'paris', 'name', 'E\u001b[2Jve\u202e')
    const rows = (await desk.hotdesk('user', 'list')).out.split('\n')
    const [wide = '', evil = ''] = [rows.find((row) => row.startsWith('110')), rows.find((row) => row.startsWith('111'))]
    expect(wide).toMatch(/^110 {3}日本 {16}paris/)
    expect(evil).toMatch(/^111 {3}E\\u001b\[2Jve\\u202e {2}paris/)
  })
})
