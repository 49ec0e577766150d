import type { Milliseconds } from '../../base/clock.js'
import { type Key, keyOfEvent } from '../key.js'
import { samplesPerMs } from '../sound/g711.js'
import type { TelephoneEvent } from './telephone-event.js'

/** An event packet with the fields of its RTP header. */
export interface ReceivedEvent extends TelephoneEvent {
  readonly ssrc: number
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
}

/** Counts the many packets of an event as one press. */
export interface PressCounter {
  /** The key for the first packet of a press that arrives, whichever it is; null for all others. */
  hear(packet: ReceivedEvent, now: Milliseconds): Key | null
}

/** The latest packet of the latest press. `end`: one of its packets had the end bit. */
interface Press extends ReceivedEvent {
  readonly at: Milliseconds
  /** Number of its packets with the end bit. */
  readonly ends: number
}

/** Deviations that a sender has shown. */
interface Habits {
  /** Its timestamp advances during a press. */
  movesTimestamp: boolean
  /** It sets the marker bit on packets inside a press as well. */
  marksAll: boolean
}

/** The difference between a packet and the previous one. */
interface Step {
  /** In sequence numbers; 1: nothing was sent or lost in between. */
  readonly ahead: number
  readonly gap: Milliseconds
  /** In timestamps, in samples. */
  readonly samples: number
  /** Of the duration, in samples. */
  readonly growth: number
}

const longestDuration = 0xffff
/** A packet is late if its sequence number is behind by less than this, or its timestamp by `lateSamples`. Beyond that, the sender has restarted. */
const lateSequences = 500
const lateSamples = 5_000 * samplesPerMs
/** Updates of a press come every 20 to 50 ms (RFC 4733 §2.5.1.2). */
const closeMs: Milliseconds = 120
/** Too short for a pause. If the duration falls within such a gap, it counts down or has the wrong byte order. */
const unbrokenMs: Milliseconds = 60
/** Minimum distance of two presses of one key: 40 ms of tone and 40 ms of pause. */
const shortestRhythmMs: Milliseconds = 80

/**
 * RFC 4733 §2.5.1: a press has one timestamp and a growing duration; its last packet has the end bit and is sent three times. So the timestamp
 * separates presses. Many phones deviate: the timestamp advances during a press, or all presses share one; durations stay 0; end packets are
 * missing, or are sent alone; the marker bit is on no packet, or on every one. Then presses are separated by sequence number, end bit, a
 * duration that restarts, the marker bit and the gap. The gap alone never decides for a sender that complies with the RFC.
 */
export function createPressCounter(): PressCounter {
  let latest: Press | null = null
  let habits: Habits = { movesTimestamp: false, marksAll: false }

  return {
    hear(packet, now) {
      const before = latest
      if (before?.ssrc !== packet.ssrc) habits = { movesTimestamp: false, marksAll: false }
      else if (isLate(before, packet)) return null
      const isSame = before?.ssrc === packet.ssrc && isSamePress(before, packet, { now, habits })
      latest = { ...packet, at: now, end: packet.end || (isSame && before.end), ends: (isSame ? before.ends : 0) + (packet.end ? 1 : 0) }
      if (!isSame) return keyOfEvent(packet.event)
      if (packet.marker) habits.marksAll = true
      if (packet.timestamp !== before.timestamp && !before.end) habits.movesTimestamp = true
      return null
    },
  }
}

/** A packet that was overtaken, or a repeated end of a press after the next press has begun. */
function isLate(before: Press, packet: ReceivedEvent): boolean {
  const behind = (before.sequence - packet.sequence) & 0xffff
  const age = (before.timestamp - packet.timestamp) >>> 0
  return behind < lateSequences || (packet.end && age > 0 && age < lateSamples)
}

interface Circumstances {
  readonly now: Milliseconds
  readonly habits: Habits
}

/** Both packets are from one source, in order. */
function isSamePress(before: Press, packet: ReceivedEvent, { now, habits }: Circumstances): boolean {
  if (before.event !== packet.event) return false
  const step: Step = {
    ahead: (packet.sequence - before.sequence) & 0xffff,
    gap: now - before.at,
    samples: (packet.timestamp - before.timestamp) >>> 0,
    growth: packet.duration - before.duration,
  }
  if (before.end && !packet.end) return false
  // The marker means nothing if the sender sets it on every packet.
  const isMarked = packet.marker && !habits.marksAll && step.gap >= shortestRhythmMs
  if (step.samples === 0) return before.end ? isEndAgain(before, step) : goesOn(before, packet, step) && !(isMarked && step.growth <= 0)
  if (before.end) return isMovedEnd(step, habits)
  return isSegment(before, step) || (runsOn(packet, step, habits) && !(isMarked && step.growth <= 0))
}

// ── one timestamp ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The end is sent three times in a row. A sender that sends only ends, all with one timestamp, leaves gaps between presses. */
function isEndAgain({ ends }: Press, { ahead, gap }: Step): boolean {
  if (gap <= 100) return true
  return ends < 3 && ahead <= 8 && gap <= 400
}

/** If all presses share a timestamp, a duration that restarts is a new press, and so is one that has not grown over a gap. */
function goesOn(before: Press, packet: ReceivedEvent, { ahead, gap, growth }: Step): boolean {
  if (packet.end && (ahead === 1 || (ahead <= 3 && gap <= closeMs))) return true
  // RFC 4733 §2.5.1.3: the maximum duration is 8 s. Senders stay there, or restart from 0.
  if (before.duration > longestDuration - 1_000) return gap <= closeMs || growth === 0
  if (growth < 0) return ahead <= 3 && gap < unbrokenMs
  if (growth === 0) return gap <= closeMs || (packet.end && ahead <= 8)
  return ahead <= 4 || growth >= (gap * samplesPerMs) / 4 - 400
}

// ── another timestamp ────────────────────────────────────────────────────────────────────────────────────────────────

/** Copies of an end whose timestamp advances: close together, also by timestamp, unless this sender is known to advance timestamps. */
function isMovedEnd({ ahead, gap, samples }: Step, { movesTimestamp }: Habits): boolean {
  return ahead <= 3 && gap <= 200 && (movesTimestamp || samples < shortestRhythmMs * samplesPerMs)
}

/** RFC 4733 §2.5.1.3: a press of more than 8 s is sent in segments, each with its own timestamp. */
function isSegment({ duration }: Press, { gap, samples }: Step): boolean {
  return duration === longestDuration && samples === longestDuration && gap <= closeMs
}

/** The packet continues a press that has not ended: it follows directly, or its duration fits the time. */
function runsOn(packet: ReceivedEvent, { ahead, gap, samples, growth }: Step, { movesTimestamp }: Habits): boolean {
  if (growth > 0 && ahead <= 2) return gap <= 400
  if (gap > closeMs) return false
  if (packet.end && ahead === 1) return true
  if (growth < 0) return ahead <= 3 && gap < unbrokenMs && samples < unbrokenMs * samplesPerMs
  if (growth === 0) {
    const isClose = movesTimestamp || gap < shortestRhythmMs || samples < shortestRhythmMs * samplesPerMs
    return isClose && ahead <= (packet.duration === 0 ? 4 : 2)
  }
  const elapsed = Math.max(gap * samplesPerMs, samples < lateSamples ? samples : 0)
  return growth >= elapsed / 2 - 80
}
