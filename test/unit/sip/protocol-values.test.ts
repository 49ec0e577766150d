import { describe, expect, test } from 'vitest'
import { parseDate } from '../../../src/sip/headers/date.js'
import { isRfc3261Branch, newBranch, newCallId, newTag } from '../../../src/sip/ids.js'
import { reasonPhrase } from '../../../src/sip/message/reason-phrase.js'
import { sipTimers } from '../../../src/sip/timers.js'
import { defaults } from '../../support/node/default-settings.js'

describe('identifiers', () => {
  test.each([
    ['branch', newBranch, /^z9hG4bK[A-Za-z0-9_-]{16}$/],
    ['tag', newTag, /^[A-Za-z0-9_-]{12}$/],
    ['Call-ID', newCallId, /^[A-Za-z0-9_-]{20}$/],
  ])('every %s is a new token', (_, make, form) => {
    const made = Array.from({ length: 20_000 }, () => make())
    expect(new Set(made).size).toBe(made.length)
    expect(made.every((text) => form.test(text))).toBe(true)
  })

  test('RFC 3261 §8.1.1.7: a branch with the cookie and more is unique by itself', () => {
    expect([newBranch(), 'z9hG4bK', 'z9hG4bKx', 'Z9HG4BKx', '', 'x'].map(isRfc3261Branch)).toEqual([true, false, true, false, false, false])
  })
})

test.each([
  [200, 'OK'],
  [486, 'Busy Here'],
  [481, 'Call/Transaction Does Not Exist'],
  [199, 'Early Dialog Terminated'],
  [299, 'OK'],
  [499, 'Bad Request'],
  [699, 'Busy Everywhere'],
  [42, 'Unknown'],
])('%i is %s', (status, words) => {
  expect(reasonPhrase(status)).toBe(words)
})

describe('RFC 3261 appendix A, timers', () => {
  test('over UDP', () => {
    const { a, b, d, e, f, g, h, i, j, k, l, m } = sipTimers(defaults.sip.timers, 'unreliable')
    expect([a, b, d, e, f, g, h, i, j, k, l, m]).toEqual([
      500, 32_000, 32_000, 500, 32_000, 500, 32_000, 5000, 32_000, 5000, 32_000, 32_000,
    ])
  })

  test('over TCP there are no retransmissions', () => {
    const { a, b, d, e, f, g, h, i, j, k, l, m } = sipTimers(defaults.sip.timers, 'reliable')
    expect([a, e, g]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
    expect([d, i, j, k]).toEqual([0, 0, 0, 0])
    expect([b, f, h, l, m]).toEqual([32_000, 32_000, 32_000, 32_000, 32_000])
  })

  test('follow T1, T2 and T4, but D stays above 32 s', () => {
    const quick = sipTimers({ t1: 10, t2: 40, t4: 50 }, 'unreliable')
    expect([quick.a, quick.b, quick.d, quick.i, quick.j, quick.k]).toEqual([10, 640, 32_000, 50, 640, 50])
    expect(sipTimers({ t1: 1000, t2: 4000, t4: 5000 }, 'unreliable').d).toBe(64_000)
    expect(Object.isFrozen(quick)).toBe(true)
  })
})

describe('RFC 3261 §20.17, Date', () => {
  test('is parsed', () => {
    expect(parseDate('Sat, 13 Nov 2010 23:29:00 GMT')).toBe(Date.UTC(2010, 10, 13, 23, 29, 0))
  })

  test.each([
    '',
    'Sat, 13 Nov 2010 23:29:00 EST',
    'Sat, 13 Nov 2010 23:29:00',
    'Sat, 31 Feb 2010 23:29:00 GMT',
    'Xyz, 13 Nov 2010 23:29:00 GMT',
    'Sat, 13 Foo 2010 23:29:00 GMT',
    '2010-11-13T23:29:00Z',
    'Sat, 13 Nov 2010 24:29:00 GMT',
    'Sat, 13 Nov 2010 22:60:00 GMT',
  ])('%j is not a date', (text) => {
    expect(parseDate(text)).toBeNull()
  })
})
