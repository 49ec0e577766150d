import { expect, test } from 'vitest'
import { ago, left } from '../../../src/cli/output/time-spans.js'

test.each([
  [0, '0 s ago', '0 s'],
  [8, '8 s ago', '8 s'],
  [59, '59 s ago', '59 s'],
  [60, '1 min ago', '1 min'],
  [61, '1 min ago', '2 min'],
  [7_500, '2 h 05 ago', '2 h 05'],
  [86_399, '23 h 59 ago', '1 d'],
  [200_000, '2 d ago', '2 d'],
])('%d seconds are %s, or %s', (seconds, past, future) => {
  expect([ago(seconds), left(seconds)]).toEqual([past, future])
})

test('a time ahead, by a clock that is ahead, is now', () => {
  expect(ago(-5)).toBe('0 s ago')
})
