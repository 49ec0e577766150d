import type { Alarm, Clock, Milliseconds } from '../../../src/base/clock.js'

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves on by `ms` and fires what falls due, in order, including what is armed meanwhile. */
  advance(ms: Milliseconds): void
  /** Alarms still waiting. */
  readonly pending: number
}

export function createManualClock(start: Milliseconds = 0): ManualClock {
  let now = start
  const alarms = new Set<{ at: Milliseconds; run: () => void }>()

  function nextUntil(end: Milliseconds): { at: Milliseconds; run: () => void } | undefined {
    return [...alarms].filter((alarm) => alarm.at <= end).sort((a, b) => a.at - b.at)[0]
  }

  return {
    now: () => now,
    after(ms, run): Alarm {
      const alarm = { at: now + ms, run }
      alarms.add(alarm)
      return { cancel: () => alarms.delete(alarm) }
    },
    advance(ms) {
      const end = now + ms
      for (let alarm = nextUntil(end); alarm; alarm = nextUntil(end)) {
        alarms.delete(alarm)
        now = alarm.at
        alarm.run()
      }
      now = end
    },
    get pending() {
      return alarms.size
    },
  }
}
