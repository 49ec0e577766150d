import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { createPressCounter, type ReceivedEvent } from '../../../src/media/dtmf/press-counter.js'
import { keys } from '../../../src/media/key.js'

/** A packet on its way, with the time at which it was sent. */
type Sent = ReceivedEvent & { readonly at: number }

/** How a phone sends presses; by default as RFC 4733 §2.5.1 requires. */
interface Phone {
  readonly pressMs?: number
  readonly pauseMs?: number
  readonly packetMs?: number
  /** The end packets of a press. */
  readonly ends?: number
  /** The packets before them; default: for the duration of the press. */
  readonly updates?: number
  /** `silence`: nothing is sent between two presses, so their sequence numbers are contiguous. */
  readonly between?: 'sound' | 'silence'
  readonly timestamp?: (pressAt: number, packetAt: number, index: number) => number
  readonly duration?: (since: number) => number
  readonly marker?: (index: number) => boolean
}

/** The packets that a phone sends for these keys. */
function sends(text: string, phone: Phone = {}): Sent[] {
  const { pressMs = 100, pauseMs = 60, packetMs = 20, ends = 3, between = 'sound', marker = (index: number) => index === 0 } = phone
  const { timestamp = (pressAt: number) => 1_000 + pressAt * 8, duration = (since: number) => since * 8 } = phone
  const steps = Math.round(pressMs / packetMs)
  const updates = phone.updates ?? Math.max(0, steps - 1)
  const packets: Sent[] = []
  let [sequence, pressAt] = [100, 0]
  for (const key of text) {
    const event = keys.indexOf(key as (typeof keys)[number])
    for (let index = 0; index < updates + ends; index += 1) {
      const at = pressAt + index * packetMs
      const since = Math.min(index + 1, steps) * packetMs
      const end = index >= updates
      const numbers = { ssrc: 1, sequence: sequence & 0xffff, timestamp: timestamp(pressAt, at, index) >>> 0 }
      packets.push({ event, end, duration: duration(since), marker: marker(index), at, ...numbers })
      sequence += 1
    }
    const next = pressAt + pressMs + pauseMs
    if (between === 'sound') sequence += Math.max(0, Math.round((next - pressAt) / packetMs) - updates - ends)
    pressAt = next
  }
  return packets
}

function heard(packets: readonly Sent[]): string {
  const counter = createPressCounter()
  return packets.map((packet) => counter.hear(packet, packet.at) ?? '').join('')
}

const typed = ['5', '55', '5555', '4711#', '1122##', '0', keys.join('')]

describe('a phone that complies with RFC 4733', () => {
  it.each(typed)('is heard to press %s', (text) => {
    for (const between of ['sound', 'silence'] as const)
      for (const pressMs of [40, 100, 400]) expect(heard(sends(text, { pressMs, between }))).toBe(text)
  })

  it('is heard if at least one packet of each press arrives', () => {
    const whole = sends('1', {})
    for (const between of ['sound', 'silence'] as const) {
      for (let kept = 1; kept < 2 ** whole.length; kept += 1) {
        const arrived = (sent: Sent[]) => sent.filter((_, index) => (kept >> (index % whole.length)) & 1)
        expect(heard(arrived(sends('55', { between })))).toBe('55')
        expect(heard([...sends('555', { between }).slice(0, 7), ...arrived(sends('555', { between }).slice(7, 14))])).toBe('55')
      }
    }
  })

  it('is heard under losses, jitter and packets out of order', () => {
    const network = fc.record({
      text: fc.string({ unit: fc.constantFrom('1', '1', '2', '#'), minLength: 1, maxLength: 6 }),
      pressMs: fc.constantFrom(60, 100, 250),
      pauseMs: fc.constantFrom(60, 150, 700),
      between: fc.constantFrom<'sound' | 'silence'>('sound', 'silence'),
      late: fc.array(fc.nat(45), { minLength: 60, maxLength: 60 }),
      lost: fc.array(fc.nat(9), { minLength: 60, maxLength: 60 }),
    })
    fc.assert(
      fc.property(network, ({ text, late, lost, ...phone }) => {
        const sent = sends(text, phone)
        const first = (packet: Sent): boolean => packet.marker
        const arrived = sent
          .filter((packet, index) => first(packet) || (lost[index % 60] ?? 0) > 2)
          .map((packet, index) => ({ ...packet, at: packet.at + (late[index % 60] ?? 0) }))
          .sort((one, other) => one.at - other.at)
        expect(heard(arrived)).toBe(text)
      }),
      { numRuns: 3_000 },
    )
  })

  it('repeats the end of a press after the next has begun', () => {
    const [one, two] = [sends('4'), sends('46').slice(7)]
    const ends = one.slice(5).map((packet, index) => ({ ...packet, sequence: 120 + index, at: 190 + index }))
    expect(heard([...one.slice(0, 5), ...two.slice(0, 2), ...ends, ...two.slice(2)])).toBe('46')
  })

  it('sends a press of more than 8 s in segments (RFC 4733 §2.5.1.3)', () => {
    const first = sends('2', { pressMs: 8_300, ends: 0, duration: (since) => Math.min(65_535, since * 8) })
    const last = first.at(-1) as Sent
    const second = sends('2').map((packet, index) => ({
      ...packet,
      sequence: last.sequence + 1 + index,
      timestamp: last.timestamp + 65_535,
      at: last.at + 20 * (index + 1),
    }))
    expect(heard([...first, ...second])).toBe('2')
  })

  it('restarts with another SSRC or another clock', () => {
    const anew = (changes: Partial<Sent>) => sends('5').map((packet) => ({ ...packet, ...changes, at: packet.at + 160 }))
    const high = sends('5', { timestamp: () => 1_000_000 })
    expect(heard([...high, ...anew({ ssrc: 2, timestamp: 20 })])).toBe('55')
    expect(heard([...high, ...sends('55').slice(7)])).toBe('55')
  })

  it('wraps its timestamp at 2^32 and its sequence number at 2^16', () => {
    const late = sends('555', { timestamp: (pressAt) => 2 ** 32 - 640 + pressAt * 8 })
    expect(heard(late.map((packet) => ({ ...packet, sequence: (packet.sequence + 65_430) & 0xffff })))).toBe('555')
  })

  it('sends events that are not keys, such as the hook flash (16)', () => {
    const flash = sends('1').map((packet) => ({ ...packet, event: 16 }))
    expect(heard([...flash, ...sends('13').slice(7)])).toBe('3')
  })
})

