import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { hashPin, verifyPin } from '../../../src/hotdesk/hotdesk.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeEach(async () => {
  desk = await openCommandLine()
})
afterEach(() => desk.close())

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(desk.folder, name)
  await writeFile(path, content)
  return path
}

/** The lines behind the first, each with single blanks. */
const problemsIn = (err: string): string[] =>
  err
    .split('\n')
    .slice(1, -1)
    .map((line) => line.trim().replace(/ {2,}/, ' '))

const field = (key: string, name: string): Promise<string> => desk.redis.cli('HGET', `{hd}:${key}`, name)
const everything = async (): Promise<string> => {
  const keys = (await desk.redis.cli('KEYS', '*')).split('\n').toSorted()
  return (await Promise.all(keys.filter((key) => /:(user|device|site):/.test(key)).map((key) => desk.redis.cli('HGETALL', key)))).join('\n')
}

describe('hotdesk import', () => {
  test('adds and changes the records of a YAML file, and leaves the rest', async () => {
    const file = await fileOf(
      'network.yaml',
      'users:\n  "100": { name: Alicia, forwardBusy: "101" }\n  "103": { name: Dave, pin: "8264" }\ndevices:\n  HD0009: { location: Paris, password: not-so-secret }\n',
    )
    expect(await desk.hotdesk('import', file)).toMatchObject({ code: 0, out: '2 added, 1 changed, 0 unchanged.' })
    expect([await field('user:100', 'name'), await field('user:100', 'home'), await field('user:103', 'home')]).toEqual([
      'Alicia',
      'paris',
      'paris',
    ])
    expect(await verifyPin(new Secret('8264'), await field('user:103', 'pin'))).toBe(true)
    expect(await field('device:HD0009', 'hotdesk')).toBe('yes')
    expect(await everything()).not.toMatch(/8264|not-so-secret/)
  })

  test.each([
    ['users: &u { "103": { name: Dave, forwardBusy: *u } }\n', 'network.yaml:1:47 an alias contains itself'],
    [`users: ${'{a: '.repeat(10_000)}`, 'network.yaml:1:1 nested too deeply: expected at most 50 levels'],
    [
      'users: { "103": { name: !!int 5 } }\n',
      'network.yaml:1:31 tags are not supported: everything is read as text; text that begins with ! needs quotes',
    ],
    [
      'users: {}\n---\nusers: {}\n',
      'network.yaml:2:1 a line of --- begins another document, and one is expected: delete the line and what does not belong here',
    ],
    ['a: &a { name: Dave }\nusers: { "103": { <<: *a } }\n', 'network.yaml:2:19 merge keys (<<) are not supported: write the keys out'],
  ])('refuses hostile YAML with its line, and writes nothing', async (content, problem) => {
    const before = await everything()
    const { code, err } = await desk.hotdesk('import', await fileOf('network.yaml', content))
    expect([code, problemsIn(err)]).toEqual([2, [problem]])
    expect(await everything()).toBe(before)
  })

  test('adds a site without any setting', async () => {
    const file = await fileOf('sites.yaml', 'sites:\n  lyon: {}\n  nice: { name: "" }\n')
    expect((await desk.hotdesk('import', file)).out).toBe('2 added, 0 changed, 0 unchanged.')
    expect([await field('site:lyon', 'name'), await field('site:nice', 'name')]).toEqual(['lyon', 'nice'])
    expect((await desk.hotdesk('import', file)).out).toBe('0 added, 0 changed, 2 unchanged.')
  })

  test('warns about an unknown site, and about numbers that the dial plan does not accept', async () => {
    const file = await fileOf(
      'network.yaml',
      'sites:\n  lyon: { name: Lyon }\nusers:\n  "103": { home: lyon }\n  "7777": { home: marsseille }\ndevices:\n  HD0009: { location: x, site: lyon }\n',
    )
    const doubts = [
      'warning: unknown site marsseille: it has no node, dial plan or record. If it is correct: hotdesk site add marsseille',
      'warning: 7777: cannot be called from paris: no extension pattern of its dial plan matches',
    ].join('\n')
    expect(await desk.hotdesk('import', '--dry-run', file)).toMatchObject({ code: 0, err: doubts })
    expect(await desk.hotdesk('import', file)).toMatchObject({ code: 0, err: doubts })
    const many = Array.from({ length: 12 }, (_, index) => `${7_001 + index},paris`)
    const { err } = await desk.hotdesk('import', await fileOf('people.csv', `extension,home\n${many.join('\n')}\n`))
    expect(err).toMatch(/^warning: 7001, .*, 7010 and 2 more: cannot be called from paris[^\n]*$/)
  })

  test('of the same file again changes nothing', async () => {
    const file = await fileOf('people.csv', 'extension,name,pin\n103,Dave,8264\n104,"Doe, Eve",7153\n')
    expect((await desk.hotdesk('import', file)).out).toBe('2 added, 0 changed, 0 unchanged.')
    expect((await desk.hotdesk('import', file)).out).toBe('0 added, 0 changed, 2 unchanged.')
    expect(await field('user:104', 'name')).toBe('Doe, Eve')
  })

  test('reports all problems of a YAML file at once, each with its line, and imports nothing', async () => {
    const before = await everything()
    const file = await fileOf(
      'network.yaml',
      [
        'users:',
        '  "103": { name: Dave, ringSeconds: 9999 }',
        '  "5": { name: Logout }',
        '  "112": { name: Help }',
        '  abc: { name: Letters }',
        '  "104": { nme: Eve, pin: "1234" }',
        '  "105": { pin: "1234" }',
        'devices:',
        '  HD0008: { location: Paris, owner: "999" }',
        '  HD0009: { hotdesk: yes }',
        '  HD0010: { location: Paris, password: sealed.1.abc.def.ghi }',
        '  HD0011: { location: Paris, password: short }',
        '  HD0012: { location: Paris, password: HD0012-1 }',
      ].join('\n'),
    )
    const { code, out, err } = await desk.hotdesk('import', file)
    expect([code, out]).toEqual([2, ''])
    expect(problemsIn(err)).toEqual([
      'network.yaml:2:24 users[…].ringSeconds: expected seconds, 1 to 600',
      'network.yaml:3:3 users[…]: *77*5* is the logout code, and the login of 5 would read the same',
      'network.yaml:4:3 users[…]: 112 is an emergency number of every site',
      'network.yaml:5:3 users[…]: expected an extension, 1 to 15 digits, found "abc"',
      expect.stringMatching(/^network\.yaml:6:12 users\[…\]\.…: unknown key; known here: name, home/),
      'network.yaml:7:12 users[…].pin: a PIN of consecutive digits is too easy to guess',
      'network.yaml:9:30 devices[…].owner: there is no such user, neither here nor in the network',
      expect.stringMatching(/^network\.yaml:10:3 devices\[…\]: hotdesk is yes without a location/),
      expect.stringMatching(/^network\.yaml:11:30 devices\[…\]\.password: .*sealed with another network secret/),
      'network.yaml:12:30 devices[…].password: expected a password of 8 to 64 characters without spaces, or a sealed one',
      expect.stringMatching(/^network\.yaml:13:30 devices\[…\]\.password: is too easy to guess/),
    ])
    expect(err).not.toMatch(/1234|short"|HD0012-1/)
    expect(await everything()).toBe(before)
  })

  test('imports a weak password of the phone’s previous system, with a warning', async () => {
    const file = await fileOf(
      'old.yaml',
      'devices:\n  HD0021: { location: Paris, password: k3v9x2mq }\n  HD0022: { location: Paris, password: k3v9x2mq }\n',
    )
    const { code, err } = await desk.hotdesk('import', file, '--dry-run')
    expect(code).toBe(0)
    expect(err).toMatch(/HD0021, HD0022: the password is weak; .*hotdesk device password/)
    expect(err).toMatch(/HD0021, HD0022: the same password on several phones/)
    expect(err).not.toContain('k3v9')
  })

  test('the same of a table', async () => {
    const before = await everything()
    const file = await fileOf('people.csv', '\ufeffextension;name;ringSeconds;pin\r\n103;Dave;0;\r\n\r\n104;Eve;20;12x\r\n103;Dave;20;\r\n')
    const { code, err } = await desk.hotdesk('import', file)
    expect(code).toBe(2)
    expect(problemsIn(err)).toEqual([
      'people.csv:2:3 users[…].ringSeconds: expected seconds, 1 to 600, found "0"',
      'people.csv:4:4 users[…].pin: expected a PIN of 4 to 10 digits, or the hash of one',
      'people.csv:5:1 the record is already in line 2',
    ])
    expect(await everything()).toBe(before)
  })

  test.each([
    [
      'names.csv',
      'name,number\nDave,103\n',
      'names.csv:1:1  expected a first line with column names, one of them extension or device or site; found name, number',
    ],
    ['columns.csv', 'extension,nme\n103,Dave\n', 'columns.csv:1:2  nme: unknown column'],
    ['ragged.csv', 'extension,name\n103,Dave,more\n', 'ragged.csv:2:3  expected 2 cells, as in the first line, found 3'],
    ['broken.yaml', 'users:\n  "103": { name: "Dave }\n', 'broken.yaml:'],
    ['twice.yaml', 'users:\n  "103": { name: Dave }\n  "103": { name: Eve }\n', 'twice.yaml:3:3'],
    ['list.yaml', '- a\n', 'list.yaml:1:1'],
  ])('names line and column in %s', async (name, content, place) => {
    const { code, err } = await desk.hotdesk('import', await fileOf(name, content))
    expect([code, err]).toEqual([2, expect.stringContaining(place)])
  })

  test('--dry-run shows the difference and writes nothing', async () => {
    const before = await everything()
    const file = await fileOf(
      'network.yaml',
      'users:\n  "100": { name: Alicia, pin: "8264" }\n  "101": { name: Bob }\n  "103": { name: Dave }\n',
    )
    const { code, out } = await desk.hotdesk('import', '--dry-run', file)
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      '~  user  100  name Alice → Alicia, pin set → another',
      '+  user  103  name Dave, home paris',
      'Dry run: 1 to add, 1 to change, 1 unchanged.',
      'Without PIN or password: 103. To generate them: --issue.',
    ])
    expect(await everything()).toBe(before)
  })

  test('--issue creates missing PINs and passwords, in a file that only the owner can read and that is never overwritten', async () => {
    const file = await fileOf('network.yaml', 'users:\n  "103": { name: Dave }\ndevices:\n  HD0009: { location: Paris }\n')
    const issued = join(desk.folder, 'issued.csv')
    expect((await desk.hotdesk('import', file, '--issue', issued)).out).toMatch(
      /^2 added, .*\n2 PINs and passwords were written to .*issued\.csv\.$/,
    )
    const [head, pin = '', password = ''] = (await readFile(issued, 'utf8')).trim().split('\n')
    expect(head).toBe('what,of,secret')
    expect(pin).toMatch(/^pin,103,\d{6}$/)
    expect(password).toMatch(/^password,HD0009,\S{20}$/)
    expect((await stat(issued)).mode & 0o777).toBe(0o600)
    expect(await verifyPin(new Secret(pin.slice(-6)), await field('user:103', 'pin'))).toBe(true)
    const again = await fileOf('more.yaml', 'users:\n  "104": { name: Eve }\n')
    expect(await desk.hotdesk('import', again, '--issue', issued)).toMatchObject({ code: 1 })
    expect(await desk.redis.cli('EXISTS', '{hd}:user:104')).toBe('0')
  })

  test('--prune removes who is not in the file', async () => {
    const file = await fileOf('people.yaml', 'users:\n  "100": { name: Alice }\ndevices:\n  HD0001: { site: paris }\n')
    expect((await desk.hotdesk('import', '--prune', '--dry-run', file)).out).toContain('-  user   101')
    expect((await desk.hotdesk('import', '--prune', '--yes', file)).out).toBe('0 added, 0 changed, 5 removed, 2 unchanged.')
    expect(await desk.redis.cli('EXISTS', '{hd}:user:101', '{hd}:device:HD0004', '{hd}:user:100', '{hd}:device:HD0001')).toBe('2')
  })

  test('--prune of a table of people leaves the phones, and of an empty file is refused', async () => {
    const people = await fileOf('people.csv', 'extension,name\n100,Alice\n')
    expect((await desk.hotdesk('import', '--prune', '--yes', people)).out).toBe('0 added, 0 changed, 2 removed, 1 unchanged.')
    expect(await desk.redis.cli('EXISTS', '{hd}:user:101', '{hd}:device:HD0004')).toBe('1')
    expect((await desk.hotdesk('import', '--prune', await fileOf('empty.yaml', ''))).err).toContain('empty.yaml  the file is empty')
    const { code, err } = await desk.hotdesk('import', '--prune', await fileOf('empty.yaml', 'users: {}\n'))
    expect([code, err]).toEqual([2, expect.stringContaining('contains no records, so --prune would remove nothing')])
    const wrong = await desk.hotdesk('import', '--prune', await fileOf('wrong.yaml', 'users:\n  "103": { nme: Dave }\n'))
    expect(problemsIn(wrong.err)).toEqual([expect.stringMatching(/^wrong\.yaml:2:12 users\[…\]\.…: unknown key/)])
    expect(await desk.redis.cli('EXISTS', '{hd}:user:100')).toBe('1')
  })

  test('--prune of a table of phones takes the people of the network for owners', async () => {
    await desk.directory.putDevice('HD0001', { owner: '100' })
    const file = await fileOf('phones.csv', (await desk.hotdesk('export', '--only', 'devices', '--format', 'csv')).out)
    expect((await desk.hotdesk('import', '--prune', '--yes', file)).out).toBe('0 added, 0 changed, 4 unchanged.')
    const wrong = await fileOf('network.yaml', 'users: { "101": { name: Bob } }\ndevices: { HD0001: { owner: "100" } }\n')
    const { code, err } = await desk.hotdesk('import', '--prune', wrong)
    expect([code, err]).toEqual([2, expect.stringContaining('there is no such user here, and others are removed')])
  })

  test('--prune of a table of people names the phones whose owner it removes', async () => {
    for (const id of ['HD0001', 'HD0002', 'HD0003']) await desk.directory.putDevice(id, { owner: '100' })
    await desk.directory.putDevice('HD0004', { owner: '101' })
    const people = await fileOf('people.csv', 'extension,name\n101,Bob\n')
    const orphans = (phones: string) =>
      `warning: ${phones}: the owner does not exist; set another, or "" for none, with hotdesk device set --owner`
    expect(await desk.hotdesk('import', '--prune', '--dry-run', people)).toMatchObject({ code: 0, err: orphans('HD0001, HD0002, HD0003') })
    const both = 'users: { "101": { name: Bob } }\ndevices: { HD0001: { owner: "" }, HD0002: { model: T46 } }\n'
    expect(await desk.hotdesk('import', '--prune', '-y', await fileOf('network.yaml', both))).toMatchObject({
      code: 0,
      err: orphans('HD0002'),
    })
  })

  test('of what was exported changes nothing', async () => {
    await desk.redis.cli('HSET', '{hd}:site:paris', 'nodes', 'paris-1')
    const file = await fileOf('network.yaml', (await desk.hotdesk('export')).out)
    expect((await desk.hotdesk('import', '--dry-run', file)).out).toBe('Dry run: 0 to add, 0 to change, 8 unchanged.')
  })

  test('leaves nothing behind when Redis refuses', async () => {
    await desk.redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    const file = await fileOf('people.csv', 'extension,name,pin\n103,Dave,8264\n')
    const issued = join(desk.folder, 'issued.csv')
    const { code, err } = await desk.hotdesk('import', file, '--issue', issued)
    await desk.redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    expect([code, err]).toEqual([1, expect.stringContaining('nothing was imported: Redis does not serve')])
    expect(await desk.redis.cli('EXISTS', '{hd}:user:103')).toBe('0')
    await expect(stat(issued)).rejects.toThrow()
  })
})

