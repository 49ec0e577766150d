import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { begins, choices, covers, fill, matches, overlap, type Pattern, parsePattern, wildcards } from '../../../src/dialplan/pattern.js'

function pattern(text: string): Pattern {
  const parsed = parsePattern(text)
  if (!parsed) throw new Error(`${text} is no pattern`)
  return parsed
}

const digits = fc.stringMatching(/^[0-9*#+]{1,8}$/)
const patterns = fc
  .stringMatching(/^[0-9XZN*#]{0,5}\.?$/)
  .filter((text) => parsePattern(text) !== null)
  .map(pattern)

/** Some digits that match: the first choice at each place, and one key more where the end is open. */
const matching = fc.tuple(patterns, fc.nat(), fc.stringMatching(/^[0-9]{1,3}$/)).map(([one, seed, tail]) => {
  const allowed = { X: '0123456789', Z: '123456789', N: '23456789' }
  const chosen = Array.from(one.text.replace(/\.$/, ''), (character, index) => {
    const several = allowed[character as 'X' | 'Z' | 'N'] ?? character
    return several.charAt((seed + index * 7) % several.length)
  })
  return [one, chosen.join('') + (one.open ? tail : '')] as const
})

describe('a pattern', () => {
  test.each([
    ['100', '100', true],
    ['100', '1000', false],
    ['1XX', '100', true],
    ['1XX', '1*0', false],
    ['ZX', '05', false],
    ['NX', '15', false],
    ['00Z.', '0033', true],
    ['00Z.', '003', false],
    ['.', '1', true],
    ['*77*.', '*77*100*', true],
    ['+Z.', '+33', true],
  ])('%s and the digits %s: %s', (text, dialled, expected) => {
    expect(matches(pattern(text), dialled)).toBe(expected)
  })

  test.each(['', 'abc', '1.1', '1 2', 'x', '1'.repeat(33)])('is not %j', (text) => {
    expect(parsePattern(text)).toBeNull()
  })

  test('matches all digits made from it', () => {
    fc.assert(fc.property(matching, ([one, dialled]) => matches(one, dialled)))
  })
})

describe('two patterns', () => {
  test('overlap when some digits match both, and not otherwise', () => {
    fc.assert(
      fc.property(matching, patterns, ([one, dialled], other) => {
        // One direction for any digits; the other is shown by the table below.
        return !matches(other, dialled) || overlap(one, other)
      }),
    )
    fc.assert(fc.property(patterns, patterns, (one, other) => overlap(one, other) === overlap(other, one)))
    fc.assert(fc.property(digits, patterns, (dialled, one) => matches(one, dialled) === overlap(one, literal(dialled))))
  })

  test('one begins another when its digits start longer ones', () => {
    fc.assert(fc.property(matching, fc.stringMatching(/^[0-9]{1,3}$/), ([one, dialled], rest) => begins(one, literal(dialled + rest))))
    expect(begins(pattern('*7'), pattern('*77*'))).toBe(true)
    expect(begins(pattern('*77*'), pattern('*7'))).toBe(false)
    expect(begins(pattern('*77*'), pattern('*77*'))).toBe(false)
    expect(begins(pattern('*8'), pattern('*77*'))).toBe(false)
  })

  test('one covers another if nothing is left for that', () => {
    fc.assert(fc.property(matching, patterns, ([one, dialled], other) => !covers(other, one) || matches(other, dialled)))
    expect(covers(pattern('00.'), pattern('00Z.'))).toBe(true)
    expect(covers(pattern('00Z.'), pattern('00.'))).toBe(false)
    expect(covers(pattern('XXX'), pattern('1XX'))).toBe(true)
    expect(covers(pattern('1.'), pattern('1'))).toBe(false)
  })

  test('digits taken from one fill another with as many wildcards', () => {
    expect(choices(pattern('3319900010X'), '33199000107')).toBe('7')
    expect(fill(pattern('10X'), '7')).toBe('107')
    expect(fill(pattern('10X'), '77')).toBeNull()
    expect(fill(pattern('10N'), '1')).toBeNull()
    expect(choices(pattern('10X'), '110')).toBeNull()
    const closed = patterns.filter((one) => !one.open)
    fc.assert(fc.property(closed, fc.stringMatching(/^[2-9]{5}$/), (one, keys) => fill(one, keys.slice(0, wildcards(one))) !== null))
  })

  function literal(dialled: string): Pattern {
    return pattern(dialled)
  }
})
