import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

/** Clears the screen, sets a title, rings, hides what follows, turns it round, begins a line of its own. */
const hostile = 'A\u001b[2J\u001b]0;t\u0007\u001b[8m\u009b31m\u202eB\u2028C\r\nlogged in: 999\u0000'
const seen = String.raw`A\u001b[2J\u001b]0;t\u0007\u001b[8m\u009b31m\u202eB\u2028C\u000d\u000alogged in: 999`
const obeyed = /[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u

let desk: CommandLine

/** As the network, another program or a hand at redis-cli may have left it. */
beforeAll(async () => {
  desk = await openCommandLine()
  const { cli } = desk.redis
  // A NUL cannot be an argument of a program.
  const text = hostile.replace('\u0000', '')
  await desk.hotdesk('login', '100', 'HD0001')
  await cli('HSET', '{hd}:user:100', 'name', text, 'forwardBusy', text)
  await cli('HSET', '{hd}:device:HD0001', 'location', text, 'refresh', text, 'model', text)
  await cli('HSET', '{hd}:site:paris', 'name', text)
  await cli('HSET', '{hd}:reg:HD0001', 'node', text, 'contact', text)
  await cli('XADD', '{hd}:events', '*', 'event', 'login.denied', 'device', 'HD0001', 'user', '100', 'reason', text, text, text)
  await cli(
    'XADD',
    '{hd}:calls:100',
    '*',
    'side',
    'in',
    'began',
    new Date().toISOString(),
    'caller',
    text,
    'callerName',
    text,
    'reason',
    text,
  )
})
afterAll(() => desk.close())

describe('control characters are shown, and not obeyed by the terminal', () => {
  test.each([
    ['status'],
    ['events'],
    ['history', 'HD0001'],
    ['calls', '100'],
    ['user', 'list'],
    ['user', 'show', '100'],
    ['device', 'list'],
    ['device', 'show', 'HD0001'],
    ['site', 'list'],
    ['who', '100'],
    ['why', '100'],
    ['export'],
  ])('by hotdesk %s %s', async (...words) => {
    const { out, err } = await desk.hotdesk(...words)
    expect(out).not.toMatch(obeyed)
    expect(err).not.toMatch(obeyed)
    expect(out.length).toBeGreaterThan(10)
  })

  test('in full, in its own cell', async () => {
    expect((await desk.hotdesk('events')).out).toContain(`reason ${seen}`)
    expect((await desk.hotdesk('calls', '100')).out).toContain(`${seen} (${seen})`)
  })

  test.each([['events'], ['history', 'HD0001'], ['calls', '100'], ['status'], ['user', 'list']])(
    'by hotdesk %s --json, which stays JSON with the same values',
    async (...words) => {
      const { out } = await desk.hotdesk(...words, '--json')
      expect(out).not.toMatch(obeyed)
      const values = words[0] === 'events' ? out.split('\n').map((line) => JSON.parse(line) as unknown) : [JSON.parse(out) as unknown]
      expect(JSON.stringify(values)).toContain(JSON.stringify(hostile.replace('\u0000', '')).slice(1, -1))
    },
  )

  test('in refused arguments, and in commander’s message about an unknown word', async () => {
    for (const words of [['status', '--site', hostile], ['who', hostile], [hostile], ['why', '100', '--from', hostile]]) {
      const { out, err } = await desk.hotdesk(...words)
      expect(`${out}${err}`).not.toMatch(obeyed)
      expect(`${out}${err}`.length).toBeGreaterThan(10)
    }
  })
})
