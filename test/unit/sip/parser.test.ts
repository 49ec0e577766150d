import { describe, expect, test } from 'vitest'
import { maxMessageBytes, parseMessage } from '../../../src/sip/parser.js'
import { maxFieldBytes } from '../../../src/sip/syntax/field.js'
import { bytesOf, inviteBytes, inviteWith, requestOf, responseOf, sampleHeaders } from './sample.js'

const malformed = (reason: string, status = 400): unknown => expect.objectContaining({ outcome: 'malformed', status, reason })

describe('a message', () => {
  test('gives its start line, its headers and its body', () => {
    const request = requestOf(bytesOf(['INVITE sip:101@hotdesk.example SIP/2.0', ...sampleHeaders, 'Content-Length: 4'], 'body'))
    expect(request).toMatchObject({ kind: 'request', method: 'INVITE', uri: 'sip:101@hotdesk.example', callId: '4711@192.0.2.41' })
    expect(request.cseq).toEqual({ number: 1, method: 'INVITE' })
    expect(request.from).toMatchObject({ display: 'Alice', uri: 'sip:100@hotdesk.example', tag: 'a1' })
    expect(request.to.tag).toBe('')
    expect(request.topVia).toMatchObject({ transport: 'UDP', host: '192.0.2.41', port: 5060, branch: 'z9hG4bK1' })
    expect(request.body.toString()).toBe('body')
  })

  test('that is a response gives status and reason', () => {
    const response = responseOf(bytesOf(['SIP/2.0 486 Busy Here', ...sampleHeaders]))
    expect([response.status, response.reason]).toEqual([486, 'Busy Here'])
  })

  test('RFC 3261 §7.5: line ends before the start line SHOULD be ignored', () => {
    expect(requestOf(Buffer.concat([Buffer.from('\r\n\r\n'), inviteBytes()])).method).toBe('INVITE')
  })

  test('RFC 3261 §18.3: bytes behind Content-Length MUST be discarded on UDP', () => {
    expect(requestOf(Buffer.concat([inviteBytes('Content-Length: 2'), Buffer.from('abcd')])).body.toString()).toBe('ab')
  })

  test('RFC 3261 §18.3: without Content-Length the body MUST end with the datagram', () => {
    expect(requestOf(Buffer.concat([inviteBytes(), Buffer.from('abcd')])).body.toString()).toBe('abcd')
  })

  test('RFC 3261 §7.3.1: header names and the version are compared without case, methods with it', () => {
    const lines = [
      'invite sip:101@hotdesk.example sip/2.0',
      ...sampleHeaders.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase())),
    ]
    const text = bytesOf(lines).toString('latin1').replace('1 INVITE', '1 invite')
    expect(requestOf(Buffer.from(text, 'latin1'))).toMatchObject({ method: 'invite', callId: '4711@192.0.2.41' })
  })

  test('RFC 3261 §7.3.3: compact forms are the headers they stand for', () => {
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

  test('keeps UTF-8 and binary bytes as they are', () => {
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
  ])('%s alone are no message and no fault', (_, text) => {
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
  ])('with %s is not answered', (_, startLine, reason) => {
    expect(parseMessage(bytesOf([startLine, ...sampleHeaders]))).toEqual({ outcome: 'malformed', status: 400, reason, request: null })
  })

  test.each([
    ['Via', null, 'Missing Via'],
    ['Via', 'Via: UDP 192.0.2.1', 'Via is missing or not of its form'],
    ['From', null, 'Missing From'],
    ['To', null, 'Missing To'],
    ['To', 'To: <sip:101@hotdesk.example', 'To is missing or not of its form'],
    ['To', 'To: <sip:101@>', 'To is missing or not of its form'],
    ['From', 'From: <sip:101@hotdesk.example>;tag=', 'From is missing or not of its form'],
    ['From', 'From: <sip:101@hotdesk.example>;tag=a;tag=b', 'From is missing or not of its form'],
    ['Call-ID', null, 'Missing Call-ID'],
    ['Call-ID', 'Call-ID: a b', 'Malformed Call-ID'],
    ['Call-ID', 'Call-ID: a@', 'Malformed Call-ID'],
    ['Call-ID', 'Call-ID:', 'Malformed Call-ID'],
    ['CSeq', null, 'Missing CSeq'],
    ['CSeq', 'CSeq: 1', 'CSeq is missing or not of its form'],
    ['CSeq', 'CSeq: 2147483648 INVITE', 'CSeq is missing or not of its form'],
    ['CSeq', 'CSeq: -1 INVITE', 'CSeq is missing or not of its form'],
    ['CSeq', 'CSeq: 1 ACK', 'CSeq of another method'],
    ['Max-Forwards', 'Max-Forwards: many', 'Malformed Max-Forwards'],
    ['Contact', 'Contact: <sip:a@192.0.2.1>;;', 'Contact is missing or not of its form'],
    ['Contact', 'Contact: *, <sip:a@192.0.2.1>', 'Contact is missing or not of its form'],
  ])('with %s as `%s` is: %s', (name, line, reason) => {
    expect(parseMessage(inviteWith(name, line))).toEqual(malformed(reason))
  })

  test.each(['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length', 'Content-Type'])(
    'RFC 3261 §7.3.1: %s MUST NOT stand twice',
    (name) => {
      const line = sampleHeaders.find((header) => header.startsWith(`${name}:`)) ?? `${name}: 0`
      const twice = sampleHeaders.includes(line) ? [line] : [line, line]
      expect(parseMessage(inviteBytes(...twice))).toEqual(malformed(`Repeated ${name}`))
    },
  )

  test('RFC 3261 §21.5.6: another version is answered with 505, by a Via of that version too', () => {
    const text = inviteBytes().toString('latin1').replaceAll('SIP/2.0', 'SIP/3.0')
    const result = parseMessage(Buffer.from(text, 'latin1'))
    expect(result).toEqual(malformed('Version Not Supported', 505))
    expect(result.outcome === 'malformed' && result.request?.topVia.protocol).toBe('SIP/3.0')
  })

  test('RFC 3261 §17: an ACK is never answered', () => {
    const text = inviteWith('To', 'To: <<>').toString('latin1').replaceAll('INVITE', 'ACK')
    expect(parseMessage(Buffer.from(text, 'latin1'))).toMatchObject({ outcome: 'malformed', request: null })
  })

  test('a line that is no header field is told, and the rest still carries an answer', () => {
    const result = parseMessage(bytesOf(['INVITE sip:101@hotdesk.example SIP/2.0', 'no colon here', ...sampleHeaders]))
    expect(result).toEqual(malformed('Malformed header field'))
    expect(result.outcome === 'malformed' && result.request?.callId).toBe('4711@192.0.2.41')
  })

  test.each([
    ['a header without an end', `${inviteBytes().toString('latin1').slice(0, -2)}`],
    ['a line that ends with LF alone', inviteBytes().toString('latin1').replace('Max-Forwards: 70\r\n', 'Max-Forwards: 70\n')],
    ['a CR within a line', inviteBytes().toString('latin1').replace('"Alice"', '"Al\rice"')],
    ['an LF within a line', inviteBytes().toString('latin1').replace('"Alice"', '"Al\nice"')],
    ['CR instead of the empty line', `${inviteBytes().toString('latin1').slice(0, -1)}x`],
  ])('%s is a defect', (_, text) => {
    expect(parseMessage(Buffer.from(text, 'latin1'))).toEqual(malformed('Header without its end'))
  })

  test('a field of more than 8 KB is a defect, one of 8 KB is none', () => {
    const field = (bytes: number): Buffer => inviteBytes(`X-Long: ${'x'.repeat(bytes - 'X-Long: '.length)}`)
    expect(parseMessage(field(maxFieldBytes)).outcome).toBe('message')
    expect(parseMessage(field(maxFieldBytes + 1))).toEqual(malformed('Malformed header field'))
  })

  test('a message of more than 64 KB is a defect', () => {
    const head = inviteBytes()
    expect(parseMessage(Buffer.concat([head, Buffer.alloc(maxMessageBytes - head.length)])).outcome).toBe('message')
    expect(parseMessage(Buffer.concat([head, Buffer.alloc(maxMessageBytes - head.length + 1)]))).toEqual(
      malformed('Message Too Large', 513),
    )
  })
})
