import { describe, expect, test } from 'vitest'
import { nameAddr, parseNameAddr, parseStrictAddress, parseTo, printNameAddr } from '../../../src/sip/headers/name-addr.js'

describe('RFC 3261 §20.10, an address with or without a name', () => {
  test.each([
    ['<sip:100@a.example>;tag=1', '', 'sip:100@a.example', { tag: '1' }],
    ['"Alice" <sip:100@a.example>', 'Alice', 'sip:100@a.example', {}],
    ['"A. \\"B\\" <C>"<sip:100@a.example>;TAG=1', 'A. "B" <C>', 'sip:100@a.example', { tag: '1' }],
    ['Alice<sip:100@a.example>', 'Alice', 'sip:100@a.example', {}],
    ['Alice  van  Dijk\t<sip:100@a.example>', 'Alice  van  Dijk', 'sip:100@a.example', {}],
    ['J\u00c3\u00bcrgen <sip:100@a.example>', 'J\u00c3\u00bcrgen', 'sip:100@a.example', {}],
    ['sip:100@a.example;tag=1', '', 'sip:100@a.example', { tag: '1' }],
    ['sip:100@a.example ; tag = 1 ; x', '', 'sip:100@a.example', { tag: '1', x: null }],
    ['<sip:100@a.example;lr;x=y>;q=0.5', '', 'sip:100@a.example;lr;x=y', { q: '0.5' }],
    ['<sip:100@a.example?a=b>', '', 'sip:100@a.example?a=b', {}],
    ['<tel:+49-30-1>;expires=60', '', 'tel:+49-30-1', { expires: '60' }],
    ['<urn:service:sos>', '', 'urn:service:sos', {}],
    ['  <sip:a.example>  ', '', 'sip:a.example', {}],
    [
      '<sip:a.example>;+sip.instance="<urn:uuid:0-1>";reg-id=1',
      '',
      'sip:a.example',
      { '+sip.instance': '"<urn:uuid:0-1>"', 'reg-id': '1' },
    ],
    ['"" <sip:a.example>', '', 'sip:a.example', {}],
    ['<sip:a.example>;received=[::1]', '', 'sip:a.example', { received: '[::1]' }],
  ])('%s', (text, display, uri, params) => {
    const value = parseNameAddr(text)
    expect(value && { ...value, params: Object.fromEntries(value.params) }).toEqual({
      display,
      uri,
      params,
      tag: 'tag' in params ? params.tag : '',
    })
  })

  test.each([
    '',
    'Alice',
    '<>',
    '<sip:a.example',
    'sip:a.example>',
    '"Alice"',
    'sip:a.example ,x',
    '<sip:a.example>tag=1',
    '<sip:a.example>;tag="1',
    '<sip:a.example> x',
    '<nothing>',
    '<sip:a@b@c>',
    '"Mr. J <sip:a@a.example> <sip:b@a.example>',
    'sip:a@a.example sip:b@a.example',
  ])('%j is not an address', (text) => {
    expect(parseNameAddr(text)).toBeNull()
  })
})

describe('an address that breaks the grammar but has only one meaning is understood, and printed correctly:', () => {
  test.each([
    ['""Alice"" <sip:100@a.example>;tag=1', '"Alice" <sip:100@a.example>;tag=1'],
    ['Bell, Alice <sip:a.example>', '"Bell, Alice" <sip:a.example>'],
    ['Alice (Sales) [2] <sip:a.example>', '"Alice (Sales) [2]" <sip:a.example>'],
    ['Alice <Sales> <sip:a.example>', '"Alice <Sales>" <sip:a.example>'],
    ['"Alice <sip:a.example>', '"Alice" <sip:a.example>'],
    ['"Alice" sip:a.example;tag=1', '"Alice" <sip:a.example>;tag=1'],
    ['sip:100@a.example <sip:100@a.example>', '"sip:100@a.example" <sip:100@a.example>'],
    ['< sip:a.example >', '<sip:a.example>'],
    ['<sip:100@a.example;>;tag=1', '<sip:100@a.example>;tag=1'],
    ['<sip:@a.example>;tag=1', '<sip:a.example>;tag=1'],
    ['<sip:a.example>;', '<sip:a.example>'],
    ['<sip:a.example>;;tag=1', '<sip:a.example>;tag=1'],
    ['<sip:a.example>;tag=', '<sip:a.example>'],
    ['<sip:a.example>;tag=a@b=c', '<sip:a.example>;tag=a@b=c'],
    ['<sip:a.example>;tag=1;TAG=2', '<sip:a.example>;tag=1'],
    ['<sip:a.example>;a b;tag=1', '<sip:a.example>;tag=1'],
    ['sip:a.example?a=b', '<sip:a.example?a=b>'],
    ['sip:100@a.example;;transport=tcp;expires=60', '<sip:100@a.example;transport=tcp>;expires=60'],
    ['Jos\xe9, M <sip:Jos\xe9@a.example>', '"Jos\xe9, M" <sip:Jos%E9@a.example>'],
  ])('%s', (text, printed) => {
    const value = parseNameAddr(text)
    expect(value && printNameAddr(value)).toBe(printed)
    expect(parseStrictAddress(text)).toBeNull()
  })
})

describe('printing', () => {
  test('always uses angle brackets, and parses back to the same value', () => {
    const value = nameAddr(
      'sip:100@a.example;lr',
      'A "B"',
      new Map([
        ['tag', '1'],
        ['x', null],
      ]),
    )
    expect(printNameAddr(value)).toBe('"A \\"B\\"" <sip:100@a.example;lr>;tag=1;x')
    expect(parseNameAddr(printNameAddr(value))).toEqual(value)
    expect(printNameAddr(nameAddr('sip:a.example'))).toBe('<sip:a.example>')
  })
})

describe('RFC 3261 §8.2.6.2, a To with a second tag', () => {
  test.each([
    ['<sip:a.example>;tag=1;tag=2', '1'],
    ['<sip:a.example>;tag=1;tag=1', '1'],
    ['<sip:a.example>;x=y;TAG=1 ;Tag=2 ', '1'],
    ['sip:a.example;tag=1;tag=2', '1'],
    ['<sip:a.example>;tag=1', '1'],
    ['<sip:a.example>', ''],
  ])('%s has the first tag', (text, tag) => {
    expect(parseTo(text)).toMatchObject({ uri: 'sip:a.example', tag })
  })

  test.each([
    '<sip:a.example>;tag=1;tag=2;tag=3',
    '<sip:a.example>;tag=1;tag=',
    '<sip:a.example>;tag=1;tag="2"',
    '<sip:a.example>;tag=1;tag=2;x',
    '<sip:a.example;tag=2',
    '<sip:a.example>;x=1;x=2',
    ';tag=1',
    '',
  ])('%j is not an address', (text) => {
    expect(parseTo(text)).toBeNull()
  })
})
