import { eventOfKey, type Key } from '../key.js'
import { frameSamples, samplesPerMs } from '../sound/g711.js'

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

/** Size of an event in the payload. */
export const eventBytes = 4
/** R in the second byte; always 0 (RFC 4733 §2.3.3). */
export const reservedBit = 0x40

/** Null if the payload is too short. Further events in a packet repeat older ones (RFC 4733 §2.5.1.4). */
export function parseTelephoneEvent(payload: Uint8Array): TelephoneEvent | null {
  const [event, flags, high, low] = payload
  if (event === undefined || flags === undefined || high === undefined || low === undefined) return null
  return { event, end: (flags & 0x80) !== 0, duration: (high << 8) | low }
}

const volume = 10

export function writeTelephoneEvent({ event, end, duration }: TelephoneEvent): Uint8Array {
  return Uint8Array.of(event, (end ? 0x80 : 0) | volume, (duration >> 8) & 0xff, duration & 0xff)
}

const endCopies = 3

/** The payloads of one press, one for every 20 ms. The last `endCopies - 1` follow after its end. */
export function pressPayloads(key: Key, ms: number): readonly Uint8Array[] {
  const event = eventOfKey(key)
  const steps = Math.max(1, Math.round((ms * samplesPerMs) / frameSamples))
  const rising = Array.from({ length: steps - 1 }, (_, step) =>
    writeTelephoneEvent({ event, end: false, duration: (step + 1) * frameSamples }),
  )
  const end = writeTelephoneEvent({ event, end: true, duration: steps * frameSamples })
  return [...rising, ...Array.from({ length: endCopies }, () => end)]
}
