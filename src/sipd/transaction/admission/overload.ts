import type { Clock, Milliseconds } from '../../../base/clock.js'

/** Whether the node is overloaded. */
export interface OverloadWatch {
  readonly isOverloaded: boolean
  close(): void
}

export interface OverloadNeeds {
  readonly clock: Clock
  /** Requests without a response, and how many are too many. */
  readonly unanswered: () => number
  readonly limit: number
}

const tickMs = 200
/** A timer that is this late shows that the thread is busy. */
const lateMs: Milliseconds = 200
/** One long pause is not overload, but this many ticks in a row are. */
const maxStrikes = 5

export function createOverloadWatch({ clock, unanswered, limit }: OverloadNeeds): OverloadWatch {
  let due = clock.now() + tickMs
  let strikes = 0
  let alarm = clock.after(tickMs, tick)

  function tick(): void {
    const isBehind = clock.now() - due > lateMs || unanswered() > limit
    strikes = isBehind ? Math.min(strikes + 1, 2 * maxStrikes) : Math.max(strikes - 1, 0)
    due = clock.now() + tickMs
    alarm = clock.after(tickMs, tick)
  }

  return {
    get isOverloaded() {
      return strikes >= maxStrikes
    },
    close: () => alarm.cancel(),
  }
}
