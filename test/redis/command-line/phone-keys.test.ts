import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

const keys = 'line, blf:101="Bob, reception", speed:0794600="Taxi", appearance:104@london, park:1'

beforeAll(async () => {
  desk = await openCommandLine()
  const site = ['timezone', 'Europe/Paris', 'language', 'fr', 'codes', 'login=*77* logout=*77*5*']
  await desk.redis.cli('HSET', '{hd}:site:paris', ...site)
  await desk.hotdesk('device', 'set', 'HD0001', '--model', 'Yealink T31')
  await desk.hotdesk('device', 'set', 'HD0002', '--model', 'Yealink T46U', '--modules', '1')
})
afterAll(() => desk.close())

test('keys with labels are set, shown and imported', async () => {
  expect(await desk.hotdesk('user', 'set', '100', '--keys', keys)).toMatchObject({ code: 0 })
  expect(await desk.json('user', 'show', '100')).toMatchObject({ keys })
  const file = join(desk.folder, 'people.csv')
  await writeFile(file, 'extension,keys\n101,"line, blf:100=""Alice, desk 1"""\n')
  expect(await desk.hotdesk('import', file)).toMatchObject({ code: 0, out: '0 added, 1 changed, 0 unchanged.' })
  expect(await desk.json('user', 'show', '101')).toMatchObject({ keys: 'line, blf:100="Alice, desk 1"' })
})

test('the keys of an idle phone', async () => {
  expect(await desk.json('phone', 'show', 'HD0001')).toMatchObject({
    model: { make: 'yealink', name: 'T31', keys: 2 },
    state: 'idle',
    label: 'HD0001',
    user: null,
    language: 'fr',
    timezone: 'Europe/Paris',
    keys: [
      { key: 1, kind: 'lamp', label: 'Connexion', dials: '*77*', watches: '*77*', works: true },
      { key: 2, kind: 'line', dials: null },
    ],
    notShown: [],
  })
})

test('what a user would see at a phone: keys that do not work there, and keys for which it has no room', async () => {
  const { code, out } = await desk.hotdesk('phone', 'show', 'HD0001', '--user', '100')
  expect([code, out]).toEqual([0, expect.stringContaining('blf:101="Bob, reception", speed:0794600="Taxi"')])
  const shown = (await desk.json('phone', 'show', 'HD0002', '--user', '100')) as { readonly keys: readonly object[] }
  expect(shown.keys.slice(-2)).toMatchObject([
    { label: 'Pas ici: 104', dials: null, works: false },
    { label: 'Pas ici: Parcage 1', dials: null, works: false },
  ])
  expect((await desk.hotdesk('phone', 'show', 'HD0002', '--user', '100')).out).toContain('does not work here')
})

test.each([
  [['HD0099'], 'no such phone'],
  [['HD0001', '--user', '999'], 'no such user'],
])('phone show %j is refused: %s', async (words, reason) => {
  const { code, err } = await desk.hotdesk('phone', 'show', ...words)
  expect([code, err.includes(reason)]).toEqual([1, true])
})
