import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { keyOf, openTestStore } from '../../support/redis/redis-store.js'

let desk: CommandLine

beforeEach(async () => {
  desk = await openCommandLine()
  await desk.directory.putUser('100', { forwards: { always: '101', notReachable: '102' }, secondLogin: 'allow' })
  await desk.directory.putUser('101', { ringSeconds: 40, enabled: false, mayHotdesk: false })
  await desk.directory.putDevice('HD0004', { hotdesk: false, location: null, mac: '001565aabbcc', model: 'T46', owner: '100' })
  await desk.directory.putSite('lyon', { name: 'Lyon', homeLostLogout: 'never', homeReturn: 'return' })
  await desk.directory.putSite('nice', {})
  await desk.redis.cli('HSET', '{hd}:contacts', '+442079460100', 'Taxi', '+33199005555', "O'Neill & Co")
  await desk.redis.cli('HSET', '{hd}:contacts:100', '+33612345678', 'Mum')
  for (const [user, device] of [
    ['100', 'HD0001'],
    ['102', 'HD0002'],
    ['100', 'HD0003'],
  ] as const)
    await desk.hotdesk('login', user, device)
})
afterEach(() => desk.close())

const exported = async (...options: readonly string[]): Promise<string> => (await desk.hotdesk('export', ...options)).out

async function imported(name: string, content: string, ...options: readonly string[]) {
  const file = join(desk.folder, name)
  await writeFile(file, content)
  return desk.hotdesk('import', file, ...options)
}

/** Empties the network, and waits until the copy is empty. */
async function empty(): Promise<void> {
  await desk.redis.empty()
  await expect.poll(() => desk.directory.users()).toEqual([])
}

describe('an export', () => {
  test.each([
    ['yaml', []],
    ['yaml', ['--with-logins']],
    ['json', ['--json']],
    ['json', ['--json', '--with-logins']],
  ])('as %s %j, imported and exported again, is the same byte for byte', async (form, options) => {
    const before = await exported(...options)
    expect(before).toMatch(options.includes('--with-logins') ? /logins/ : /users/)
    expect(before).toMatch(/contacts[\s\S]*Mum[\s\S]*Taxi/)
    await empty()
    expect(await imported(`backup.${form}`, before)).toMatchObject({ code: 0, err: '' })
    expect(await exported(...options)).toBe(before)
  })

  test('of each kind as a table is the same, byte for byte', async () => {
    const kinds = ['sites', 'users', 'devices']
    const tables = (): Promise<string[]> => Promise.all(kinds.map((kind) => exported('--only', kind, '--format', 'csv')))
    const before = await tables()
    await empty()
    for (const [index, table] of before.entries()) expect(await imported(`${index}.csv`, table)).toMatchObject({ code: 0 })
    expect(await tables()).toEqual(before)
  })

  test('with logins logs every user in again, and displaces nobody who has logged in since', async () => {
    const before = await exported('--with-logins')
    expect(before).toMatch(/\nlogins:\n {2}HD0001: "?100"?\n {2}HD0002: "?102"?\n {2}HD0003: "?100"?$/)
    expect(await imported('again.yaml', before, '--json')).toMatchObject({
      code: 0,
      out: expect.stringContaining('"unchanged": 3') as string,
    })
    for (const device of ['HD0001', 'HD0002', 'HD0003']) await desk.hotdesk('logout', device)
    await desk.hotdesk('user', 'set', '101', '--enabled', 'yes', '--may-hotdesk', 'yes')
    await desk.hotdesk('login', '101', 'HD0002')
    const { code, out, err } = await imported('backup.yaml', before.replace(/ {2}"101":\n( {4}.*\n)*/, ''))
    expect([code, out, err]).toEqual([
      0,
      '0 added, 0 changed, 8 unchanged, 2 logins restored.',
      'warning: 102 was not logged in again at HD0002: 101 is logged in there now',
    ])
    expect(await desk.redis.cli('HGETALL', '{hd}:users')).toBe('101\nHD0002\n100\nHD0001 HD0003')
  })

  test('with a login of an unknown user or phone is refused with its line', async () => {
    const { code, err } = await imported('backup.yaml', 'logins:\n  HD0001: 198\n  HD0099: 100\n')
    expect([code, err.split('\n').slice(1)]).toEqual([
      2,
      [
        '  backup.yaml:2:3  logins[…]: there is no such user',
        '  backup.yaml:3:3  logins[…]: there is no such phone',
        '  → correct the file, and import it again',
      ],
    ])
  })

  test('from which an unreadable record is missing is refused', async () => {
    await desk.redis.cli('HSET', '{hd}:user:130', 'name', 'Homeless')
    await expect.poll(async () => (await desk.hotdesk('export')).code).toBe(1)
    expect(await desk.hotdesk('export')).toMatchObject({
      out: expect.stringContaining('Alice') as string,
      err: 'refused: user:130: cannot be read and is not in the export; hotdesk doctor shows why',
    })
  })

  test('refuses to write logins as a table', async () => {
    expect(await desk.hotdesk('export', '--with-logins', '--only', 'users', '--format', 'csv')).toMatchObject({
      code: 1,
      err: expect.stringContaining('a CSV file holds no logins') as string,
    })
  })
})

describe('the copy that a node has saved', () => {
  async function savedCopy(): Promise<string> {
    const data = join(desk.folder, 'data')
    const store = await openTestStore(desk.redis, { data })
    await keyOf(store, 'devices', (hash) => hash?.get('HD0003') === '100')
    await store.close()
    return join(data, 'copy-hd.jsonl')
  }

  test('restores everything by import: users, phones, sites and logins', async () => {
    const before = await exported('--with-logins')
    const file = await savedCopy()
    await empty()
    expect(await desk.hotdesk('import', file, '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/3 logins to restore\.$/) as string,
    })
    expect(await desk.hotdesk('import', file)).toEqual({
      code: 0,
      out: '9 added, 0 changed, 0 unchanged, 3 contacts written, 3 logins restored.',
      err: '',
    })
    expect(await exported('--with-logins')).toBe(before)
    expect((await desk.hotdesk('import', file)).out).toBe('0 added, 0 changed, 9 unchanged.')
  })

  test('that is damaged is refused, and so is one with a record that is wrong, naming the other way', async () => {
    const file = await savedCopy()
    const text = await readFile(file, 'utf8')
    expect(await imported('damaged.jsonl', text.replace('Alice', 'Alina'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/damaged\.jsonl is damaged/) as string,
    })
    await desk.redis.cli('HSET', '{hd}:user:100', 'ringSeconds', '9999')
    await keyOf(desk.store, 'user:100', (hash) => hash?.get('ringSeconds') === '9999')
    const { code, err } = await desk.hotdesk('import', await savedCopy())
    expect(code).toBe(2)
    expect(err).toMatch(
      /copy-hd\.jsonl:\d+:1 +users\[…\]\.ringSeconds: expected seconds, 1 to 600.*\n {2}→ hotdesk redis restore writes back/,
    )
  })
})
