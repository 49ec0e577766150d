import type { RtpPacket } from 'rtp.js/packets'
import type { Milliseconds } from '../../base/clock.js'
import type { KeyWay } from '../audio-session.js'
import type { Key } from '../key.js'
import { createToneDetector } from '../sound/tone-detector.js'
import type { Address } from './address.js'
import type { Standing } from './latch.js'
import { createPressCounter } from './press-counter.js'
import { parseTelephoneEvent } from './telephone-event.js'

/** RFC 4733 events and tones of one source make one stream of presses. */
export interface KeyHearing {
  hearEvent(packet: RtpPacket, now: Milliseconds): void
  hearSound(samples: Int16Array, now: Milliseconds): void
}

/** A press leaks into the sound before its event begins; the same key by both ways within this time is one press. */
const onePressWithinMs: Milliseconds = 400

export function createKeyHearing(onKey: (key: Key, way: KeyWay) => void): KeyHearing {
  const presses = createPressCounter()
  const tones = createToneDetector()
  let hasEvents = false
  let lastTone: { readonly key: Key; readonly at: Milliseconds } | null = null

  return {
    hearEvent(packet, now) {
      const event = parseTelephoneEvent(payloadOf(packet))
      const key = event && presses.hear({ ...event, ...headerOf(packet) }, now)
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

function headerOf(packet: RtpPacket) {
  return {
    ssrc: packet.getSsrc(),
    sequence: packet.getSequenceNumber(),
    timestamp: packet.getTimestamp(),
    marker: packet.getMarker(),
  }
}

export function payloadOf(packet: RtpPacket): Uint8Array {
  const payload = packet.getPayload()
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
}

/** Passes keys on once their source is proven, and never those of a second source. */
export interface KeyGate {
  /** A key of the source that is heard now. */
  offer(key: Key, way: KeyWay, now: Milliseconds): void
  /** To be told after each packet of that source. */
  settle(source: KeySource, standing: Standing, now: Milliseconds): void
  /** Another source is heard: the keys that wait are not its keys. */
  forget(): void
  /** The far end has described itself again: the source may be another one. */
  reset(): void
}

interface KeySource {
  readonly from: Address
  readonly ssrc: number
}

interface WaitingKey {
  readonly key: Key
  readonly way: KeyWay
  readonly at: Milliseconds
}

/** A caller who presses keys before making a sound is proven soon, or never. */
const waitMs: Milliseconds = 5_000
const mostWaiting = 32

export function createKeyGate(onKey: (key: Key, way: KeyWay) => void): KeyGate {
  let waiting: WaitingKey[] = []
  let typist: KeySource | null = null

  function mayType({ from, ssrc }: KeySource): boolean {
    // NAT may change the port; another address is another one, unless it goes on with the very stream.
    return typist === null || typist.from.address === from.address || typist.ssrc === ssrc
  }

  return {
    offer(key, way, now) {
      if (waiting.length < mostWaiting) waiting.push({ key, way, at: now })
    },
    settle(source, standing, now) {
      if (waiting.length === 0 || standing !== 'proven') return
      const ready = waiting
      waiting = []
      if (!mayType(source)) return
      for (const { key, way, at } of ready) {
        if (now - at > waitMs) continue
        typist = source
        onKey(key, way)
      }
    },
    forget() {
      waiting = []
    },
    reset() {
      waiting = []
      typist = null
    },
  }
}
