import { isRtp, RtpPacket } from 'rtp.js/packets'
import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Heard } from '../audio-session.js'
import type { Press } from '../dtmf/duplicate-presses.js'
import { createKeyHearing, payloadOf } from '../dtmf/key-hearing.js'
import { eventBytes, reservedBit } from '../dtmf/telephone-event.js'
import { keyOfEvent } from '../key.js'
import type { Negotiation, ReceivedPayloads } from '../sdp/negotiation.js'
import { decode, isLouderThan, type Law } from '../sound/g711.js'
import type { Address } from './address.js'
import { createKeyGate } from './key-gate.js'
import { createLatch, type Latch } from './latch.js'
import { createReception, type Reception } from './reception.js'
import { createSpeechPauses } from './speech-pauses.js'

/** Receives from the far end: level meter, key presses, source address. */
export interface Receiver {
  readonly heard: Heard
  readonly latch: Latch
  readonly reception: Reception
  /** Applies the negotiation. To be called after each change. */
  follow(negotiation: Negotiation): void
  hear(packet: Buffer, from: Address): void
}

export interface ReceiverNeeds {
  readonly clock: Clock
  readonly onPress: (press: Press) => void
  /** The source address of the far end's SIP; null if unknown. */
  readonly signalling?: string | null
  /** The addresses of this machine. */
  readonly ownAddresses?: () => ReadonlySet<string>
}

const audibleAbove = -50
/** RFC 3389: sent by phones with silence suppression. */
const comfortNoise = 13

export function createReceiver({ clock, onPress, signalling = null, ownAddresses }: ReceiverNeeds): Receiver {
  const latch = createLatch(ownAddresses)
  const reception = createReception()
  const gate = createKeyGate(onPress)
  const newHearing = () => createKeyHearing(gate.offer)
  let keys = newHearing()
  let pauses = createSpeechPauses()
  let source: Address | null = null
  let payloads: ReceivedPayloads = { laws: new Map(), event: null }
  let packets = 0
  let audible = 0
  let lastAt: Milliseconds | null = null

  function hearSound(packet: RtpPacket, law: Law, now: Milliseconds): void {
    const samples = decode(law, payloadOf(packet))
    if (isLouderThan(audibleAbove, samples)) audible += 1
    const { sequence, timestamp } = numbersOf(packet)
    if (pauses.before({ sequence, timestamp, marker: packet.getMarker(), samples: samples.length }, now)) keys.hearPause(now)
    keys.hearSound(samples, now)
  }

  /** A press must not consist of packets from two sources. */
  function noteSource(): void {
    if (latch.destination === source) return
    source = latch.destination
    keys = newHearing()
    pauses = createSpeechPauses()
    gate.forget()
  }

  return {
    get heard() {
      return { packets, audible, lastAt }
    },
    latch,
    reception,
    follow(negotiation) {
      payloads = negotiation.receiving
      if (negotiation.sending && latch.expect(negotiation.sending.rtp, signalling)) gate.reset()
    },
    hear(bytes, from) {
      const packet = parseRtp(bytes)
      if (!packet) return
      const type = packet.getPayloadType()
      const law = payloads.laws.get(type)
      const isEvent = type === payloads.event || (!law && isUnannouncedEvent(packet))
      if (!law && !isEvent && type !== comfortNoise) return
      const now = clock.now()
      const numbers = numbersOf(packet)
      const trust = latch.hear({ from, ...numbers, kind: isEvent ? 'event' : 'sound' }, now)
      if (trust === 'ignored') return
      noteSource()
      packets += 1
      lastAt = now
      if (reception.arrived(numbers, now) === 'repeated') return
      if (isEvent) keys.hearEvent(packet, now)
      else if (law) hearSound(packet, law, now)
      else keys.hearPause(now)
      gate.settle({ from, ssrc: numbers.ssrc }, trust, now)
    },
  }
}

/**
 * Some phones send events with their own payload type, whatever was negotiated. A packet counts as an event if its type is dynamic (RFC 3551 §6)
 * and not negotiated for audio, and its four bytes are the event of a key. Four zeros are filler: SIPp sends them before the first press.
 */
function isUnannouncedEvent(packet: RtpPacket): boolean {
  if (packet.getPayloadType() < 96) return false
  const payload = payloadOf(packet)
  const [event = 255, flags = 0] = payload
  const isFiller = payload.every((byte) => byte === 0)
  return payload.length === eventBytes && !isFiller && keyOfEvent(event) !== null && (flags & reservedBit) === 0
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