const moved = (_pressAt: number, packetAt: number) => 1_000 + packetAt * 8
const bug: Readonly<Record<string, Phone>> = {
  'end packets with moving timestamps': { timestamp: (pressAt, at, index) => 1_000 + (index >= 4 ? at : pressAt) * 8 },
  'every packet a new timestamp': { timestamp: moved },
  'every packet a new timestamp, by one': { timestamp: (_at, packetAt) => 1_000 + packetAt / 20 },
  'every packet a new timestamp, anywhere': { timestamp: (_at, packetAt) => (packetAt * 2_654_435_761 + 123_456_789) % 2 ** 32 },
  'durations that stay 0': { duration: () => 0 },
  'durations that stay at 160': { duration: () => 160 },
  'durations that stay 0, every packet a new timestamp': { duration: () => 0, timestamp: moved },
  'durations that stay at 160, every packet a new timestamp': { duration: () => 160, timestamp: moved },
  'durations that stay 0, one timestamp': { duration: () => 0, timestamp: () => 1_000 },
  'durations that fall': { packetMs: 10, duration: (since) => (200 - since) * 8 },
  'durations in the wrong byte order': { duration: (since) => ((since * 8) >> 8) | (((since * 8) & 0xff) << 8) },
  'end packets of duration 0': { duration: (since) => (since < 100 ? since * 8 : 0) },
  'timestamps that go back from press to press': { timestamp: (pressAt) => 1_000_000 - pressAt * 8 },
  'one timestamp for all presses': { timestamp: () => 1_000 },
  'timestamp 0': { timestamp: () => 0 },
  'one timestamp for all presses, no end packets': { timestamp: () => 1_000, ends: 0, updates: 5 },
  'no end packets': { ends: 0, updates: 5 },
  'no end packets, every packet a new timestamp': { ends: 0, updates: 5, timestamp: moved },
  'one end packet': { ends: 1 },
  'end packets alone': { updates: 0 },
  'end packets alone, every packet a new timestamp': { updates: 0, timestamp: moved },
  'end packets alone, one timestamp for all presses': { updates: 0, timestamp: () => 1_000, pauseMs: 120 },
  'one packet a press': { updates: 1, ends: 0 },
  'one end packet a press, one timestamp': { updates: 0, ends: 1, timestamp: () => 1_000, pauseMs: 320 },
  'nine end packets': { ends: 9, pauseMs: 250 },
  'the marker bit missing': { marker: () => false },
  'the marker bit on each packet': { marker: () => true },
  'the marker bit on each packet, every packet a new timestamp': { marker: () => true, timestamp: moved },
  'the marker bit missing, one timestamp for all presses': { marker: () => false, timestamp: () => 1_000 },
  'the marker bit on each packet, one timestamp, durations that stay 0': { marker: () => true, timestamp: () => 1_000, duration: () => 0 },
  'a packet every 50 ms': { packetMs: 50, pressMs: 150, pauseMs: 100 },
  'a packet every 50 ms, every packet a new timestamp': { packetMs: 50, pressMs: 150, pauseMs: 150, timestamp: moved },
  'a packet every 10 ms': { packetMs: 10 },
  'the first packet three times': { duration: (since) => Math.max(20, since - 40) * 8 },
}

describe.each(Object.entries(bug))('a phone that sends %s', (_title, phone) => {
  it.each(typed)('is heard to press %s', (text) => {
    for (const between of ['sound', 'silence'] as const) expect(heard(sends(text, { between, ...phone }))).toBe(text)
  })

  it('is heard through two copies of each packet and neighbours out of order', () => {
    const sent = sends('5511', phone)
    expect(heard(sent.flatMap((packet) => [packet, packet]))).toBe('5511')
    const swapped = sent.map((packet, index) => sent[index % 2 === 0 ? index + 1 : index - 1] ?? packet)
    const ordered = swapped.map((packet, index) => ({ ...packet, at: sent[index]?.at ?? packet.at }))
    if ((phone.updates ?? 4) + (phone.ends ?? 3) > 3) expect(heard(ordered)).toBe('5511')
  })

  it('is heard when one packet of a press is lost', () => {
    const size = sends('5', phone).length
    if (size < 3) return
    for (let gone = 0; gone < size; gone += 1) {
      expect(heard(sends('5522', phone).filter((_, index) => index % size !== gone))).toBe('5522')
    }
  })
})

test('Two quick presses of one key are two, and a key that is held for three seconds is one', () => {
  for (const phone of Object.values(bug)) {
    const once = phone.updates === undefined && phone.packetMs === undefined ? { ...phone, pressMs: 3_000 } : phone
    expect(heard(sends('7', once))).toBe('7')
  }
  expect(heard(sends('77', { pressMs: 40, pauseMs: 40 }))).toBe('77')
})
