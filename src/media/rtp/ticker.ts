import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { frameMs } from '../sound/g711.js'

/** Called every 20 ms with the number of frames since the last call: one, or more after a delay. */
export type Turn = (frames: number) => void

/** One timer for all streams. */
export interface Ticker {
  /** Calls `turn` every 20 ms until the returned function is called. */
  add(turn: Turn): () => void
  close(): void
}

const phaseCount = 4
/** Node's timers may fire up to a millisecond early. */
const early: Milliseconds = 1

/**
 * The streams are spread over four phases, 5 ms apart: each tick has a quarter of the work, and streams that started together do not send in
 * bursts.
 */
export function createTicker(clock: Clock): Ticker {
  const origin = clock.now()
  const phases = Array.from({ length: phaseCount }, (_, index) => createPhase(clock, origin + (index * frameMs) / phaseCount))
  return {
    add(turn) {
      const phase = phases.reduce((fewest, other) => (other.turns.size < fewest.turns.size ? other : fewest))
      phase.turns.add(turn)
      phase.start()
      return () => {
        phase.turns.delete(turn)
        if (phase.turns.size === 0) phase.stop()
      }
    },
    close() {
      for (const phase of phases) {
        phase.turns.clear()
        phase.stop()
      }
    },
  }
}

interface Phase {
  readonly turns: Set<Turn>
  start(): void
  stop(): void
}

/** Uses absolute deadlines, so that one delay does not shift later ticks. */
function createPhase(clock: Clock, origin: Milliseconds): Phase {
  const turns = new Set<Turn>()
  let deadline = origin
  let alarm: Alarm | null = null

  function framesSinceDeadline(): number {
    return Math.max(0, Math.floor((clock.now() + early - deadline) / frameMs) + 1)
  }

  function arm(): void {
    alarm = clock.after(Math.max(0, deadline - clock.now()), run)
  }

  function run(): void {
    alarm = null
    const frames = framesSinceDeadline()
    deadline += frames * frameMs
    if (frames > 0) for (const turn of turns) turn(frames)
    if (turns.size > 0 && !alarm) arm()
  }

  return {
    turns,
    start() {
      if (alarm) return
      deadline += framesSinceDeadline() * frameMs
      arm()
    },
    stop() {
      alarm?.cancel()
      alarm = null
    },
  }
}
