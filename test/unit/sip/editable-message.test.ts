import { describe, expect, test } from 'vitest'
import { createRequest } from '../../../src/sip/message/builder.js'
import { parseMessage } from '../../../src/sip/parser/parser.js'
import { bytesOf, inviteBytes, messageOf, requestOf } from '../../support/sip/sample-messages.js'

const lists = [
  'Via: SIP/2.0/UDP a.example;branch=z9hG4bKa, SIP/2.0/TCP b.example;branch=z9hG4bKb',
  'Route: <sip:one@a.example,x;lr>, <sip:two@a.example;lr>',
  'x-OdD:  kept  as it is ',
]
const sample = () =>
  requestOf(
    bytesOf([
      'OPTIONS sip:101@a.example SIP/2.0',
      ...lists,
      'From: <sip:100@a.example>;tag=1',
      'To: <sip:101@a.example>',
      'Call-ID: x',
      'CSeq: 7 OPTIONS',
      'Via: SIP/2.0/UDP c.example;branch=z9hG4bKc',
      'Content-Length: 0',
    ]),
  )
const lines = (bytes: Buffer): readonly string[] => bytes.toString('latin1').split('\r\n')

describe('reading', () => {
  test('first returns the first field, all every field, list every value', () => {
    const message = sample()
    expect(message.first('via')).toBe('SIP/2.0/UDP a.example;branch=z9hG4bKa, SIP/2.0/TCP b.example;branch=z9hG4bKb')
    expect(message.all('V')).toHaveLength(2)
    expect(message.list('Via')).toEqual([
      'SIP/2.0/UDP a.example;branch=z9hG4bKa',
      'SIP/2.0/TCP b.example;branch=z9hG4bKb',
      'SIP/2.0/UDP c.example;branch=z9hG4bKc',
    ])
    expect(message.list('Route')).toEqual(['<sip:one@a.example,x;lr>', '<sip:two@a.example;lr>'])
    expect(message.vias.map(({ branch }) => branch)).toEqual(['z9hG4bKa', 'z9hG4bKb', 'z9hG4bKc'])
    expect([message.first('X-Odd'), message.first('X-None'), message.all('X-None'), message.has('VIA'), message.has('X-None')]).toEqual([
      'kept  as it is',
      undefined,
      [],
      true,
      false,
    ])
  })

  test('names are returned as received', () => {
    expect(sample().names()).toEqual(['Via', 'Route', 'x-OdD', 'From', 'To', 'Call-ID', 'CSeq', 'Via', 'Content-Length'])
  })

  test('a typed getter throws SIP_MALFORMED for a missing header', () => {
    const bare = createRequest({ method: 'OPTIONS', uri: 'sip:a.example', headers: [] })
    for (const read of [() => bare.topVia, () => bare.from, () => bare.to, () => bare.callId, () => bare.cseq])
      expect(read).toThrow(expect.objectContaining({ code: 'SIP_MALFORMED' }))
    expect([bare.vias, bare.contacts]).toEqual([[], []])
  })

  test('RFC 3261 §10.2.2: `Contact: *` has no addresses', () => {
    const message = sample()
    message.set('Contact', '*')
    expect([message.contacts, message.first('Contact')]).toEqual([[], '*'])
  })
})

