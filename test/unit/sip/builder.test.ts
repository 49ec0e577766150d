import { describe, expect, test } from 'vitest'
import { copyRecordRoute, createRequest, createResponse } from '../../../src/sip/message/builder.js'
import { parseMessage } from '../../../src/sip/parser/parser.js'
import { bytesOf, inviteBytes, messageOf, requestOf } from '../../support/sip/sample-messages.js'

test('a request has the given parts, with its headers in the given order', () => {
  const request = createRequest({
    method: 'INFO',
    uri: 'sip:101@a.example',
    headers: [
      ['Via', 'SIP/2.0/UDP a.example;branch=z9hG4bK1'],
      ['From', '<sip:100@a.example>;tag=1'],
      ['To', '<sip:101@a.example>;tag=2'],
      ['Call-ID', 'x'],
      ['CSeq', '2 INFO'],
    ],
    body: Buffer.from('Signal=1'),
  })
  const printed = request.toBuffer()
  expect(printed.toString('latin1').split('\r\n')).toEqual([
    'INFO sip:101@a.example SIP/2.0',
    'Via: SIP/2.0/UDP a.example;branch=z9hG4bK1',
    'From: <sip:100@a.example>;tag=1',
    'To: <sip:101@a.example>;tag=2',
    'Call-ID: x',
    'CSeq: 2 INFO',
    'Content-Length: 8',
    '',
    'Signal=1',
  ])
  expect(messageOf(parseMessage(printed)).cseq).toEqual({ number: 2, method: 'INFO' })
})

test('a request without a body has none', () => {
  expect(createRequest({ method: 'OPTIONS', uri: 'sip:a', headers: [] }).toBuffer().toString()).toBe(
    'OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n',
  )
})

test('a header with a line break is refused', () => {
  expect(() => createRequest({ method: 'INFO', uri: 'sip:a', headers: [['Subject', 'a\r\nb: c']] })).toThrow(
    expect.objectContaining({ code: 'SIP_MALFORMED' }),
  )
})

describe('RFC 3261 §8.2.6.2, a response', () => {
  const invite = requestOf(
    bytesOf([
      'INVITE sip:101@a.example SIP/2.0',
      'CSeq: 1 INVITE',
      'v: SIP/2.0/UDP a.example;branch=z9hG4bKa, SIP/2.0/UDP',
      '  b.example;branch=z9hG4bKb',
      'Record-Route: <sip:p1.example;lr>',
      'To:\t<sip:101@a.example>',
      'Via: SIP/2.0/UDP c.example;branch=z9hG4bKc',
      'Call-ID: x',
      'F: "A" <sip:100@a.example>;tag=1',
      'Record-Route: <sip:p2.example;lr>',
      'Subject: not copied',
    ]),
  )
  const lines = (response: { toBuffer(): Buffer }): readonly string[] => response.toBuffer().toString('latin1').split('\r\n')

  test('MUST carry all Via values in order, and From, To, Call-ID and CSeq of the request', () => {
    expect(lines(createResponse(invite, 404))).toEqual([
      'SIP/2.0 404 Not Found',
      'Via: SIP/2.0/UDP a.example;branch=z9hG4bKa, SIP/2.0/UDP b.example;branch=z9hG4bKb',
      'Via: SIP/2.0/UDP c.example;branch=z9hG4bKc',
      'From: "A" <sip:100@a.example>;tag=1',
      'To:\t<sip:101@a.example>',
      'Call-ID: x',
      'CSeq: 1 INVITE',
      'Content-Length: 0',
      '',
      '',
    ])
  })

  test('MUST add a tag to To if the request has none', () => {
    expect(createResponse(invite, 180, 'Ringing', 'us').to.tag).toBe('us')
    expect(createResponse(invite, 486, undefined, 'us')).toMatchObject({ status: 486, reason: 'Busy Here' })
  })

  test('adds no tag to 100 (§8.2.6.2: MAY)', () => {
    expect(createResponse(invite, 100, undefined, 'us').to.tag).toBe('')
  })

  test('MUST keep the tag of a request that has one', () => {
    const inDialog = requestOf(inviteBytes())
    inDialog.set('To', '<sip:101@a.example>;tag=theirs')
    expect(createResponse(inDialog, 200, 'OK', 'us').to.tag).toBe('theirs')
  })

  test('does not change the request, nor does an edit of the request change it', () => {
    const response = createResponse(invite, 200, 'OK', 'us')
    response.removeFirst('Via')
    response.set('From', '<sip:x@a.example>')
    expect([invite.vias.length, invite.from.tag, invite.to.tag]).toEqual([3, '1', ''])
  })

  test('§12.1.1: copies Record-Route on demand, in order', () => {
    const response = createResponse(invite, 200, 'OK', 'us')
    expect(response.has('Record-Route')).toBe(false)
    copyRecordRoute(invite, response)
    copyRecordRoute(invite, response)
    expect(response.all('Record-Route')).toEqual(['<sip:p1.example;lr>', '<sip:p2.example;lr>'])
  })

  test('a reason phrase with a line break is refused', () => {
    expect(() => createResponse(invite, 400, 'a\r\nb: c')).toThrow(expect.objectContaining({ code: 'SIP_MALFORMED' }))
  })
})
