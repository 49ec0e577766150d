import { eventOfKey, type Key, keyOfEvent } from '../key.js'

/**
 * RFC 4733 §2.3:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |     event     |E|R| volume    |          duration             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export interface TelephoneEvent {
  readonly event: number
  readonly end: boolean
  /** Since the RTP timestamp, in samples. */
  readonly duration: number
}

/** Payload bytes of one event. */
export const eventBytes = 4

/** Null for what is too short to be one. What follows the first event in a packet repeats older ones (RFC 4733 §2.5.1.4). */
export function parseTelephoneEvent(payload: Uint8Array): TelephoneEvent | null {
  const [event, flags, high, low] = payload
  if (event === undefined || flags === undefined || high === undefined || low === undefined) return null
  return { event, end: (flags & 0x80) !== 0, duration: (high << 8) | low }
}

const volume = 10

export function writeTelephoneEvent({ event, end, duration }: TelephoneEvent): Uint8Array {
  return Uint8Array.of(event, (end ? 0x80 : 0) | volume, (duration >> 8) & 0xff, duration & 0xff)
}

/** An event packet with what its RTP header says. */
export interface ReceivedEvent extends TelephoneEvent {
  readonly ssrc: number
  readonly timestamp: number
}

const longestDuration = 0xffff
/** Older by less than this is late; older by more is a sender that began anew. In samples. */
const lateWithin = 5 * 8000
/** Packets of one press come every 20 to 50 ms. */
const samePressWithinMs = 120

interface Press extends ReceivedEvent {
  readonly at: number
}

/**
 * Makes one press of the many packets of an event. The press counts from its first packet, so that no loss
 * of later ones, the three end packets included, can lose it; all others are recognised as its repetition.
 */
export function createPressCounter(): { hear(received: ReceivedEvent, now: number): Key | null } {
  let latest: Press | null = null
  return {
    hear(received, now) {
      const before = latest
      if (before && isLate(before, received)) return null
      latest = { ...received, at: now }
      if (before && isSamePress(before, latest)) {
        // An end, once heard, stays: a copy of an earlier packet may overtake it.
        if (before.end && before.timestamp === received.timestamp) latest = { ...latest, end: true }
        return null
      }
      return keyOfEvent(received.event)
    },
  }
}

function isLate(before: Press, received: ReceivedEvent): boolean {
  const age = (before.timestamp - received.timestamp) >>> 0
  return before.ssrc === received.ssrc && age > 0 && age < lateWithin
}

function isSamePress(before: Press, received: Press): boolean {
  if (before.ssrc !== received.ssrc) return false
  if (before.timestamp === received.timestamp) return true
  if (before.event !== received.event || before.end || received.at - before.at > samePressWithinMs) return false
  // RFC 4733 §2.5.1.3: a press of more than 8 s is sent in segments, each with a timestamp of its own.
  if (before.duration === longestDuration && (received.timestamp - before.timestamp) >>> 0 === longestDuration) return true
  // Some senders let the timestamp run on during the press; the duration tells a running press from a new one.
  return received.duration > before.duration
}

const stepSamples = 160
const endCopies = 3

/** The payloads of one press, one for every 20 ms; all but the last `endCopies - 1` fall into the time of the press. */
export function pressPayloads(key: Key, ms: number): readonly Uint8Array[] {
  const event = eventOfKey(key)
  const steps = Math.max(1, Math.round((ms * 8) / stepSamples))
  const rising = Array.from({ length: steps - 1 }, (_, step) =>
    writeTelephoneEvent({ event, end: false, duration: (step + 1) * stepSamples }),
  )
  const end = writeTelephoneEvent({ event, end: true, duration: steps * stepSamples })
  return [...rising, ...Array.from({ length: endCopies }, () => end)]
}
