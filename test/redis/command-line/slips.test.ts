import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
  await mkdir(join(desk.folder, 'dialplans'), { recursive: true })
  await writeFile(
    join(desk.folder, 'dialplans/paris.yaml'),
    'site: paris\nextensions: ["1XX", "2XX", "9XX"]\nemergency: { "115": "115" }\n',
  )
  await writeFile(
    join(desk.folder, 'dialplans/london.yaml'),
    'site: london\noutside: "9"\nextensions: ["1XX"]\nemergency: { "999": "999" }\ncodes: { login: "*88*", logout: "*88*7*" }\n',
  )
  // As a node of Oslo says it, whose dial plan is not on this machine.
  await desk.redis.cli('HSET', '{hd}:site:oslo', 'name', 'Oslo, havna', 'emergency', '113 0113', 'reserved', '8')
})
afterAll(() => desk.close())

const field = (key: string, name: string): Promise<string> => desk.redis.cli('HGET', `{hd}:${key}`, name)

async function imported(content: string, ...options: readonly string[]) {
  const file = join(desk.folder, 'network.yaml')
  await writeFile(file, content)
  return desk.hotdesk('import', file, ...options)
}

const refused = (subject: string, reason: string) => ({ code: 1, out: '', err: `refused: ${subject}: ${reason}` })

describe('add refuses what exists, and set what does not', () => {
  test.each([
    [['user', 'add', '100', '--name', 'Charlie'], '100', 'user 100 (Alice) already exists; to change it: hotdesk user set'],
    [['user', 'add', '100', '--pin-stdin'], '100', 'user 100 (Alice) already exists; to change it: hotdesk user set'],
    [
      ['device', 'add', 'HD0001', '--location', 'Paris, cellar'],
      'HD0001',
      'phone HD0001 (Paris, 1st floor, reception) already exists; to change it: hotdesk device set',
    ],
    [
      ['device', 'add', 'HD0001', '--site', 'london'],
      'HD0001',
      'phone HD0001 (Paris, 1st floor, reception) already exists; to change it: hotdesk device set',
    ],
    [['site', 'add', 'oslo', '--name', 'X'], 'oslo', 'site oslo (Oslo, havna) already exists; to change it: hotdesk site set'],
    [['user', 'set', '198', '--name', 'X'], '198', 'there is no such user; hotdesk user list shows all'],
    [['user', 'pin', '198'], '198', 'there is no such user; hotdesk user list shows all'],
    [['device', 'set', 'HD0099', '--model', 'T46'], 'HD0099', 'there is no such phone; hotdesk device list shows all'],
    [['device', 'password', 'HD0099'], 'HD0099', 'there is no such phone; hotdesk device list shows all'],
    [['site', 'set', 'rome', '--name', 'X'], 'rome', 'there is no such site; hotdesk site list shows all'],
    [['user', 'rm', '198', '--yes'], '198', 'there is no such user; hotdesk user list shows all'],
    [['device', 'rm', 'HD0099'], 'HD0099', 'there is no such phone; hotdesk device list shows all'],
    [['site', 'rm', 'rome'], 'rome', 'there is no such site; hotdesk site list shows all'],
  ])('%j', async (args, subject, reason) => {
    expect(await desk.hotdesk(...args)).toEqual(refused(subject, reason))
    expect([await field('user:100', 'name'), await field('device:HD0001', 'location')]).toEqual(['Alice', 'Paris, 1st floor, reception'])
    const json = await desk.hotdesk(...args, '--json')
    expect([json.code, json.err, JSON.parse(json.out)]).toEqual([1, '', { subject, done: false, reasons: [reason] }])
  })

  test('even if two operators add the same record at the same time', async () => {
    const answers = await Promise.all(['Eve', 'Eva', 'Evi'].map((name) => desk.hotdesk('user', 'add', '150', '--name', name)))
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(1)
    const others = answers.filter(({ code }) => code !== 0)
    expect(others.map(({ err }) => err)).toEqual(Array(2).fill(expect.stringMatching(/^refused: 150: user 150 .*already exists/)))
    expect((await desk.hotdesk('user', 'rm', '150', '--yes')).code).toBe(0)
  })
})

