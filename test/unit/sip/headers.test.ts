import { describe, expect, test } from 'vitest'
import { canonicalName, headerKey } from '../../../src/sip/headers/header-names.js'
import { knownHeaders } from '../../../src/sip/headers/known-headers.js'
import { collapseBlanks } from '../../../src/sip/message/collapse-blanks.js'
import { maxDeltaSeconds, parseInteger } from '../../../src/sip/syntax/integer.js'
import { splitList } from '../../../src/sip/syntax/list.js'
import { quote, unquote } from '../../../src/sip/syntax/quoted-string.js'
import { fromWireText, toWireText } from '../../../src/sip/syntax/wire-text.js'

describe('header names', () => {
  test.each([
    ['v', 'via', 'Via'],
    ['I', 'call-id', 'Call-ID'],
    ['CALL-ID', 'call-id', 'Call-ID'],
    ['cseq', 'cseq', 'CSeq'],
    ['www-authenticate', 'www-authenticate', 'WWW-Authenticate'],
    ['x-my-header', 'x-my-header', 'X-My-Header'],
    ['p-asserted-identity', 'p-asserted-identity', 'P-Asserted-Identity'],
    ['', '', ''],
  ])('%s is compared as %s and spelled %s', (name, key, spelled) => {
    expect([headerKey(name), canonicalName(name)]).toEqual([key, spelled])
  })

  test('RFC 3261 §7.3.3: no compact form belongs to two headers', () => {
    const forms = knownHeaders.flatMap(({ compact }) => compact)
    expect(new Set(forms).size).toBe(forms.length)
    expect(forms).toHaveLength(40)
  })

  test('each known name and compact form is found in upper and lower case', () => {
    for (const { name, key, compact } of knownHeaders) {
      for (const spelling of [name, name.toLowerCase(), name.toUpperCase(), ...compact]) expect(headerKey(spelling)).toBe(key)
    }
  })
})

describe('lists', () => {
  test.each([
    ['a', ['a']],
    [' a , b ', ['a', 'b']],
    ['"a,b", c', ['"a,b"', 'c']],
    ['"a\\",b", c', ['"a\\",b"', 'c']],
    ['<sip:a,b@c>,<sip:d>', ['<sip:a,b@c>', '<sip:d>']],
    ['"<" <sip:a>, "b', ['"<" <sip:a>', '"b']],
    ['<sip:"a,b>, c', ['<sip:"a,b>', 'c']],
    ['a,,b', ['a', '', 'b']],
    [',', ['', '']],
    ['', []],
    ['  ', []],
  ])('%j', (text, values) => {
    expect(splitList(text)).toEqual(values)
  })
})

test.each([
  ['0', 255, 0],
  ['0070', 255, 70],
  ['255', 255, 255],
  ['256', 255, null],
  ['4294967295', maxDeltaSeconds, 4_294_967_295],
  ['4294967296', maxDeltaSeconds, null],
  ['9'.repeat(1000), maxDeltaSeconds, null],
  ['', 255, null],
  ['-1', 255, null],
  ['1.5', 255, null],
  [' 1', 255, null],
  ['0x10', 255, null],
])('%s up to %i is the number %s', (text, max, value) => {
  expect(parseInteger(text, max)).toBe(value)
})

describe('quoted strings', () => {
  test.each([
    ['', '""'],
    ['Alice', '"Alice"'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    ['bell \u0007', '"bell \\\u0007"'],
  ])('%j is written as %s and read back', (text, quoted) => {
    expect(quote(text)).toBe(quoted)
    expect(unquote(quoted)).toBe(text)
  })

  test('a line break, which would end the header, becomes a blank', () => {
    expect(quote('a\r\nEvil: 1')).toBe('"a Evil: 1"')
  })

  test('text without quotes is unchanged', () => {
    expect(unquote('token')).toBe('token')
  })
})

test('UTF-8 survives the way through a message', () => {
  expect(toWireText('é')).toBe('\u00c3\u00a9')
  expect(fromWireText(toWireText('大停電 é'))).toBe('大停電 é')
})

describe('for readers that are slow on many blanks', () => {
  const collapsed = (head: string): string =>
    collapseBlanks(Buffer.from(`${head}\r\n\r\nbody   ${' '.repeat(40)}`, 'latin1')).toString('latin1')

  test('if a header has a long run, each run and each fold becomes one blank; the body is unchanged', () => {
    const blanks = ' \t'.repeat(1000)
    expect(collapsed(`INVITE sip:a SIP/2.0\r\nFrom:${blanks}a  b${blanks}\r\nTo: a\r\n ${blanks}b${blanks}`)).toBe(
      `INVITE sip:a SIP/2.0\r\nFrom: a b\r\nTo: a b\r\n\r\nbody   ${' '.repeat(40)}`,
    )
  })

  test('many folds count as a long run', () => {
    expect(collapsed(`A b SIP/2.0\r\nFrom: a${'\r\n '.repeat(100)}b`)).toMatch(/^A b SIP\/2\.0\r\nFrom: a b\r\n\r\nbody/)
  })

  test('a fold before many blanks counts as a long run', () => {
    expect(collapsed(`A b SIP/2.0\r\nFrom: a\r\n${' '.repeat(100)}b`)).toMatch(/^A b SIP\/2\.0\r\nFrom: a b\r\n\r\nbody/)
  })

  test('a run of sixteen characters is found wherever it begins', () => {
    for (let before = 0; before < 8; before += 1) {
      const head = (blanks: number): string => `A b SIP/2.0\r\nX: ${'x'.repeat(before)}${' '.repeat(blanks)}y`
      expect(collapsed(head(16))).toContain(`X: ${'x'.repeat(before)}${before > 0 ? ' ' : ''}y`)
      if (before > 0) expect(collapsed(head(15))).toContain(' '.repeat(15))
    }
  })

  test('any other message is returned as the same buffer', () => {
    const message = Buffer.from('A b SIP/2.0\r\nFrom:   a\r\n  b\r\n\r\n')
    expect(collapseBlanks(message)).toBe(message)
  })
})
