import type { Milliseconds } from '../../base/clock.js'
import { samplesPerMs } from '../sound/g711.js'

/** A packet with sound. */
export interface SoundPacket {
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
  /** Samples in it. */
  readonly samples: number
}

/** Finds the pauses of a sender with silence suppression, which sends nothing meanwhile. */
export interface SpeechPauses {
  /** Whether a pause was before this packet. */
  before(packet: SoundPacket, now: Milliseconds): boolean
}

/** The shortest pause between two keys that counts (ITU-T Q.24: 40 ms), less a packet that begins or ends in it. */
const shortestMs: Milliseconds = 20
/** A sender whose timestamps jump ahead without a pause goes on sending every 20 ms, or 30. */
const longestPaceMs: Milliseconds = 50
/** A timestamp further ahead means that the sender has restarted. */
const mostSamples = 10 * 60_000 * samplesPerMs

/**
 * The timestamp goes on during a pause, the sequence number does not, and the first packet after it has the marker bit (RFC 3551 §4.1). Without the
 * marker the packet must also come late: some senders have wrong timestamps. A packet that is lost is not a pause.
 */
export function createSpeechPauses(): SpeechPauses {
  let last: (SoundPacket & { readonly at: Milliseconds }) | null = null
  return {
    before(packet, now) {
      const previous = last
      last = { ...packet, at: now }
      if (!previous) return false
      const skipped = (packet.timestamp - previous.timestamp - previous.samples) >>> 0
      if (skipped < shortestMs * samplesPerMs || skipped > mostSamples) return false
      const isNext = ((packet.sequence - previous.sequence) & 0xffff) === 1
      return packet.marker || (isNext && now - previous.at > longestPaceMs)
    },
  }
}
