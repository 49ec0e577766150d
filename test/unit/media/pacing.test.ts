import { expect, test } from 'vitest'
import type { Clock } from '../../../src/base/clock.js'
import { createKeySender, keysOf } from '../../../src/media/rtp/key-sender.js'
import { createOutgoingStream } from '../../../src/media/rtp/outgoing-stream.js'
import type { PortPair } from '../../../src/media/rtp/port-pair.js'
import { createReceiver } from '../../../src/media/rtp/receiver.js'
import { createTicker } from '../../../src/media/rtp/ticker.js'
import { createNegotiation } from '../../../src/media/sdp/negotiation.js'
import { createSending } from '../../../src/media/sending.js'
import { toneClip } from '../../../src/media/sound/clip.js'
import { createPlayer } from '../../../src/media/sound/player.js'
import { createManualClock } from '../../support/process/manual-clock.js'

/** A clock whose alarms ring with a set delay. */
function lateClock() {
  const clock = createManualClock(500)
  let late = 0
  const ringing: Clock = { now: () => clock.now() + late, after: (ms, run) => clock.after(ms, run) }
  return {
    clock: ringing,
    advance: clock.advance,
    beLateBy(ms: number) {
      late = ms
    },
    get pending() {
      return clock.pending
    },
  }
}

test('A stream has its turn every 20 ms; a delay does not shift later turns', () => {
  const { clock, advance, beLateBy } = lateClock()
  const times: number[] = []
  createTicker(clock).add((frames) => times.push(...Array.from({ length: frames }, () => clock.now())))
  advance(100)
  expect(times).toEqual([520, 540, 560, 580, 600])
  beLateBy(15)
  advance(20)
  beLateBy(0)
  advance(60)
  expect(times.slice(5)).toEqual([635, 640, 660, 680])
})

test('In ten minutes with jitter exactly 30,000 frames pass: the clock does not drift', () => {
  const { clock, advance, beLateBy } = lateClock()
  let frames = 0
  createTicker(clock).add((count) => {
    frames += count
  })
  for (let step = 0; step < 60_000; step += 1) {
    beLateBy((step * 7) % 23)
    advance(10)
  }
  beLateBy(0)
  advance(20)
  expect(Math.abs(frames - 30_001)).toBeLessThanOrEqual(1)
})

test('Streams are spread over four phases, so that they do not send in bursts', () => {
  const { clock, advance } = lateClock()
  const ticker = createTicker(clock)
  const times = new Map<number, number>()
  for (let stream = 0; stream < 8; stream += 1) ticker.add(() => times.set(stream, clock.now() % 20))
  advance(40)
  const perPhase = [...times.values()].reduce((count, phase) => count.set(phase, (count.get(phase) ?? 0) + 1), new Map<number, number>())
  expect([...perPhase.values()]).toEqual([2, 2, 2, 2])
})

test('Without streams there are no ticks, and a closed ticker stays silent', () => {
  const late = lateClock()
  const ticker = createTicker(late.clock)
  expect(late.pending).toBe(0)
  const leave = ticker.add(() => undefined)
  expect(late.pending).toBe(1)
  leave()
  expect(late.pending).toBe(0)
  let turns = 0
  ticker.add(() => {
    turns += 1
  })
  late.advance(20)
  ticker.close()
  late.advance(1_000)
  expect(turns).toBe(1)
})

interface Sent {
  readonly marker: boolean
  readonly payloadType: number
  readonly sequence: number
  readonly timestamp: number
  readonly bytes: Buffer
}

/** The sending parts of a session, with the packets kept. */
function sender(attributes = 'a=sendrecv') {
  const sent: Sent[] = []
  const ports: PortPair = {
    port: 20_000,
    sendRtp: (packet) => sent.push(read(Buffer.from(packet))),
    sendRtcp: () => undefined,
    onRtp: () => undefined,
    onRtcp: () => undefined,
    close: () => Promise.resolve(),
  }
  const negotiation = createNegotiation('192.0.2.10', 20_000)
  const offer = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 4000 RTP/AVP 8 101']
  negotiation.answer([...offer, 'a=rtpmap:101 telephone-event/8000', attributes, ''].join('\r\n'))
  const receiver = createReceiver({ clock: createManualClock(), onPress: () => undefined })
  receiver.follow(negotiation)
  const parts = { ports, negotiation, receiver, stream: createOutgoingStream(), player: createPlayer(), keySender: createKeySender() }
  return { ...parts, sent, turn: createSending(parts) }
}

