import { describe, expect, it } from 'vitest'
import { createInfoKeys } from '../../../src/ivr/dtmf-info.js'

/** The keys of these INFO bodies; `?` for a type that is not supported. */
function heard(type: string, ...bodies: readonly string[]): string {
  const infoKeys = createInfoKeys()
  return bodies
    .map((body) => infoKeys.read(type, body))
    .reduce((text, one) => text + (one.kind === 'key' ? one.key : one.kind === 'nothing' ? '' : '?'), '')
}

describe('a key by INFO', () => {
  it.each([
    ['Signal=5\r\nDuration=160\r\n', '5'],
    ['Signal= 5\r\nDuration= 160\r\n', '5'],
    ['signal=5\r\n', '5'],
    ['SIGNAL = 5', '5'],
    ['Signal=5', '5'],
    ['Signal=5\nDuration=160', '5'],
    ['Signal=5\rDuration=160\r', '5'],
    ['Signal=5;Duration=160', '5'],
    ['Signal="5"\r\n', '5'],
    ['Signal: 5\r\n', '5'],
    ['Duration=160\r\nSignal=5\r\n', '5'],
    ['X-Vendor: one\r\n  Signal=5\r\nVolume=10\r\n', '5'],
    ['\r\nSignal=5\r\n', '5'],
    ['Signal=5\r\nDuration=\r\n', '5'],
    ['Signal=5\r\nDuration=long\r\n', '5'],
    ['Signal=*\r\nDuration=160\r\n', '*'],
    ['Signal=#\r\n', '#'],
    ['Signal=10\r\n', '*'],
    ['Signal=11\r\n', '#'],
    ['Signal=a\r\n', 'A'],
    ['Signal=12\r\n', 'A'],
    ['Signal=15\r\n', 'D'],
    ['5', '5'],
    ['Signal= *\r\nDuration= 250\r\n', '*'],
    ['Signal=star\r\n', '*'],
    ['Signal=Asterisk', '*'],
    ['Signal=pound\r\nDuration=160\r\n', '#'],
    ['Signal=HASH\r\n', '#'],
    ['Signal=flash\r\n', ''],
    ['Signal=16\r\n', ''],
    ['Signal=\r\nDuration=160\r\n', ''],
    ['Signal=55\r\n', ''],
    ['Duration=5\r\n', ''],
    ['', ''],
  ])('application/dtmf-relay %j is %j', (body, key) => {
    expect(heard('application/dtmf-relay', body)).toBe(key)
  })

  it.each([
    ['5', '5'],
    ['5\r\n', '5'],
    [' 5 ', '5'],
    ['\r\n5\r\n', '5'],
    ['*', '*'],
    ['#\r\n', '#'],
    ['10', '*'],
    ['11\r\n', '#'],
    ['d', 'D'],
    ['Signal=5', '5'],
    ['Signal=5\r\nDuration=160\r\n', '5'],
    ['5\r\n160', '5'],
    ['16', ''],
    ['4711', ''],
  ])('application/dtmf %j is %j', (body, key) => {
    expect(heard('application/dtmf', body)).toBe(key)
  })

  it.each([
    ['5', '5'],
    ['event 5', '5'],
    ['event=5\r\n', '5'],
    ['Event: 11', '#'],
    ['10', '*'],
    ['\n5\r\n', '5'],
    ['\x05\x00\x07\xd0', '5'],
    ['\x05\x00\x07\ufffd', '5'],
    ['\x0a\x0a\x03\x20', '*'],
    ['\x0b\x8a\x03\x20', '#'],
    ['\x09\x0a\x00\x00', '9'],
    ['\x10\x04\x00\x00', ''],
  ])('audio/telephone-event %j is %j', (body, key) => {
    expect(heard('audio/telephone-event', body)).toBe(key)
  })

  it.each([
    ['p=Digit-Collection\r\ny=Digits\r\n\r\nd=5\r\n', '5'],
    ['d=*', '*'],
    ['d=10', '*'],
    ['p=Digit-Collection\r\n', ''],
  ])('application/vnd.nortelnetworks.digits %j is %j', (body, key) => {
    expect(heard('application/vnd.nortelnetworks.digits', body)).toBe(key)
  })

  it.each(['application/dtmf-relay; charset=utf-8', 'APPLICATION/DTMF-RELAY', ' application/dtmf-relay ;q=1'])(
    'is read by its type %j',
    (type) => {
      expect(heard(type, 'Signal=5\r\n')).toBe('5')
    },
  )

  it.each([
    ['alone', ['--b', 'Content-Type: application/dtmf-relay', '', 'Signal=5', 'Duration=160', '--b--', ''], '5'],
    [
      'after a part of another type',
      ['--b', 'Content-Type: text/plain', '', '7', '--b', 'content-type:application/DTMF ;q=1', '', '#', '--b--'],
      '#',
    ],
    [
      'behind a preamble and another header',
      ['hello', '--b', 'Content-ID: <1@x>', 'Content-Type: application/dtmf', '', '5', '--b--'],
      '5',
    ],
    ['that is a hook flash', ['--b', 'Content-Type: application/hook-flash', '', 'hf', '--b--'], ''],
    ['of no type that is supported', ['--b', 'Content-Type: text/plain', '', '5', '--b--'], '?'],
    ['without an end', ['--b', 'Content-Type: application/dtmf', '', '5'], '?'],
  ])('is read in a part of a multipart body (RFC 5621 §3.1), %s', (_what, lines, key) => {
    expect(heard('multipart/mixed; boundary=b', lines.join('\r\n'))).toBe(key)
  })

  it('is absent in a hook flash, in a body without a type, and without a body; other types are not supported', () => {
    expect(heard('application/hook-flash', 'Signal=hf\r\n')).toBe('')
    expect(heard('', '5')).toBe('')
    expect(heard('application/x-unknown', '')).toBe('')
    expect(heard('application/x-unknown', '5')).toBe('?')
  })
})

describe('the four bytes of RFC 4733 in INFO', () => {
  const [start, later, end] = ['\x05\x00\x00\x50', '\x05\x00\x01\x40', '\x05\x80\x03\x20']

  it('are one press up to its end, even if the duration has not grown', () => {
    const shortEnd = '\x05\x80\x00\x50'
    expect(heard('audio/telephone-event', start, shortEnd, later, end)).toBe('55')
    expect(heard('audio/telephone-event', later, shortEnd)).toBe('5')
  })

  it('are one press from its start to its end', () => {
    expect(heard('audio/telephone-event', start, end, start, later, end)).toBe('55')
  })

  it('are one press each if only starts, or only ends, are sent', () => {
    expect(heard('audio/telephone-event', start, start)).toBe('55')
    expect(heard('audio/telephone-event', end, end)).toBe('55')
  })
})