describe('a hardware address is the same in any spelling, and belongs to one phone', () => {
  beforeAll(() => desk.hotdesk('device', 'set', 'HD0001', '--mac', '00:15:65:AA:BB:CC'))

  test.each(['001565aabbcc', '00-15-65-aa-bb-cc', '0015.65AA.BBCC', '00:15:65:aa:bb:cc', '00 15 65 aa bb cc'])('%s', async (mac) => {
    const reason = 'the hardware address 001565aabbcc is that of HD0001'
    expect(await desk.hotdesk('device', 'add', 'HD0060', '--location', 'Paris', '--mac', mac)).toEqual(refused('HD0060', reason))
    expect(await desk.hotdesk('device', 'set', 'HD0002', '--mac', mac)).toEqual(refused('HD0002', reason))
    expect((await desk.hotdesk('device', 'set', 'HD0001', '--mac', mac)).code).toBe(0)
    expect(await field('device:HD0001', 'mac')).toBe('001565aabbcc')
    expect(await imported(`devices: { HD0002: { mac: "${mac}" } }\n`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/network\.yaml:1:22 +devices\[…\]\.mac: HD0001 has this hardware address/) as string,
    })
  })

  test('counts in the spelling of a hand edit, too', async () => {
    await desk.redis.cli('HSET', '{hd}:device:HD0003', 'mac', '00-15-65-DD-EE-FF')
    expect(await desk.hotdesk('device', 'set', 'HD0002', '--mac', '001565ddeeff')).toEqual(
      refused('HD0002', 'the hardware address 001565ddeeff is that of HD0003'),
    )
  })

  test('goes to one of two phones that get it at the same time', async () => {
    const phones = ['HD0002', 'HD0004']
    const answers = await Promise.all(phones.map((phone) => desk.hotdesk('device', 'set', phone, '--mac', '0011223344ff')))
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(1)
    expect(answers.find(({ code }) => code === 1)?.err).toMatch(/hardware address.* (HD0002|HD0004)$/)
    for (const phone of phones) await desk.hotdesk('device', 'set', phone, '--mac', '')
    expect((await desk.hotdesk('device', 'set', 'HD0002', '--mac', '0011223344ff')).code).toBe(0)
  })

  test('may move from one phone of a file to another, but not occur twice', async () => {
    expect(await imported('devices: { HD0001: { mac: "" }, HD0002: { mac: 001565aabbcc } }\n')).toMatchObject({ code: 0 })
    expect(await field('device:HD0002', 'mac')).toBe('001565aabbcc')
    const twice = await imported('devices:\n  HD0003: { mac: 00aabbccddee }\n  HD0004: { mac: "00:AA:BB:CC:DD:EE" }\n')
    expect(twice.err).toMatch(/network\.yaml:3:13 +devices\[…\]\.mac: HD0003 has this hardware address in this file already/)
    expect(await imported('devices: { HD0003: { mac: 00-15-65 } }\n')).toMatchObject({ code: 2 })
  })
})

