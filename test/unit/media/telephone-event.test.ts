import { expect, test } from 'vitest'
import { keys } from '../../../src/media/key.js'
import {
  createPressCounter,
  parseTelephoneEvent,
  pressPayloads,
  type ReceivedEvent,
  writeTelephoneEvent,
} from '../../../src/media/rtp/telephone-event.js'

test('An event survives writing and reading (RFC 4733 §2.3)', () => {
  expect([...writeTelephoneEvent({ event: 11, end: true, duration: 0x0320 })]).toEqual([11, 0x8a, 0x03, 0x20])
  for (let event = 0; event < 256; event += 1)
    for (const duration of [0, 1, 160, 65_535]) {
      const one = { event, end: event % 2 === 0, duration }
      expect(parseTelephoneEvent(writeTelephoneEvent(one))).toEqual(one)
    }
})

test('What is shorter than an event is none; what follows the first one is ignored', () => {
  for (let length = 0; length < 4; length += 1) expect(parseTelephoneEvent(new Uint8Array(length))).toBeNull()
  expect(parseTelephoneEvent(Uint8Array.of(1, 0x8a, 0, 160, 9, 9, 9, 9))).toEqual({ event: 1, end: true, duration: 160 })
})

test('A press of 100 ms is five packets of growing duration, the last one three times (RFC 4733 §2.5.1.4)', () => {
  const events = pressPayloads('#', 100).map((payload) => parseTelephoneEvent(payload))
  expect(events.map((one) => one?.duration)).toEqual([160, 320, 480, 640, 800, 800, 800])
  expect(events.map((one) => one?.end)).toEqual([false, false, false, false, true, true, true])
  expect(new Set(events.map((one) => one?.event))).toEqual(new Set([11]))
})

/** The packets of one press, 20 ms apart. */
function press(event: number, timestamp: number, changes: Partial<ReceivedEvent> = {}): ReceivedEvent[] {
  return [160, 320, 480, 640, 800, 800, 800].map((duration, index) => ({
    event,
    duration,
    timestamp,
    end: index >= 4,
    ssrc: 1,
    ...changes,
  }))
}

function count(packets: readonly ReceivedEvent[], stepMs = 20): string {
  const counter = createPressCounter()
  return packets.map((packet, index) => counter.hear(packet, index * stepMs) ?? '').join('')
}

test('The packets of one press make one press; the same key again, with its own timestamp, makes another', () => {
  expect(count([...press(5, 1000), ...press(5, 2280), ...press(11, 3560)])).toBe('55#')
  expect(count(keys.flatMap((_, event) => press(event, 1000 + event * 1280)))).toBe(keys.join(''))
})

test('Events that are no keys, such as the hook flash (16), are no presses', () => {
  expect(count([...press(16, 1000), ...press(3, 2280)])).toBe('3')
})

test('A press counts whichever of its packets are lost, as long as one arrives', () => {
  const whole = press(7, 1000)
  for (let kept = 1; kept < 2 ** whole.length; kept += 1) {
    const arrived = whole.filter((_, index) => (kept >> index) & 1)
    expect(count([...press(1, 0), ...arrived])).toBe('17')
  }
})

test('Lost end packets do not join two presses of the same key', () => {
  const withoutEnd = press(5, 1000).slice(0, 4)
  expect(count([...withoutEnd, ...press(5, 2280)])).toBe('55')
})

test('Packets that come in any order make no press twice', () => {
  const [a, b, c, d, e, f, g] = press(4, 1000)
  if (!a || !b || !c || !d || !e || !f || !g) throw new Error('seven packets')
  expect(count([b, a, d, c, g, e, f])).toBe('4')
  expect(count([e, ...press(6, 2280), f, g])).toBe('46')
  expect(count([...press(4, 1000), ...press(6, 2280), a, ...press(6, 3560)])).toBe('466')
})

test('A press of more than 8 s comes in segments and counts once (RFC 4733 §2.5.1.3)', () => {
  const first = Array.from({ length: 410 }, (_, index) => ({
    event: 2,
    duration: Math.min(65_535, (index + 1) * 160),
    timestamp: 1000,
    end: false,
    ssrc: 1,
  }))
  const second = press(2, 1000 + 65_535)
  expect(count([...first, ...second])).toBe('2')
})

test('A sender whose timestamp runs on during the press is understood', () => {
  const running = press(5, 1000).map((packet, index) => ({ ...packet, timestamp: 1000 + index * 160 }))
  const ended = running.slice(0, 5)
  expect(count([...ended, ...ended.map((packet) => ({ ...packet, timestamp: packet.timestamp + 4000 }))])).toBe('55')
})

test('A sender that begins anew, with another SSRC or another clock, is heard at once', () => {
  expect(count([...press(5, 1_000_000), ...press(5, 20, { ssrc: 2 })])).toBe('55')
  expect(count([...press(5, 1_000_000), ...press(5, 20)])).toBe('55')
})

test('Timestamps that pass 2^32 are no step back', () => {
  expect(count([...press(5, 2 ** 32 - 640), ...press(5, 640)])).toBe('55')
})
