import type { Milliseconds } from '../../base/clock.js'
import { type Key, keyOfEvent } from '../key.js'
import type { TelephoneEvent } from './telephone-event.js'

/** An event packet with what its RTP header says. */
export interface ReceivedEvent extends TelephoneEvent {
  readonly ssrc: number
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
}

/** Makes one press of the many packets of an event. */
export interface PressCounter {
  /** The key at the first packet of a press that arrives, whichever it is; null for every other packet. */
  hear(packet: ReceivedEvent, now: Milliseconds): Key | null
}

/** The latest packet of the latest press. `end`: one of its packets has ended it. */
interface Press extends ReceivedEvent {
  readonly at: Milliseconds
  /** How many packets with the end bit were heard. */
  readonly ends: number
}

/** What a sender has shown of its habits. */
interface Habits {
  /** Its timestamp runs on during a press. */
  movesTimestamp: boolean
  /** It sets the marker bit on packets inside a press as well. */
  marksAll: boolean
}

/** How a packet follows the one before it. */
interface Step {
  /** By sequence number; 1: nothing was sent or lost in between. */
  readonly ahead: number
  readonly gap: Milliseconds
  /** By timestamp, in samples. */
  readonly samples: number
  /** Of the duration, in samples. */
  readonly growth: number
}

const samplesPerMs = 8
const longestDuration = 0xffff
/** A sequence number that is behind by less than this is late, and so is a timestamp by `lateSamples`; more is a sender that began anew. */
const lateSequences = 500
const lateSamples = 5_000 * samplesPerMs
/** Updates of a press come every 20 to 50 ms (RFC 4733 §2.5.1.2). */
const closeMs: Milliseconds = 120
/** No pause fits into a gap like this. Durations that fall in it say nothing: they count down, or are in the wrong byte order. */
const unbrokenMs: Milliseconds = 60
/** Two presses of one key are at least this far apart, as 40 ms of tone and 40 ms of pause are the least that is dialled. */
const shortestRhythmMs: Milliseconds = 80

/**
 * RFC 4733 §2.5.1: one press has one timestamp, its duration grows, its last packet has the end bit and comes three times. By that the
 * timestamp tells one press from the next. Many phones do otherwise: the timestamp runs on, all presses have one timestamp, durations stay 0,
 * end packets are missing or are all there is, the marker bit is on no packet or on each. Then the order of packets tells: by sequence
 * number, end bit, a duration that starts again, the marker bit, and the gap. A sender that keeps to the RFC is never judged by the gap alone.
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

/** A packet that was overtaken, or the end of a press that comes once more after the next has begun. */
function isLate(before: Press, packet: ReceivedEvent): boolean {
  const behind = (before.sequence - packet.sequence) & 0xffff
  const age = (before.timestamp - packet.timestamp) >>> 0
  return behind < lateSequences || (packet.end && age > 0 && age < lateSamples)
}

interface Circumstances {
  readonly now: Milliseconds
  readonly habits: Habits
}

/** Both packets are of one source and in order. */
function isSamePress(before: Press, packet: ReceivedEvent, { now, habits }: Circumstances): boolean {
  if (before.event !== packet.event) return false
  const step: Step = {
    ahead: (packet.sequence - before.sequence) & 0xffff,
    gap: now - before.at,
    samples: (packet.timestamp - before.timestamp) >>> 0,
    growth: packet.duration - before.duration,
  }
  if (before.end && !packet.end) return false
  // A marker in the middle of a press says nothing where the sender sets it on each packet.
  const isMarked = packet.marker && !habits.marksAll && step.gap >= shortestRhythmMs
  if (step.samples === 0) return before.end ? isEndAgain(before, step) : goesOn(before, packet, step) && !(isMarked && step.growth <= 0)
  if (before.end) return isMovedEnd(step, habits)
  return isSegment(before, step) || (runsOn(packet, step, habits) && !(isMarked && step.growth <= 0))
}

// ── one timestamp ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The end comes three times in a row. A sender that sends ends alone, with one timestamp for all presses, leaves gaps between them. */
function isEndAgain({ ends }: Press, { ahead, gap }: Step): boolean {
  if (gap <= 100) return true
  return ends < 3 && ahead <= 8 && gap <= 400
}

/** A duration that starts again is another press of a sender with one timestamp for all; so is one that has stood still over a gap. */
function goesOn(before: Press, packet: ReceivedEvent, { ahead, gap, growth }: Step): boolean {
  if (packet.end && (ahead === 1 || (ahead <= 3 && gap <= closeMs))) return true
  // RFC 4733 §2.5.1.3: the longest duration is 8 s. Senders stay there, or start again from 0.
  if (before.duration > longestDuration - 1_000) return gap <= closeMs || growth === 0
  if (growth < 0) return ahead <= 3 && gap < unbrokenMs
  if (growth === 0) return gap <= closeMs || (packet.end && ahead <= 8)
  return ahead <= 4 || growth >= (gap * samplesPerMs) / 4 - 400
}

// ── another timestamp ────────────────────────────────────────────────────────────────────────────────────────────────

/** Copies of an end whose timestamp runs on: close together, by the timestamp too, unless this sender's timestamps are known to run on. */
function isMovedEnd({ ahead, gap, samples }: Step, { movesTimestamp }: Habits): boolean {
  return ahead <= 3 && gap <= 200 && (movesTimestamp || samples < shortestRhythmMs * samplesPerMs)
}

/** RFC 4733 §2.5.1.3: a press of more than 8 s is sent in segments, each with a timestamp of its own. */
function isSegment({ duration }: Press, { gap, samples }: Step): boolean {
  return duration === longestDuration && samples === longestDuration && gap <= closeMs
}

/** A press that has not ended, and a packet that goes on where it was: nothing between them, or a duration that fits the time. */
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
