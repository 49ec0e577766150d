import { describe, expect, test } from 'vitest'
import { maxFieldBytes } from '../../../src/sip/parser/field-index.js'
import { maxMessageBytes, parseMessage } from '../../../src/sip/parser/parser.js'
import { bytesOf, inviteBytes, inviteWith, requestOf, responseOf, sampleHeaders } from '../../support/sip/sample-messages.js'

const malformed = (reason: string, status = 400): unknown => expect.objectContaining({ outcome: 'malformed', status, reason })

describe('a message', () => {
  test('has a start line, headers and a body', () => {
    const request = requestOf(bytesOf(['INVITE sip:101@hotdesk.example SIP/2.0', ...sampleHeaders, 'Content-Length: 4'], 'body'))
    expect(request).toMatchObject({ kind: 'request', method: 'INVITE', uri: 'sip:101@hotdesk.example', callId: '4711@192.0.2.41' })
    expect(request.cseq).toEqual({ number: 1, method: 'INVITE' })
    expect(request.from).toMatchObject({ display: 'Alice', uri: 'sip:100@hotdesk.example', tag: 'a1' })
    expect(request.to.tag).toBe('')
    expect(request.topVia).toMatchObject({ transport: 'UDP', host: '192.0.2.41', port: 5060, branch: 'z9hG4bK1' })
    expect(request.body.toString()).toBe('body')
  })

  test('that is a response has status and reason', () => {
    const response = responseOf(bytesOf(['SIP/2.0 486 Busy Here', ...sampleHeaders]))
    expect([response.status, response.reason]).toEqual([486, 'Busy Here'])
  })

  test('RFC 3261 §7.5: line ends before the start line SHOULD be ignored', () => {
    expect(requestOf(Buffer.concat([Buffer.from('\r\n\r\n'), inviteBytes()])).method).toBe('INVITE')
  })

  test('RFC 3261 §18.3: bytes after Content-Length MUST be discarded on UDP', () => {
    expect(requestOf(Buffer.concat([inviteBytes('Content-Length: 2'), Buffer.from('abcd')])).body.toString()).toBe('ab')
  })

  test('RFC 3261 §18.3: without Content-Length the body MUST end with the datagram', () => {
    expect(requestOf(Buffer.concat([inviteBytes(), Buffer.from('abcd')])).body.toString()).toBe('abcd')
  })

  test('RFC 3261 §7.3.1: header names and the version are case-insensitive, methods case-sensitive', () => {
    const lines = [
      'invite sip:101@hotdesk.example sip/2.0',
      ...sampleHeaders.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase())),
    ]
    const text = bytesOf(lines).toString('latin1').replace('1 INVITE', '1 invite')
    expect(requestOf(Buffer.from(text, 'latin1'))).toMatchObject({ method: 'invite', callId: '4711@192.0.2.41' })
  })

  test('RFC 3261 §7.3.3: compact forms equal the long names', () => {
    const compact = [
      'v: SIP/2.0/UDP 192.0.2.41;branch=z9hG4bK1',
      'f: <sip:100@a.example>;tag=1',
      't: <sip:101@a.example>',
      'i: x',
      'CSeq: 1 INVITE',
      'm: <sip:a@192.0.2.41>',
      'l: 1',
    ]
    const request = requestOf(bytesOf(['INVITE sip:101@a.example SIP/2.0', ...compact], 'ab'))
    expect([request.first('Via'), request.callId, request.contacts.length, request.body.length]).toEqual([
      'SIP/2.0/UDP 192.0.2.41;branch=z9hG4bK1',
      'x',
      1,
      1,
    ])
  })

  test('keeps UTF-8 and binary bytes unchanged', () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const head = Buffer.concat([
      Buffer.from(
        `MESSAGE sip:101@a.example SIP/2.0\r\n${sampleHeaders.join('\r\n').replace('1 INVITE', '1 MESSAGE')}\r\nSubject: Grüße, 大停電\r\nContent-Length: 256\r\n\r\n`,
        'utf8',
      ),
      body,
    ])
    expect(requestOf(head).toBuffer().equals(head)).toBe(true)
    expect(requestOf(head).body.equals(body)).toBe(true)
  })
})

describe('keep-alive', () => {
  test.each([
    ['line ends', '\r\n\r\n'],
    ['one line end', '\r\n'],
    ['nothing', ''],
    ['zeros', '\0\0\0\0'],
  ])('%s alone are neither a message nor an error', (_, text) => {
    expect(parseMessage(Buffer.from(text, 'latin1'))).toEqual({ outcome: 'keep-alive' })
  })
})