function read(bytes: Buffer): Sent {
  const second = bytes.readUInt8(1)
  return {
    marker: second >= 128,
    payloadType: second & 0x7f,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    bytes,
  }
}

/** The steps of sequence number and timestamp from packet to packet. */
function steps(sent: readonly Sent[]): [number, number][] {
  return sent.slice(1).map((packet, index) => {
    const before = sent[index]
    return [(packet.sequence - (before?.sequence ?? 0)) & 0xffff, (packet.timestamp - (before?.timestamp ?? 0)) >>> 0]
  })
}

test('Without a clip, silence is sent: one packet of 160 samples for each frame', () => {
  const { turn, sent } = sender()
  for (let frame = 0; frame < 5; frame += 1) turn(1)
  expect(steps(sent)).toEqual(Array.from({ length: 4 }, () => [1, 160]))
  expect(sent.map(({ marker }) => marker)).toEqual([true, false, false, false, false])
  for (const { bytes, payloadType } of sent) {
    expect(payloadType).toBe(8)
    expect(new Set(bytes.subarray(12))).toEqual(new Set([0xd5]))
    expect(bytes).toHaveLength(172)
  }
})

test('A delay of up to 60 ms is caught up; a longer one is skipped, and only the timestamp shows it (RFC 3550 §5.1)', () => {
  const { turn, sent } = sender()
  turn(1)
  turn(3)
  expect(sent).toHaveLength(4)
  turn(75)
  expect(sent).toHaveLength(5)
  turn(1)
  expect(steps(sent)).toEqual([
    [1, 160],
    [1, 160],
    [1, 160],
    [1, 75 * 160],
    [1, 160],
  ])
  expect(sent[4]?.marker).toBe(true)
})

test('A delay loses nothing of a clip', async () => {
  const { turn, sent, player } = sender()
  const clip = toneClip('tone', [{ hertz: [700], ms: 200 }])
  const playback = player.play([clip])
  for (const frames of [1, 2, 30, 1, 3, 9, 1, 1, 1, 1]) turn(frames)
  expect(await playback.finished).toBe('played')
  expect(Buffer.concat(sent.map(({ bytes }) => bytes.subarray(12))).subarray(0, clip.alaw.length)).toEqual(Buffer.from(clip.alaw))
})

test('A press is sent as an event with one timestamp, the marker only on its first packet, and a pause of 60 ms', async () => {
  const { turn, sent, keySender } = sender()
  turn(1)
  const pressed = keySender.press(keysOf('5'))
  for (let frame = 0; frame < 9; frame += 1) turn(1)
  await pressed
  const events = sent.filter(({ payloadType }) => payloadType === 101)
  expect(events.map(({ bytes }) => [...bytes.subarray(12)])).toEqual([
    [5, 10, 0, 160],
    [5, 10, 1, 64],
    [5, 10, 1, 224],
    [5, 10, 2, 128],
    [5, 138, 3, 32],
    [5, 138, 3, 32],
    [5, 138, 3, 32],
  ])
  expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1)
  expect(events.map(({ marker }) => marker)).toEqual([true, false, false, false, false, false, false])
  expect(steps(sent).map(([sequence]) => sequence)).toEqual(Array.from({ length: 9 }, () => 1))
  expect(((sent[8]?.timestamp ?? 0) - (sent[0]?.timestamp ?? 0)) >>> 0).toBe(8 * 160)
})

test('On hold nothing is sent, but a clip still runs to its end', async () => {
  const { turn, sent, player } = sender('a=sendonly')
  const playback = player.play([toneClip('tone', [{ hertz: [700], ms: 40 }])])
  for (let frame = 0; frame < 3; frame += 1) turn(1)
  expect(await playback.finished).toBe('played')
  expect(sent).toEqual([])
})

test('Characters that are not keys are refused', () => {
  expect(() => keysOf('12x')).toThrow(TypeError)
  expect(keysOf('12a#')).toEqual(['1', '2', 'A', '#'])
})