describe('rm and --prune', () => {
  test('need --yes without a terminal, and remove nothing otherwise', async () => {
    const words = 'there is no terminal to ask for confirmation; pass --yes to remove it'
    await desk.hotdesk('site', 'add', 'nice')
    expect(await desk.hotdesk('user', 'rm', '102')).toEqual(refused('102', words))
    expect(await desk.hotdesk('device', 'rm', 'HD0004')).toEqual(refused('HD0004', words))
    expect(await desk.hotdesk('site', 'rm', 'nice')).toEqual(refused('nice', words))
    const pruned = await imported('users: { "100": { name: Alice } }\n', '--prune')
    expect(pruned).toEqual({
      code: 1,
      out: '',
      err:
        `hotdesk: nothing was imported: --prune would remove 2 records (user 101, user 102), and ${words} (COMMAND_REFUSED)\n` +
        '  → check it with --dry-run, then pass --yes',
    })
    expect(await desk.redis.cli('EXISTS', '{hd}:user:102', '{hd}:user:101', '{hd}:device:HD0004', '{hd}:site:nice')).toBe('4')
  })

  test.each([
    ['y', 0, '102: removed', ''],
    ['yes', 0, '102: removed', ''],
    ['', 1, '', 'refused: 102: nothing was removed'],
    ['no', 1, '', 'refused: 102: nothing was removed'],
    ['sure', 1, '', 'refused: 102: nothing was removed'],
  ])('ask at a terminal: %j', async (typed, code, out, err) => {
    await desk.redis.cli('HSET', '{hd}:user:102', 'name', 'Chloé', 'home', 'paris')
    const asked: string[] = []
    const answer = await desk.attended((question) => {
      asked.push(question)
      return typed
    })('user', 'rm', '102')
    expect(answer).toEqual({ code, out, err })
    expect(asked).toEqual(['Remove user 102 (Chloé)? [y/N] '])
  })

  test('--prune names what it would remove', async () => {
    const asked: string[] = []
    await writeFile(join(desk.folder, 'network.yaml'), 'devices: { HD0001: {}, HD0002: {}, HD0003: {} }\n')
    const answer = await desk.attended((question) => {
      asked.push(question)
      return 'n'
    })('import', '--prune', join(desk.folder, 'network.yaml'))
    expect(asked).toEqual(['Remove 1 record: phone HD0004? [y/N] '])
    expect(answer).toMatchObject({ code: 1, err: expect.stringMatching(/, and nothing was removed \(COMMAND_REFUSED\)\n/) as string })
  })
})

describe('the location of a phone', () => {
  test('has to be named with another site, by set and import', async () => {
    const words =
      'its location would still be "Paris, 2nd floor, desk 3", and emergency calls would send it: set the location at the new site as well (location)'
    expect(await desk.hotdesk('device', 'set', 'HD0003', '--site', 'london')).toEqual(refused('HD0003', words))
    expect(await imported('devices: { HD0003: { site: london } }\n')).toMatchObject({
      code: 2,
      err: expect.stringContaining(words) as string,
    })
    expect(await field('device:HD0003', 'site')).toBe('paris')
    expect((await desk.hotdesk('device', 'set', 'HD0003', '--site', 'paris')).code).toBe(0)
  })

  test('goes with an emergency number of its site', async () => {
    expect(await desk.hotdesk('device', 'set', 'HD0003', '--site', 'london', '--location', 'London, 2nd floor')).toEqual({
      code: 0,
      out: 'HD0003: saved',
      err: 'warning: HD0003: its emergency number +33199000003 belongs to paris and was removed; emergency calls now show that of london, unless you set --elin',
    })
    expect(await desk.redis.cli('HEXISTS', '{hd}:device:HD0003', 'elin')).toBe('0')
    const back = ['--site', 'paris', '--location', 'Paris, 2nd floor, desk 3', '--elin', '+33199000003']
    expect(await desk.hotdesk('device', 'set', 'HD0003', ...back)).toMatchObject({ code: 0, err: '' })
  })

  test.each([
    ['london', 'Paris, 1st floor', 'paris'],
    ['london', 'étage 2, PARIS', 'paris'],
    ['paris', 'OSLO  3. etasje', 'oslo'],
  ])('of a phone of %s that is %j is doubted', async (site, location, named) => {
    const doubt = `warning: HD0004: a phone of ${site} whose location "${location}" names ${named}; emergency calls report that location`
    const { code, err } = await desk.hotdesk('device', 'set', 'HD0004', '--site', site, '--location', location, '--elin', '1')
    expect([code, err]).toEqual([0, doubt])
    expect((await desk.hotdesk('check')).err).toBe(doubt)
    expect((await desk.hotdesk('doctor')).out).toMatch(new RegExp(`! +locations +HD0004: a phone of ${site} .* names ${named}`))
    expect(await imported(`devices: { HD0004: { location: "${location}" } }\n`, '--dry-run')).toMatchObject({ code: 0, err: doubt })
  })

  test.each([
    ['london', 'London, Paris Street 5'],
    ['paris', 'parishioners’ room'],
    ['paris', '2nd floor'],
  ])('of a phone of %s that is %j is not', async (site, location) => {
    expect(await desk.hotdesk('device', 'set', 'HD0004', '--site', site, '--location', location, '--elin', '1')).toMatchObject({
      code: 0,
      err: '',
    })
  })

  test('moves by replace, with site, emergency number and owner', async () => {
    await desk.hotdesk('device', 'add', 'HD0070', '--site', 'london', '--location', 'London, store room', '--model', 'T54')
    await desk.hotdesk('device', 'set', 'HD0001', '--owner', '100')
    await desk.hotdesk('login', '100', 'HD0001')
    expect((await desk.hotdesk('replace', 'HD0001', 'HD0070')).code).toBe(0)
    expect(await desk.json('device', 'show', 'HD0070')).toMatchObject({
      site: 'paris',
      location: 'Paris, 1st floor, reception',
      elin: '+33199000001',
      owner: '100',
      model: 'T54',
      user: '100',
    })
    const gone = (await desk.json('device', 'show', 'HD0001')) as Record<string, unknown>
    expect(gone).toMatchObject({ site: 'paris', location: null, elin: null, owner: null, user: null })
    expect(await desk.hotdesk('login', '101', 'HD0001')).toMatchObject({ code: 1 })
  })
})