describe('a malformed message', () => {
  test.each([
    ['no SIP at all', 'GET / HTTP/1.1', 'Malformed start line'],
    ['no version', 'INVITE sip:101@hotdesk.example', 'Malformed start line'],
    ['a method that is no token', 'INV<TE sip:101@hotdesk.example SIP/2.0', 'Malformed start line'],
    ['a status with two digits', 'SIP/2.0 20 OK', 'Malformed status line'],
    ['a status beyond 699', 'SIP/2.0 700 OK', 'Malformed status line'],
    ['a status below 100', 'SIP/2.0 099 OK', 'Malformed status line'],
    ['a status with a letter', 'SIP/2.0 2x0 OK', 'Malformed status line'],
  ])('with %s gets no response', (_, startLine, reason) => {
    expect(parseMessage(bytesOf([startLine, ...sampleHeaders]))).toMatchObject({ outcome: 'malformed', status: 400, reason, request: null })
  })

  test.each([
    ['Via', null, 'Missing Via'],
    ['Via', 'Via: UDP 192.0.2.1', 'Malformed Via'],
    ['From', null, 'Missing From'],
    ['To', null, 'Missing To'],
    ['To', 'To: <sip:101@hotdesk.example', 'Malformed To'],
    ['Call-ID', null, 'Missing Call-ID'],
    ['Call-ID', 'Call-ID:', 'Malformed Call-ID'],
    ['CSeq', null, 'Missing CSeq'],
    ['CSeq', 'CSeq: 1', 'Malformed CSeq'],
    ['CSeq', 'CSeq: 2147483648 INVITE', 'Malformed CSeq'],
    ['CSeq', 'CSeq: -1 INVITE', 'Malformed CSeq'],
    ['CSeq', 'CSeq: 1 ACK', 'CSeq of another method'],
    ['From', 'From: 100', 'Malformed From'],
    ['Contact', 'Contact: <sip:a@b>\r\nRecord-Route: here', 'Malformed Record-Route'],
  ])('with %s as `%s` is rejected: %s', (name, line, reason) => {
    expect(parseMessage(inviteWith(name, line))).toEqual(malformed(reason))
  })

  test.each([
    ['From', 'From: <sip:102@hotdesk.example>;tag=other'],
    ['To', 'To: <sip:102@hotdesk.example>'],
    ['Call-ID', 'Call-ID: another'],
    ['CSeq', 'CSeq: 2 INVITE'],
    ['Content-Length', 'Content-Length: 0\r\nContent-Length: 1'],
  ])('RFC 3261 §7.3.1: %s MUST NOT occur twice with different values', (name, lines) => {
    expect(parseMessage(Buffer.concat([inviteBytes(lines), Buffer.from('a')]))).toEqual(malformed(`Repeated ${name}`))
  })

  test('RFC 3261 §21.5.6: another version gets 505, also over a Via of that version', () => {
    const text = inviteBytes().toString('latin1').replaceAll('SIP/2.0', 'SIP/3.0')
    const result = parseMessage(Buffer.from(text, 'latin1'))
    expect(result).toEqual(malformed('Version Not Supported', 505))
    expect(result.outcome === 'malformed' && result.request?.topVia.protocol).toBe('SIP/3.0')
  })

  test('RFC 3261 §17: an ACK never gets a response', () => {
    const text = inviteWith('Call-ID', 'Call-ID:').toString('latin1').replaceAll('INVITE', 'ACK')
    expect(parseMessage(Buffer.from(text, 'latin1'))).toMatchObject({ outcome: 'malformed', request: null })
  })

  test.each([
    ['a header whose last line has no end', inviteBytes().toString('latin1').slice(0, -4), 'Header without its end'],
    ['a CR within a line', inviteBytes().toString('latin1').replace('"Alice"', '"Al\rice"'), 'Missing From'],
    ['an LF within a line', inviteBytes().toString('latin1').replace('"Alice"', '"Al\nice"'), 'Malformed From'],
    [
      'an essential header of more than 8 KB',
      inviteWith('From', `From: "${'a'.repeat(maxFieldBytes)}" <sip:a@b>`).toString('latin1'),
      'Missing From',
    ],
  ])('%s is a defect', (_, text, reason) => {
    expect(parseMessage(Buffer.from(text, 'latin1'))).toEqual(malformed(reason))
  })

  test('a message of more than 64 KB is a defect', () => {
    const head = inviteBytes()
    expect(parseMessage(Buffer.concat([head, Buffer.alloc(maxMessageBytes - head.length)])).outcome).toBe('message')
    expect(parseMessage(Buffer.concat([head, Buffer.alloc(maxMessageBytes - head.length + 1)]))).toEqual(
      malformed('Message Too Large', 513),
    )
  })
})

test.each([
  ['a tag that holds a bracket', 'From: <sip:a@>;tag=1<sip:b@c'],
  ['two addresses and a tag', 'From: <sip:a@b>;tag=1<sip:c@d>;tag=2'],
  ['nothing but a tag', 'From: ;tag=1'],
])('RFC 3261 §12.2.2: in a dialog, the tag is read from %s, and the getters return it', (_, line) => {
  const text = inviteWith('From', line).toString('latin1').replace('To: <sip:101@hotdesk.example>', 'To: <sip:101@hotdesk.example>;tag=2')
  expect(requestOf(Buffer.from(text, 'latin1')).from).toMatchObject({ uri: 'sip:anonymous@anonymous.invalid', tag: '1' })
})