describe('editing', () => {
  test('set replaces all fields of a name with one, in the position of the first', () => {
    const message = sample()
    message.set('Via', 'SIP/2.0/UDP d.example;branch=z9hG4bKd')
    expect(message.names()).toEqual(['Via', 'Route', 'x-OdD', 'From', 'To', 'Call-ID', 'CSeq', 'Content-Length'])
    expect(message.vias.map(({ host }) => host)).toEqual(['d.example'])
  })

  test('set and append add a new field at the end, prepend before the first of its name or at the top', () => {
    const message = sample()
    message.set('X-New', '1')
    message.append('x-odd', '2')
    message.prepend('Via', 'SIP/2.0/UDP z.example;branch=z9hG4bKz')
    message.prepend('X-Top', '3')
    expect(message.names()).toEqual([
      'X-Top',
      'Via',
      'Via',
      'Route',
      'x-OdD',
      'From',
      'To',
      'Call-ID',
      'CSeq',
      'Via',
      'Content-Length',
      'X-New',
      'x-odd',
    ])
    expect(message.topVia.host).toBe('z.example')
    expect(message.all('X-Odd')).toEqual(['kept  as it is', '2'])
  })

  test('an edit invalidates cached values', () => {
    const message = sample()
    expect([message.topVia.host, message.from.tag, message.to.tag, message.cseq.number, message.contacts.length]).toEqual([
      'a.example',
      '1',
      '',
      7,
      0,
    ])
    message.removeFirst('Via')
    message.set('From', '<sip:100@a.example>;tag=2')
    message.set('To', '<sip:101@a.example>;tag=3')
    message.set('CSeq', '8 OPTIONS')
    message.append('Contact', '<sip:a@a.example>')
    expect([message.topVia.host, message.from.tag, message.to.tag, message.cseq.number, message.contacts.length]).toEqual([
      'b.example',
      '2',
      '3',
      8,
      1,
    ])
  })

  test('removeFirst removes one value at a time, and the field with its last value', () => {
    const message = sample()
    const left: (readonly string[])[] = []
    for (let turn = 0; turn < 4; turn += 1) {
      message.removeFirst('Via')
      left.push(message.vias.map(({ host }) => host))
    }
    expect(left).toEqual([['b.example', 'c.example'], ['c.example'], [], []])
    expect(message.has('Via')).toBe(false)
  })

  test('replaceFirst replaces one value and keeps the others', () => {
    const message = sample()
    message.replaceFirst('Via', 'SIP/2.0/UDP a.example;branch=z9hG4bKa;received=192.0.2.9')
    message.replaceFirst('X-None', '1')
    expect(message.vias.map(({ host, params }) => [host, params.get('received')])).toEqual([
      ['a.example', '192.0.2.9'],
      ['b.example', undefined],
      ['c.example', undefined],
    ])
    expect(message.has('X-None')).toBe(false)
  })

  test('remove removes all fields of the name', () => {
    const message = sample()
    message.remove('v')
    message.remove('X-None')
    expect(message.names()).toEqual(['Route', 'x-OdD', 'From', 'To', 'Call-ID', 'CSeq', 'Content-Length'])
  })

  test('a clone is independent', () => {
    const message = sample()
    const copy = message.clone()
    copy.remove('Via')
    copy.uri = 'sip:102@a.example'
    expect([message.vias.length, message.uri, copy.vias.length]).toEqual([3, 'sip:101@a.example', 0])
    expect(copy.toBuffer().toString('latin1')).toMatch(/^OPTIONS sip:102@a\.example SIP\/2\.0\r\nRoute/)
  })

  test.each(['a\r\nEvil: 1', 'a\nEvil: 1', 'a\rb'])('a value with a line break is refused: %j', (value) => {
    const message = sample()
    for (const edit of [
      () => message.set('X-New', value),
      () => message.append('X-New', value),
      () => message.prepend('X-New', value),
      () => message.replaceFirst('Via', value),
    ]) {
      expect(edit).toThrow(expect.objectContaining({ code: 'SIP_MALFORMED' }))
    }
    expect(message.toBuffer()).toEqual(sample().toBuffer())
  })

  test.each(['', 'X New', 'X:New', 'X\r\nNew'])('%j is not a header name', (name) => {
    expect(() => sample().set(name, '1')).toThrow(expect.objectContaining({ code: 'SIP_MALFORMED' }))
  })

  test('a start line with a line break is not printed', () => {
    const message = sample()
    message.uri = 'sip:a SIP/2.0\r\nEvil: 1'
    expect(() => message.toBuffer()).toThrow(expect.objectContaining({ code: 'SIP_MALFORMED' }))
  })

  test('text beyond latin1 is printed as UTF-8, and never contains a line break', () => {
    const message = sample()
    message.set('Subject', 'Łukasz \u010d\u010a')
    const printed = message.toBuffer()
    expect(printed.toString('utf8')).toContain('Subject: Łukasz \u010d\u010a\r\n')
    expect(messageOf(parseMessage(printed)).names()).toContain('Subject')
  })
})

describe('printing', () => {
  test('an unchanged message is printed byte for byte', () => {
    expect(lines(sample().toBuffer())).toEqual([
      'OPTIONS sip:101@a.example SIP/2.0',
      ...lists,
      'From: <sip:100@a.example>;tag=1',
      'To: <sip:101@a.example>',
      'Call-ID: x',
      'CSeq: 7 OPTIONS',
      'Via: SIP/2.0/UDP c.example;branch=z9hG4bKc',
      'Content-Length: 0',
      '',
      '',
    ])
  })

  test('Content-Length is corrected in its place', () => {
    const message = requestOf(inviteBytes('Content-Length: 4', 'X-Last: 1', '', 'abcd'))
    expect(message.body.toString()).toBe('abcd')
    message.body = Buffer.from('Grüße', 'utf8')
    expect(lines(message.toBuffer()).slice(-4)).toEqual(['Content-Length: 7', 'X-Last: 1', '', Buffer.from('Grüße').toString('latin1')])
  })

  test('Content-Length is added if missing, and occurs once', () => {
    const message = requestOf(inviteBytes())
    expect(lines(message.toBuffer()).filter((line) => /^content-length/i.test(line))).toEqual(['Content-Length: 0'])
    message.append('Content-Length', '7')
    message.append('Content-Length', '0')
    expect(lines(message.toBuffer()).filter((line) => /^content-length/i.test(line))).toEqual(['Content-Length: 0'])
  })

  test('a folded field and a compact name are printed as one line with the long name', () => {
    const message = requestOf(inviteBytes('Subject: one\r\n two\r\n\t three', 'x: 90'))
    expect([message.first('Subject'), message.first('Session-Expires')]).toEqual(['one two three', '90'])
    expect(message.toBuffer().toString('latin1')).toContain('Subject: one two three\r\nSession-Expires: 90\r\n')
  })
})
