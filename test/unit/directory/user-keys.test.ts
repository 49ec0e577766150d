import { describe, expect, test } from 'vitest'
import { parseSiteName, type SiteName } from '../../../src/base/identity.js'
import { breakOutOf, keyText, parseKeys, worksAt, writeKeys } from '../../../src/directory/directory.js'

const text =
  'line, blf:101, appearance:104@paris, speed:+442079460000, feature:*21*@london, break-out:london, break-out:new-york-2*9011#@paris'

const further =
  'line="Ligne 1", blf:101@paris="Anna, or Bob", park:1="Park 1", pick-up, pick-up:101, forward:+33123456789, dnd, text="=@:\'<&%"'

describe('keys of a user', () => {
  test('are read as they are written', () => {
    const keys = parseKeys(text) ?? []
    expect(keys.length).toBe(7)
    expect(writeKeys(keys)).toBe(text)
  })

  test('may have a label, also with commas', () => {
    const keys = parseKeys(further) ?? []
    expect(keys.map(({ label }) => label)).toEqual(['Ligne 1', 'Anna, or Bob', 'Park 1', null, null, null, null, "=@:'<&%"])
    expect(writeKeys(keys)).toBe(further)
  })

  test.each([
    ['london', ['appearance:104@paris', 'break-out:new-york-2*9011#@paris']],
    ['paris', ['feature:*21*@london']],
    ['lyon', ['appearance:104@paris', 'feature:*21*@london', 'break-out:new-york-2*9011#@paris']],
  ])('do not all work at %s', (site, dead) => {
    const keys = parseKeys(text) ?? []
    expect(keys.filter((key) => !worksAt(key, parseSiteName(site) as SiteName)).map(keyText)).toEqual(dead)
  })

  test('lead to a site and a number there, if they break out', () => {
    const found = (parseKeys(text) ?? []).flatMap((key) => breakOutOf(key) ?? [])
    expect(found).toEqual([
      { site: 'london', digits: '' },
      { site: 'new-york-2', digits: '9011#' },
    ])
  })

  test.each([
    '',
    'break-out',
    'break-out:London',
    'break-out:london*',
    'break-out:london*x',
    'blf:london',
    'line:1',
    'blf',
    'blf:abc',
    'light:101',
    'blf:101@',
    'blf:101@Paris',
    'line,,line',
    'line=""',
    'line=" "',
    'line="a"b"',
    'line="a',
    'line="a\nb"',
    'line="a" x',
    '="a"',
    `line="${'a'.repeat(41)}"`,
    'dnd:1',
    'text:1',
    'park',
    'park:a',
    'pick-up:*8',
    'forward',
    Array(121).fill('line').join(),
  ])('are not %s', (wrong) => {
    expect(parseKeys(wrong)).toBe(null)
  })
})
