import { describe, expect, test } from 'vitest'
import { refusedIn, suspicionsIn } from '../../../src/cli/history/fraud-patterns.js'
import type { StreamEntry } from '../../../src/store/store.js'

const minuteMs = 60_000

function entry(minute: number, event: string, fields: Readonly<Record<string, string>>): StreamEntry {
  return { id: `${minute * minuteMs}-0`, fields: new Map(Object.entries({ event, device: 'HD0001', user: '100', ...fields })) }
}

const costly = (minute: number, number: string, local = '2026-06-01 12:00', user = '100') =>
  entry(minute, 'call.costly', { number, class: 'international', local, user })
const barred = (minute: number, more = '', user = '100') =>
  entry(minute, 'call.barred', {
    number: `+88161${minute}`,
    class: 'international',
    reason: 'default rights of paris',
    user,
    ...(more ? { more } : {}),
  })
const words = (entries: readonly StreamEntry[]) => suspicionsIn(entries).map(({ user, words }) => `${user}: ${words}`)

describe('refusals', () => {
  test('are counted by user and reason, the newest last', () => {
    const limited = entry(3, 'call.limited', { limit: 'callsAtOnce', number: '+331', reason: 'user 100: 1 of 1 calls at once' })
    expect(refusedIn([barred(1), barred(2, '7', '101'), limited, barred(4), entry(5, 'login', {})])).toMatchObject([
      { user: '101', what: 'barred international', calls: 8, last: 2 * minuteMs },
      { user: '100', what: 'limit callsAtOnce', calls: 1, reason: 'user 100: 1 of 1 calls at once' },
      { user: '100', what: 'barred international', calls: 2, lastNumber: '+881614', device: 'HD0001' },
    ])
  })
})

test('what the profile of a user does not include is a refusal like others', () => {
  const refused = (minute: number) => entry(minute, 'entitlement.refused', { entitlement: 'outside', reason: 'profile guest of paris' })
  const entries = Array.from({ length: 10 }, (_, minute) => refused(minute))
  expect(refusedIn(entries)).toMatchObject([{ user: '100', what: 'not entitled outside', calls: 10, lastNumber: '' }])
  expect(words(entries)).toEqual(['100: 10 calls were refused within an hour'])
})

test('a test call is that of an operator, not of the user for whom it was made', () => {
  const test = { via: 'test-call', as: '100', user: '', number: '+5371', class: 'premium', reason: 'rights', local: '2026-06-01 23:00' }
  expect(refusedIn([entry(1, 'call.barred', test)])).toMatchObject([{ user: 'test call', what: 'barred premium' }])
  expect(words([entry(1, 'call.costly', test)])[0]).toMatch(/^test call: \+5371 /)
})

describe('suspicious is', () => {
  test.each([
    ['2026-06-01 19:59', false],
    ['2026-06-01 20:00', true],
    ['2026-06-02 03:10', true],
    ['2026-06-02 06:59', true],
    ['2026-06-02 07:00', false],
  ])('a number that was never called before, at night: %s', (local, isSuspicious) => {
    const found = words([costly(1, '+4420'), costly(2, '+5371', local)])
    expect(found).toEqual(isSuspicious ? [`100: +5371 (international) was called for the first time, at night: ${local} at the site`] : [])
  })

  test('no number that anybody has called before', () => {
    expect(words([costly(1, '+5371', '2026-06-01 12:00', '101'), costly(2, '+5371', '2026-06-01 23:00')])).toEqual([])
  })

  test('that a user calls five numbers abroad within an hour', () => {
    const numbers = ['+1', '+2', '+3', '+4', '+5']
    const calls = (everyMinutes: number) => numbers.map((number, index) => costly(index * everyMinutes, number))
    expect(words(calls(14))).toEqual(['100: 5 different numbers abroad or premium numbers were called within an hour'])
    expect(words(calls(15))).toEqual([])
    expect(words(numbers.map((_, index) => costly(index, '+1')))).toEqual([])
    expect(words(numbers.map((number, index) => costly(index, number, '2026-06-01 12:00', String(100 + index))))).toEqual([])
  })

  test('that ten calls of a user are refused within an hour, with those that have no event of their own', () => {
    expect(words([barred(1), barred(2, '8')])).toEqual(['100: 10 calls were refused within an hour'])
    expect(words([barred(1), barred(2, '7')])).toEqual([])
    expect(words([barred(1), barred(61, '8')])).toEqual([])
  })
})
