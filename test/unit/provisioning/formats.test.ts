import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { json } from '../../../src/provisioning/formats/json.js'
import { lines } from '../../../src/provisioning/formats/lines.js'
import { xml } from '../../../src/provisioning/formats/xml.js'

const shells = [
  { format: lines, before: '#!version:1.0.0.1\na.b = ', after: '\na.c = 1\n', name: 'a.b', count: 2 },
  { format: xml, before: '<s><a name="b" perm="', after: '">x</a></s>', name: 's/a[name=b]@perm', count: 2 },
  { format: xml, before: '<s><a>', after: '</a></s>', name: 's/a', count: 1 },
  { format: json, before: '{"a":{"b":"', after: '"},"c":[1]}', name: 'a.b', count: 2 },
]

const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code))

describe.each(shells)('$format.name: $before…', ({ format, before, after, name, count }) => {
  it('a value of any characters is one value, and reads as it was without control characters', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(fc.constantFrom(...Array.from('&<>"\'%=#{}\\\n\r\t\0;|,]]>')), anyCharacter),
        }),
        (text) => {
          const { settings, problems } = format.read(`${before}${format.escape(text)}${after}`)
          expect(problems).toEqual([])
          expect(settings.size).toBe(count)
          const plain = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\p{Cs}\ufffe\uffff]/gu, '')
          const read = settings.get(name)?.[0]
          if (format === lines) expect(read).toBe(plain.trim().replaceAll('%NULL%', '% NULL %') || '%NULL%')
          else expect(read?.trim()).toBe(plain.trim())
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('what a phone could not read is a problem', () => {
  it.each([
    [lines, 'a.b = 1\n', 'the first line is not #!version:1.0.0.1'],
    [lines, '#!version:1.0.0.1\na.b 1\n', 'line 2 is not `name = value`'],
    [xml, '<a/><b/>', 'has 2 outermost elements instead of one'],
    [xml, '<?xml version="1.0"?><!-- nothing -->', 'Start tag expected'],
    [xml, '<a><b></a>', "line 1: Expected closing tag 'b' (opened in line 1, col 4) instead of closing tag 'a'."],
    [xml, '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'has a document type'],
    [xml, '<a>\n<b>Anna & Paul</b></a>', 'line 2: `&` begins no entity of XML'],
    [xml, '<a>&nbsp;</a>', 'line 1: `&` begins no entity of XML'],
    [xml, '', 'line 1: Start tag expected.'],
    [json, '{"a":1', 'not JSON: '],
  ])('%o', (format, text, problem) => {
    expect(format.read(text).problems.join()).toContain(problem)
  })
})

it('XML: elements of one name are told apart by the attributes that name them', () => {
  const { settings } = xml.read('<s><k idx="0" perm="R">a</k><k idx="1">b</k><k idx="1">c</k><e/></s>')
  expect(Object.fromEntries(settings)).toEqual({ 's/k[idx=0]': ['a'], 's/k[idx=0]@perm': ['R'], 's/k[idx=1]': ['b', 'c'], 's/e': [''] })
})
