import type { Clock, Milliseconds } from '../../../base/clock.js'

/** Whether the node has more to do than it can. */
export interface OverloadWatch {
  readonly isOverloaded: boolean
  close(): void
}

export interface OverloadNeeds {
  readonly clock: Clock
  /** Requests that nobody has answered yet, and how many of them are too many. */
  readonly unanswered: () => number
  readonly limit: number
}

const tickMs = 200
/** A timer that comes so late says that the thread is busy. */
const lateMs: Milliseconds = 200
/** One long pause is not overload; a second of them is. */
const strikesUntil = 5

export function createOverloadWatch({ clock, unanswered, limit }: OverloadNeeds): OverloadWatch {
  let due = clock.now() + tickMs
  let strikes = 0
  let alarm = clock.after(tickMs, tick)

  function tick(): void {
    const isBehind = clock.now() - due > lateMs || unanswered() > limit
    strikes = isBehind ? Math.min(strikes + 1, 2 * strikesUntil) : Math.max(strikes - 1, 0)
    due = clock.now() + tickMs
    alarm = clock.after(tickMs, tick)
  }

  return {
    get isOverloaded() {
      return strikes >= strikesUntil
    },
    close: () => alarm.cancel(),
  }
}
