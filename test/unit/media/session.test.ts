import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import type { KeyWay } from '../../../src/media/dtmf/duplicate-presses.js'
import { writeTelephoneEvent } from '../../../src/media/dtmf/telephone-event.js'
import { type AudioSession, createMedia, type Key, type Media } from '../../../src/media/media.js'
import { keyClip, toneClip } from '../../../src/media/sound/clip.js'
import { freePorts, openRawRtp, type RawRtp, rtpPacket } from '../../support/media/raw-rtp.js'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

function loopbackMedia(ports = { from: 21_000, to: 29_999 }): Media {
  const media = createMedia({ addresses: ['127.0.0.1'], ports, clock: systemClock, log: silentLogger() })
  opened.push(media)
  return media
}

async function connected(change: (offer: string) => string = (offer) => offer): Promise<{ phone: AudioSession; prompts: AudioSession }> {
  const phone = await loopbackMedia().offer()
  if (!phone) throw new Error('no port')
  const prompts = await answering(loopbackMedia(), change(phone.localSdp))
  expect(phone.accept(prompts.localSdp)).toBe('accepted')
  return { phone, prompts }
}

async function answering(media: Media, offer: string): Promise<AudioSession> {
  const answered = await media.answer(offer)
  if (answered.outcome !== 'answered') throw new Error(answered.outcome)
  return answered.session
}

async function rawPhone(): Promise<{ raw: RawRtp; prompts: AudioSession; port: number }> {
  const raw = await openRawRtp()
  opened.push(raw)
  const prompts = await answering(loopbackMedia(), raw.sdp)
  return { raw, prompts, port: Number(/m=audio (\d+)/.exec(prompts.localSdp)?.[1]) }
}

interface Presses {
  readonly keys: Key[]
  readonly ways: KeyWay[]
}

function pressesOf(session: AudioSession): Presses {
  const presses: Presses = { keys: [], ways: [] }
  session.onKeyPress((key, way) => {
    presses.keys.push(key)
    presses.ways.push(way)
  })
  return presses
}

/** Lets packets flow for this time, at the pace of the stream. */
async function flow(session: AudioSession, ms: number): Promise<void> {
  await session.play([toneClip('pause', [{ hertz: [], ms }])]).finished
}

test('Keys pressed at one end are each heard once at the other, in order', async () => {
  const { phone, prompts } = await connected()
  const heard = pressesOf(prompts)
  await phone.press('1225#*')
  await flow(phone, 60)
  expect(heard.keys).toEqual(['1', '2', '2', '5', '#', '*'])
  expect(new Set(heard.ways)).toEqual(new Set(['event']))
})

test('If events were not negotiated, keys are sent and heard as tones', async () => {
  const { phone, prompts } = await connected((offer) => offer.replace(' 101\r\n', '\r\n').replaceAll(/a=(rtpmap|fmtp):101.*\r\n/g, ''))
  const heard = pressesOf(prompts)
  await phone.press('1225#*')
  await flow(phone, 60)
  expect(heard.keys).toEqual(['1', '2', '2', '5', '#', '*'])
  expect(new Set(heard.ways)).toEqual(new Set(['tone']))
})

test('A press that is heard as a tone and as an event counts once, whichever is first', async () => {
  const { phone, prompts } = await connected()
  const heard = pressesOf(prompts)
  await phone.play([keyClip('5', 80, 0)]).finished
  await phone.press('5')
  const playback = phone.play([keyClip('6', 250, 0)])
  await phone.press('6')
  await playback.finished
  await flow(phone, 60)
  expect(heard.keys).toEqual(['5', '6'])
})

test('A clip played at one end is audible at the other; silence is not', async () => {
  const { phone, prompts } = await connected()
  await flow(phone, 100)
  expect(phone.heard.packets).toBeGreaterThan(0)
  expect(phone.heard.audible).toBe(0)
  expect(await prompts.play([toneClip('beep', [{ hertz: [440], ms: 200 }])]).finished).toBe('played')
  await flow(phone, 60)
  expect(phone.heard.audible).toBeGreaterThanOrEqual(9)
})

test('A session on hold sends nothing; resume continues the audio', async () => {
  const { phone, prompts } = await connected()
  await flow(phone, 60)
  expect(prompts.reanswer(phone.localSdp.replace('a=sendrecv', 'a=sendonly'))).toContain('a=recvonly')
  await flow(phone, 60)
  const held = phone.heard.packets
  await flow(phone, 100)
  expect(phone.heard.packets).toBe(held)
  expect(prompts.reanswer(phone.localSdp)).toContain('a=sendrecv')
  await flow(phone, 100)
  expect(phone.heard.packets).toBeGreaterThan(held)
})

