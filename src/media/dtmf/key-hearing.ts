import type { RtpPacket } from 'rtp.js/packets'
import type { Milliseconds } from '../../base/clock.js'
import { createToneDetector } from '../sound/tone-detector.js'
import type { Press } from './duplicate-presses.js'
import { createPressCounter } from './press-counter.js'
import { parseTelephoneEvent } from './telephone-event.js'

/** Finds the presses in the packets of one source: RFC 4733 events and tones. */
export interface KeyHearing {
  hearEvent(packet: RtpPacket, now: Milliseconds): void
  hearSound(samples: Int16Array, now: Milliseconds): void
}

export function createKeyHearing(onPress: (press: Press) => void): KeyHearing {
  const presses = createPressCounter()
  const tones = createToneDetector()

  return {
    hearEvent(packet, now) {
      const event = parseTelephoneEvent(payloadOf(packet))
      const key = event && presses.hear({ ...event, ...headerOf(packet) }, now)
      if (key) onPress({ key, way: 'event', at: now })
    },
    hearSound(samples, now) {
      for (const key of tones.hear(samples)) onPress({ key, way: 'tone', at: now })
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