describe('an extension with another meaning', () => {
  test.each([
    ['115', '115 is an emergency number of paris'],
    ['112', '112 is an emergency number of every site'],
    ['999', '999 is an emergency number of london'],
    ['9999', '9999 is an emergency number of london'],
    ['9112', '9112 is an emergency number of london'],
    ['7', '*88*7* is the logout code, and the login of 7 would read the same'],
    ['113', '113 is an emergency number of oslo'],
    ['0113', '0113 is an emergency number of oslo'],
    ['8', 'the login code of 8 would read like the logout code of oslo'],
  ])('%s is refused by add, set and import', async (extension, reason) => {
    expect(await desk.hotdesk('user', 'add', extension)).toEqual(refused(extension, reason))
    expect(await imported(`users: { "${extension}": { name: X } }\n`)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`network.yaml:1:10  users[…]: ${reason}`) as string,
    })
    expect(await desk.redis.cli('EXISTS', `{hd}:user:${extension}`)).toBe('0')
    await desk.redis.cli('HSET', `{hd}:user:${extension}`, 'home', 'paris', 'name', 'Hand')
    const { code, err } = await desk.hotdesk('user', 'set', extension, '--name', 'Y')
    expect([code, err]).toEqual([1, expect.stringContaining(reason)])
    expect((await desk.hotdesk('user', 'rm', extension, '-y')).code).toBe(0)
  })

  test('of an existing user is an error of check, which names the user', async () => {
    expect((await desk.hotdesk('check')).code).toBe(0)
    await writeFile(join(desk.folder, 'dialplans/london.yaml'), 'site: london\nextensions: ["1XX"]\nemergency: { "101": "101" }\n')
    const answer = await desk.hotdesk('check')
    expect(answer).toMatchObject({ code: 2, out: '' })
    expect(answer.err).toMatch(/paris\.yaml +101 is an emergency number of london, and the extension of Bob: this user cannot be called/)
    expect((await desk.hotdesk('doctor')).out).toMatch(/✗ +users +101 is an emergency number of london/)
  })
})
