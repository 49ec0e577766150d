import { isRtp, RtpPacket } from 'rtp.js/packets'
import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Heard, KeyWay } from '../audio-session.js'
import type { Key } from '../key.js'
import type { Negotiation, ReceivedPayloads } from '../sdp/negotiation.js'
import { decode, isLouderThan } from '../sound/g711.js'
import { createToneDetector } from '../sound/tone-detector.js'
import type { Address } from './address.js'
import { createLatch, type Latch } from './latch.js'
import { createReception, type Reception } from './reception.js'
import { createPressCounter, parseTelephoneEvent } from './telephone-event.js'

/** Hears the far end: meter, key presses, where it is. */
export interface Receiver {
  readonly heard: Heard
  readonly latch: Latch
  readonly reception: Reception
  /** Takes what was agreed; to be called after each change of it. */
  follow(negotiation: Negotiation): void
  hear(packet: Buffer, from: Address): void
}

export interface ReceiverNeeds {
  readonly clock: Clock
  readonly onKey: (key: Key, way: KeyWay) => void
}

const audibleAbove = -50
/** RFC 3389: sent by phones that send nothing while nobody speaks. */
const comfortNoise = 13

export function createReceiver({ clock, onKey }: ReceiverNeeds): Receiver {
  const latch = createLatch()
  const reception = createReception()
  const keyHearing = createKeyHearing(onKey)
  let payloads: ReceivedPayloads = { laws: new Map(), event: null }
  let packets = 0
  let audible = 0
  let lastAt: Milliseconds | null = null

  function hearSound(samples: Int16Array, now: Milliseconds): void {
    if (isLouderThan(audibleAbove, samples)) audible += 1
    keyHearing.hearSound(samples, now)
  }

  return {
    get heard() {
      return { packets, audible, lastAt }
    },
    latch,
    reception,
    follow(negotiation) {
      payloads = negotiation.receiving
      if (negotiation.sending) latch.expect(negotiation.sending.rtp)
    },
    hear(bytes, from) {
      const packet = parseRtp(bytes)
      if (!packet) return
      const type = packet.getPayloadType()
      const law = payloads.laws.get(type)
      if (!law && type !== payloads.event && type !== comfortNoise) return
      const now = clock.now()
      if (!latch.admits(from, now)) return
      packets += 1
      lastAt = now
      if (reception.arrived(numbersOf(packet), now) === 'repeated') return
      if (type === payloads.event) keyHearing.hearEvent(packet, now)
      else if (law) hearSound(decode(law, payloadOf(packet)), now)
    },
  }
}

/** RFC 4733 events and tones make one stream of presses. */
interface KeyHearing {
  hearEvent(packet: RtpPacket, now: Milliseconds): void
  hearSound(samples: Int16Array, now: Milliseconds): void
}

/** A press leaks into the sound before its event begins; the same key by both ways within this time is one press. */
const onePressWithinMs: Milliseconds = 400

function createKeyHearing(onKey: (key: Key, way: KeyWay) => void): KeyHearing {
  const presses = createPressCounter()
  const tones = createToneDetector()
  let hasEvents = false
  let lastTone: { readonly key: Key; readonly at: Milliseconds } | null = null

  return {
    hearEvent(packet, now) {
      const event = parseTelephoneEvent(payloadOf(packet))
      const key = event && presses.hear({ ...event, ssrc: packet.getSsrc(), timestamp: packet.getTimestamp() }, now)
      if (!key) return
      // From the first event on, tones in the sound are the same presses heard twice.
      hasEvents = true
      const isHeard = lastTone?.key === key && now - lastTone.at < onePressWithinMs
      lastTone = null
      if (!isHeard) onKey(key, 'event')
    },
    hearSound(samples, now) {
      if (hasEvents) return
      for (const key of tones.hear(samples)) {
        lastTone = { key, at: now }
        onKey(key, 'tone')
      }
    },
  }
}

function parseRtp(bytes: Buffer): RtpPacket | null {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return isRtp(view) ? new RtpPacket(view) : null
  } catch {
    return null
  }
}

function numbersOf(packet: RtpPacket): { ssrc: number; sequence: number; timestamp: number } {
  return { ssrc: packet.getSsrc(), sequence: packet.getSequenceNumber(), timestamp: packet.getTimestamp() }
}

function payloadOf(packet: RtpPacket): Uint8Array {
  const payload = packet.getPayload()
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
}
