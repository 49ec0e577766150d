import { describe, expect, test } from 'vitest'
import { parseSiteName, type SiteName } from '../../../src/base/identity.js'
import { keyText, parseKeys, worksAt, writeKeys } from '../../../src/directory/directory.js'

const text = 'line, blf:101, appearance:104@paris, speed:+442079460000, feature:*21*@london'

describe('keys of a user', () => {
  test('are read as they are written', () => {
    const keys = parseKeys(text) ?? []
    expect(keys.length).toBe(5)
    expect(writeKeys(keys)).toBe(text)
  })

  test.each([
    ['london', ['appearance:104@paris']],
    ['paris', ['feature:*21*@london']],
    ['lyon', ['appearance:104@paris', 'feature:*21*@london']],
  ])('do not all work at %s', (site, dead) => {
    const keys = parseKeys(text) ?? []
    expect(keys.filter((key) => !worksAt(key, parseSiteName(site) as SiteName)).map(keyText)).toEqual(dead)
  })

  test.each(['', 'line:1', 'blf', 'blf:abc', 'light:101', 'blf:101@', 'blf:101@Paris', 'line,,line', Array(121).fill('line').join()])(
    'are not %s',
    (wrong) => {
      expect(parseKeys(wrong)).toBe(null)
    },
  )
})