describe('hotdesk export', () => {
  test.each(['yaml', 'json', 'csv'] as const)('as %s says all that an import needs to restore it, and no secret', async (form) => {
    await desk.directory.putUser('101', { forwards: { busy: '102' }, ringSeconds: 40, secondLogin: 'deny' })
    await desk.directory.putSite('lyon', { name: 'Lyon', homeLostLogout: 'never', homeReturn: 'return' })
    const before = await everything()
    const files =
      form === 'csv'
        ? [
            await exported('--only', 'users', '--format', 'csv'),
            await exported('--only', 'devices', '--format', 'csv'),
            await exported('--only', 'sites', '--format', 'csv'),
          ]
        : [await exported(form === 'json' ? '--json' : '--format=yaml')]
    for (const content of files) expect(content).not.toMatch(/4711|5822|6933|sample-HD/)
    expect(files.join('\n')).toMatch(/scrypt\$[\s\S]*sealed\.2\./)
    await desk.redis.empty()
    for (const [index, content] of files.entries()) {
      const path = await fileOf(form === 'csv' ? `${index}.csv` : `all.${form}`, content)
      expect((await desk.hotdesk('import', path)).code).toBe(0)
    }
    expect(sameButSeals(await everything())).toEqual(sameButSeals(before))
  })

  async function exported(...options: readonly string[]): Promise<string> {
    return (await desk.hotdesk('export', ...options)).out
  }

  /** A password that is sealed once more reads differently; fields with their usual value may be written out. */
  function sameButSeals(text: string): string[] {
    const usual = 'enabled mayHotdesk mayForward doNotDisturb secondLogin ringSeconds modules yes no move 25 0'.split(' ')
    return text
      .split('\n')
      .filter((line) => !line.startsWith('sealed.') && !usual.includes(line))
      .toSorted()
  }

  test('a restored password opens as before', async () => {
    const content = await exported()
    const password = () =>
      expect.poll(() =>
        desk.directory
          .devices()
          .find(({ id }) => id === 'HD0001')
          ?.password?.reveal(),
      )
    await desk.redis.empty()
    await password().toBeUndefined()
    await desk.hotdesk('import', await fileOf('all.yaml', content))
    await password().toBe('sample-HD0001')
  })

  test('to a file, for its owner alone; a table needs to know of what', async () => {
    const file = join(desk.folder, 'people.csv')
    expect((await desk.hotdesk('export', '--only', 'users', file)).code).toBe(0)
    expect(await readFile(file, 'utf8')).toMatch(/^extension,name,home,.*,pin\n100,Alice,paris,/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await desk.hotdesk('export', file)).toMatchObject({ code: 1, err: expect.stringContaining('--only') as string })
  })
})

test('an import of ten thousand users is one moment', async () => {
  const pin = await hashPin(new Secret('8264'))
  const rows = Array.from({ length: 10_000 }, (_, index) => `${20_000 + index},Person ${index},${pin}`)
  const file = await fileOf('people.csv', `extension,name,pin\n${rows.join('\n')}\n`)
  const began = performance.now()
  expect((await desk.hotdesk('import', file)).out).toBe('10000 added, 0 changed, 0 unchanged.')
  expect(performance.now() - began).toBeLessThan(20_000)
})
