import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readClientMessage } from '../../../src/sipd/admin/client-message.js'
import { createFrameReader, encodeFrame } from '../../../src/sipd/admin/frame.js'
import { wireName } from '../../../src/sipd/admin/header-name.js'
import { wireTime } from '../../../src/sipd/admin/wire-line.js'

describe('frames', () => {
  it('are read correctly however they are split and joined', () => {
    const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 8 }), fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }), (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map((one) => encodeFrame(one, null)))
        const reader = createFrameReader()
        const heard: string[] = []
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + 1 + (cuts[turn % cuts.length] ?? 0)
          heard.push(...(reader.push(stream.subarray(at, end)) ?? ['malformed']))
          at = end
        }
        expect(heard).toEqual(payloads)
      }),
    )
  })

  it('count bytes, not characters', () => {
    const frame = encodeFrame('id|sip', Buffer.from('Grüße'))
    expect(frame.toString()).toBe('15#id|sip\r\nGrüße')
  })

  it.each(['hello#', '#', '1234567#', '12a#', '123456'])('that begin with %j end the connection', (text) => {
    expect(createFrameReader().push(Buffer.from(text))).toBeNull()
  })

  it('with an incomplete length wait for the rest', () => {
    const reader = createFrameReader()
    expect(reader.push(Buffer.from('5'))).toEqual([])
    expect(reader.push(Buffer.from('#hel'))).toEqual([])
    expect(reader.push(Buffer.from('lo3#'))).toEqual(['hello'])
  })
})

describe('the SIP text of a command', () => {
  it('is read line by line; invalid lines are skipped, folded ones joined', () => {
    const text = 'OPTIONS sip:x@h SIP/2.0\r\nthis is no header\r\nbad name: x\r\nsubject: a\r\n b\r\nf: <sip:a@b>\r\n\r\nbody\r\n'
    expect(readClientMessage(text)).toEqual({
      kind: 'request',
      line: 'OPTIONS sip:x@h SIP/2.0',
      method: 'OPTIONS',
      uri: 'sip:x@h',
      fields: [
        { name: 'Subject', value: 'a b' },
        { name: 'From', value: '<sip:a@b>' },
      ],
      body: Buffer.from('body\r\n'),
    })
  })

  it('of a response has its status and its own reason phrase', () => {
    expect(readClientMessage('SIP/2.0 486 Busy Right Now\r\n\r\n')).toMatchObject({ status: 486, reason: 'Busy Right Now' })
  })

  it.each(['', 'SIP/2.0', 'SIP/2.0 99 x', 'SIP/2.0 abc', 'OPTIONS', 'OPTIONS sip:x', 'OPTIONS sip:x SIP/3.0'])('is invalid: %j', (text) => {
    expect(readClientMessage(`${text}\r\n\r\n`)).toBeNull()
  })

  it('keeps the bytes of the body', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const body = Buffer.from(bytes)
        expect(readClientMessage(`INFO sip:x SIP/2.0\r\n\r\n${body.toString('latin1')}`)?.body).toEqual(body)
      }),
    )
  })

  it('is read in linear time', () => {
    for (const piece of ['a', ' ', '\r\n ', ': ', 'x:\r\n']) {
      const started = performance.now()
      readClientMessage(`INFO sip:x SIP/2.0\r\n${piece.repeat(30_000)}`)
      expect(performance.now() - started).toBeLessThan(2_000)
    }
  })
})

describe('header names', () => {
  it.each([
    ['call-id', 'Call-ID'],
    ['f', 'From'],
    ['x-lower-case', 'x-lower-case'],
    ['X-MixedCase-hdr', 'X-MixedCase-hdr'],
    ['my-custom-header', 'My-Custom-Header'],
    ['bad name', null],
  ])('%s is spelled %s', (given, spelled) => {
    expect(wireName(given)).toBe(spelled)
  })
})

describe('times', () => {
  it('are of the day, UTC, with microseconds', () => {
    expect(wireTime(Date.UTC(2026, 10, 22, 1, 2, 3, 4) + 0.567)).toMatch(/^01:02:03\.00456[67]$/)
  })
})
