import type { RtpPacket } from 'rtp.js/packets'
import type { Milliseconds } from '../../base/clock.js'
import { samplesPerMs } from '../sound/g711.js'
import { createToneDetector } from '../sound/tone-detector.js'
import type { Press } from './duplicate-presses.js'
import { createPressCounter } from './press-counter.js'
import { parseTelephoneEvent } from './telephone-event.js'

/** Finds the presses in the packets of one source: RFC 4733 events and tones. */
export interface KeyHearing {
  hearEvent(packet: RtpPacket, now: Milliseconds): void
  hearSound(samples: Int16Array, now: Milliseconds): void
  /** The sender suppresses silence: a tone after it is another press, of the same key too. */
  hearPause(now: Milliseconds): void
}

/** More than a tone detector needs to see that a tone has ended. */
const pauseSamples = new Int16Array(40 * samplesPerMs)

export function createKeyHearing(onPress: (press: Press) => void): KeyHearing {
  const presses = createPressCounter()
  const tones = createToneDetector()

  function hearSound(samples: Int16Array, now: Milliseconds): void {
    for (const key of tones.hear(samples)) onPress({ key, way: 'tone', at: now })
  }

  return {
    hearEvent(packet, now) {
      const event = parseTelephoneEvent(payloadOf(packet))
      const key = event && presses.hear({ ...event, ...headerOf(packet) }, now)
      if (key) onPress({ key, way: 'event', at: now })
    },
    hearSound,
    hearPause: (now) => hearSound(pauseSamples, now),
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
