import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { createWholeProgram } from '../../../src/cli/program.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
  await desk.hotdesk('login', '100', 'HD0001')
  await desk.redis.cli('HSET', '{hd}:site:paris', 'lost', '1800000000')
  await desk.redis.cli('HSET', '{hd}:node:paris-1', 'site', 'paris', 'boot', 'b1', 'sip', 'udp:127.0.0.1:5060')
  await desk.redis.cli('HSET', '{hd}:oncall:HD0001', 'paris-1', 'b1 1 0')
  for (let count = 0; count < 3; count += 1) await desk.redis.cli('FCALL', 'hotdesk_attempt', '1', '{hd}', '101', 'HD0002')
  await desk.redis.cli('XADD', '{hd}:events', '*', 'event', 'login.locked', 'device', 'HD0002', 'user', '101', 'seconds', '900')
  await desk.redis.cli(
    'XADD',
    '{hd}:calls:100',
    '*',
    'began',
    '2026-03-29T07:00:00.000Z',
    'talkSeconds',
    '65',
    'ringSeconds',
    '3',
    'dialled',
    '0155512345',
  )
  await writeFile(join(desk.folder, 'people.csv'), 'extension,name,ringSeconds\n100,Alicia,30\n107,Nora,\n')
  await writeFile(join(desk.folder, 'contacts.csv'), 'number,name\n+442079460101,Florist\n')
})
afterAll(() => desk.close())

/** A command line for each command that takes --json, in an order that meets the preconditions of each. */
const lines: readonly string[][] = [
  ['check'],
  ['doctor'],
  ['status'],
  ['why', '101'],
  ['who', '100'],
  ['locks'],
  ['unlock', '101'],
  ['logout', 'HD0001'],
  ['login', '101', 'HD0003'],
  ['refresh', 'HD0003'],
  ['replace', 'HD0003', 'HD0004'],
  ['user', 'add', '108', '--ring-seconds', '20'],
  ['user', 'set', '108', '--ring-seconds', '21'],
  ['user', 'pin', '108'],
  ['user', 'rename', '108', '109'],
  ['user', 'rename', '109', '108'],
  ['user', 'move', '108', '--to', 'london'],
  ['user', 'show', '108'],
  ['user', 'list'],
  ['user', 'rm', '108', '-y'],
  ['phone', 'url', 'HD0001'],
  ['phone', 'code', 'HD0001'],
  ['phone', 'enrol', '--phones', '2'],
  ['phone', 'list'],
  ['phone', 'preview', 'HD0001', '--idle'],
  ['phone', 'show', 'HD0001'],
  ['phone', 'revoke', 'HD0001'],
  ['device', 'add', 'HD0009', '--location', 'attic'],
  ['device', 'set', 'HD0009', '--model', '46'],
  ['device', 'password', 'HD0009'],
  ['device', 'show', 'HD0009'],
  ['device', 'list'],
  ['device', 'rm', 'HD0009', '-y'],
  ['site', 'add', 'lyon', '--home-lost-logout', '90m'],
  ['site', 'set', 'lyon', '--name', 'Lyon'],
  ['site', 'show', 'paris'],
  ['site', 'list'],
  ['site', 'rm', 'lyon', '-y'],
  ['contact', 'set', '+442079460100', 'Taxi'],
  ['contact', 'list'],
  ['contact', 'find', '100'],
  ['contact', 'import', 'contacts.csv'],
  ['contact', 'rm', '+442079460100'],
  ['events'],
  ['history', '101'],
  ['calls', '100'],
  ['fraud'],
  ['import', 'people.csv'],
  ['export', '--with-logins'],
  ['redis', 'install'],
  ['redis', 'secret'],
  ['redis', 'accept'],
]

/** Digits that are an identifier, or text that a person wrote. */
const names = [
  'says',
  'name',
  'extension',
  'user',
  'subject',
  'owner',
  'dialled',
  'model',
  'login',
  'id',
  'detail',
  'pin',
  'users',
  'without',
  'logins',
  'displaced',
  'from',
  'number',
  'code',
]

/** Each malformed value of a JSON reply, with its path. */
function faultsIn(value: unknown, path: readonly string[] = []): string[] {
  const place = path.join('.')
  if (Array.isArray(value)) return value.flatMap((each) => faultsIn(each, path))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) => [...keyFaults(key, path), ...faultsIn(each, [...path, key])])
  if (typeof value === 'number') return value > 1e9 ? [`${place}: ${value} is a time in another form than ISO 8601`] : []
  if (typeof value !== 'string') return []
  if (/^\d+$/.test(value) && !names.some((name) => path.includes(name))) return [`${place}: "${value}" is a number as a text`]
  if (['yes', 'no', 'true', 'false'].includes(value)) return [`${place}: "${value}" is a text`]
  if (/^\d{4}-\d\d-\d\d/.test(value) && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value))
    return [`${place}: "${value}" is no time of ISO 8601 with its zone`]
  return []
}

/** Of records by name the keys are names. */
function keyFaults(key: string, path: readonly string[]): string[] {
  const isName = ['users', 'devices', 'sites', 'logins', 'contacts'].includes(path.at(-1) ?? '') || path[0] === 'contacts'
  return isName || /^[a-z][A-Za-z]*$/.test(key) ? [] : [`${[...path, key].join('.')}: not in camel case`]
}

function jsonCommands(command: Command, path: readonly string[] = []): string[] {
  const own = command.options.some(({ long }) => long === '--json') ? [path.join(' ')] : []
  return [...own, ...command.commands.flatMap((each) => jsonCommands(each, [...path, each.name()]))]
}

/** They need a saved copy, or a running node. */
const needsMore: readonly string[] = ['redis restore', 'reload', 'hangup', 'drain', 'undrain', 'trace', 'test-call']

describe('--json', () => {
  test('is tested here for every command that has it', async () => {
    const terminal = createTerminal({ out: new PassThrough(), err: new PassThrough(), colour: 'plain' })
    const commands = jsonCommands(await createWholeProgram({ terminal, provide: () => Promise.resolve(), exit: () => undefined }))
    const tried = (command: string): boolean => lines.some((line) => `${line.join(' ')} `.startsWith(`${command} `))
    expect(commands.filter((command) => !tried(command) && !needsMore.includes(command))).toEqual([])
    expect(commands.length).toBeGreaterThan(30)
  })

  test.each(lines)('of %s %s %s is JSON with numbers, ISO 8601 times and keys of one style', async (...line) => {
    const words = line.map((word) => (word.endsWith('.csv') ? join(desk.folder, word) : word))
    const { out } = await desk.hotdesk(...words, '--json')
    const values = (line[0] === 'events' ? out.split('\n') : [out]).map((text) => JSON.parse(text) as unknown)
    expect(values.flatMap((value) => faultsIn(value))).toEqual([])
    expect(out.length).toBeGreaterThan(10)
  })

  test('has times and counts where they exist', async () => {
    expect(await desk.json('status')).toContainEqual(
      expect.objectContaining({ device: 'HD0004', user: '101', since: expect.stringMatching(/^20.*Z$/) as string }),
    )
    expect(await desk.json('calls', '100')).toMatchObject([{ talkSeconds: 65, ringSeconds: 3, dialled: '0155512345' }])
    expect(await desk.json('history', '101', '-n', '50')).toContainEqual(expect.objectContaining({ event: 'login.locked', seconds: 900 }))
    expect(await desk.json('export', '--only', 'users')).toMatchObject({
      users: { 100: { ringSeconds: 30, enabled: true, name: 'Alicia' } },
    })
  })
})
