import { expect, test } from 'vitest'
import { parseTelephoneEvent, pressPayloads, writeTelephoneEvent } from '../../../src/media/dtmf/telephone-event.js'

test('An event is unchanged after writing and reading (RFC 4733 §2.3)', () => {
  expect([...writeTelephoneEvent({ event: 11, end: true, duration: 0x0320 })]).toEqual([11, 0x8a, 0x03, 0x20])
  for (let event = 0; event < 256; event += 1)
    for (const duration of [0, 1, 160, 65_535]) {
      const one = { event, end: event % 2 === 0, duration }
      expect(parseTelephoneEvent(writeTelephoneEvent(one))).toEqual(one)
    }
})

test('A payload shorter than an event is rejected; further events are ignored', () => {
  for (let length = 0; length < 4; length += 1) expect(parseTelephoneEvent(new Uint8Array(length))).toBeNull()
  expect(parseTelephoneEvent(Uint8Array.of(1, 0x8a, 0, 160, 9, 9, 9, 9))).toEqual({ event: 1, end: true, duration: 160 })
})

test('A press of 100 ms has five packets of growing duration, the last one three times (RFC 4733 §2.5.1.4)', () => {
  const events = pressPayloads('#', 100).map((payload) => parseTelephoneEvent(payload))
  expect(events.map((one) => one?.duration)).toEqual([160, 320, 480, 640, 800, 800, 800])
  expect(events.map((one) => one?.end)).toEqual([false, false, false, false, true, true, true])
  expect(new Set(events.map((one) => one?.event))).toEqual(new Set([11]))
})
