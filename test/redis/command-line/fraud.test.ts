import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

const event = (...fields: readonly string[]): Promise<string> => desk.redis.cli('XADD', '{hd}:events', '*', 'event', ...fields)
const columns = (line: string): string => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'T').replace(/ {2,}/g, ' ')

beforeAll(async () => {
  desk = await openCommandLine()
})
afterAll(() => desk.close())

describe('hotdesk fraud', () => {
  test('reports that there is nothing', async () => {
    const { code, out } = await desk.hotdesk('fraud')
    expect([code, out]).toEqual([
      0,
      'Nothing was refused by rights, limits or profiles in the last 7 days.\n\nNothing suspicious in the last 7 days.',
    ])
  })

  test('shows what was refused and why, and what looks like an attack', async () => {
    // An old one, which makes the number known.
    await desk.redis.cli('XADD', '{hd}:events', '1000-0', 'event', 'call.costly', 'number', '+441', 'user', '101')
    const why = 'default rights of paris: international numbers are barred'
    await event('call.barred', 'device', 'HD0001', 'user', '100', 'use', 'call', 'number', '+5371', 'class', 'international', 'reason', why)
    await event('call.costly', 'device', 'HD0002', 'user', '101', 'number', '+5372', 'class', 'international', 'local', '2026-06-01 23:10')
    await event('call.costly', 'device', 'HD0002', 'user', '101', 'number', '+441', 'class', 'international', 'local', '2026-06-01 23:11')
    const profile = 'profile guest of paris, because paris has no profile visitor-of-the-week: it does not include outside'
    await event('entitlement.refused', 'device', '0004f2abcdef', 'user', '100', 'entitlement', 'outside', 'reason', profile, 'more', '4')
    const { code, out } = await desk.hotdesk('fraud')
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines.map(columns)).toEqual([
      'LAST USER DEVICE CALLS REFUSED',
      'T 100 HD0001 1 barred international',
      ` +5371: ${why}`,
      'T 100 0004f2abcdef 5 not entitled outside',
      ' profile guest of paris, because paris has no profile visitor-of-the-week: it',
      ' does not include outside',
      '',
      'SUSPICIOUS USER DEVICE',
      'T 101 HD0002',
      ' +5372 (international) was called for the first time, at night: 2026-06-01',
      ' 23:10 at the site',
    ])
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    const { out: json } = await desk.hotdesk('fraud', '--json', '--days', '1')
    expect(JSON.parse(json)).toMatchObject({
      days: 1,
      refused: [
        { user: '100', calls: 1, what: 'barred international', last: expect.stringMatching(/^20\d\d-.*Z$/) as string },
        { user: '100', calls: 5, what: 'not entitled outside', lastNumber: '', reason: profile },
      ],
      suspicious: [{ user: '101', at: expect.stringMatching(/^20\d\d-.*Z$/) as string }],
    })
  })

  test.each(['0', 'week', '-1'])('--days %s is wrong usage', async (days) => {
    expect((await desk.hotdesk('fraud', '--days', days)).code).toBe(2)
  })
})