test('An unsuitable offer in a call changes nothing', async () => {
  const { phone, prompts } = await connected()
  const before = prompts.localSdp
  expect(prompts.reanswer('v=0\r\nm=audio 4000 RTP/AVP 9\r\n')).toBeNull()
  expect(prompts.localSdp).toBe(before)
  await flow(phone, 80)
  expect(phone.heard.packets).toBeGreaterThan(0)
})

test('Silence is sent from the start, so that NAT bindings stay open', async () => {
  const { raw } = await rawPhone()
  const packet = await raw.rtp()
  expect([packet[0], (packet[1] ?? 0) & 0x7f, packet.length]).toEqual([0x80, 0, 172])
  expect(new Set(packet.subarray(12))).toEqual(new Set([0xff]))
})

test('Audio follows the phone to the port that it sends from', async () => {
  const { raw, prompts, port } = await rawPhone()
  const nat = await openRawRtp()
  opened.push(nat)
  const moved = prompts.reanswer(raw.sdp.replace('127.0.0.1', '127.0.0.9').replace(`m=audio ${raw.port}`, 'm=audio 9'))
  expect(moved).not.toBeNull()
  nat.send(rtpPacket({ payloadType: 0, sequence: 1, timestamp: 0, payload: new Uint8Array(160) }), port)
  expect(await nat.rtp()).toHaveLength(172)
})

test('A stranger can neither take over the audio nor press keys', async () => {
  const { raw, prompts, port } = await rawPhone()
  const stranger = await openRawRtp('127.0.0.1')
  opened.push(stranger)
  const heard = pressesOf(prompts)
  const key = (event: number, sequence: number): Buffer =>
    rtpPacket({ payloadType: 101, sequence, timestamp: sequence * 2000, payload: writeTelephoneEvent({ event, end: true, duration: 800 }) })
  raw.send(key(1, 1), port)
  await raw.rtp()
  stranger.send(key(9, 2), port)
  raw.send(key(2, 3), port)
  await flow(prompts, 60)
  expect(heard.keys).toEqual(['1', '2'])
  expect(prompts.heard.packets).toBe(2)
})

test('Packets of a type that was not negotiated are ignored', async () => {
  const { raw, prompts, port } = await rawPhone()
  raw.send(rtpPacket({ payloadType: 96, sequence: 1, timestamp: 0, payload: new Uint8Array(160) }), port)
  raw.send(Buffer.from('not RTP at all'), port)
  raw.send(Buffer.alloc(0), port)
  await flow(prompts, 60)
  expect(prompts.heard).toEqual({ packets: 0, audible: 0, lastAt: null })
})

test('A closed session sends RTCP BYE (RFC 3550 §6.6), stops its clip and sends nothing more', async () => {
  const { raw, prompts } = await rawPhone()
  await raw.rtp()
  const playback = prompts.play([toneClip('long', [{ hertz: [440], ms: 60_000 }])])
  const farewell = raw.rtcp()
  prompts.close()
  prompts.close()
  expect(await playback.finished).toBe('stopped')
  // The last part of the compound packet: BYE (203) with one source.
  expect([...(await farewell).subarray(-8, -6)]).toEqual([0x81, 203])
  await prompts.press('1')
})

test('Without a free port there is no session; closing one frees a port', async () => {
  const ports = await freePorts(4)
  const metrics = createMetrics()
  const media = createMedia({ addresses: ['127.0.0.1'], ports, clock: systemClock, log: silentLogger(), metrics })
  opened.push(media)
  const first = await media.offer()
  const second = await media.offer()
  if (!first || !second) throw new Error('no port')
  expect(await media.offer()).toBeNull()
  expect(await media.answer(first.localSdp)).toEqual({ outcome: 'no-port' })
  expect((await metrics.rtpPortsInUse.get()).values[0]?.value).toBe(4)
  second.close()
  await expect.poll(() => media.offer()).not.toBeNull()
})

test('An offer that cannot be answered takes no port', async () => {
  const media = loopbackMedia(await freePorts(2))
  expect(await media.answer('')).toEqual({ outcome: 'malformed' })
  expect(await media.answer('v=0\r\nm=audio 4000 RTP/AVP 9\r\n')).toMatchObject({ outcome: 'no-common-codec' })
  expect(await media.offer()).not.toBeNull()
})

test('Closed media opens no sessions', async () => {
  const media = loopbackMedia()
  const session = await media.offer()
  const playback = session?.play([toneClip('long', [{ hertz: [440], ms: 60_000 }])])
  await media.close()
  expect(await playback?.finished).toBe('stopped')
  expect(await media.offer()).toBeNull()
})
