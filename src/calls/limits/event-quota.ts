import type { Clock, Milliseconds } from '../../base/clock.js'

/** Limits how often events about one subject are written, so that an attack does not fill the stream. */
export interface EventQuota {
  /** Null: the event is not written, only counted. Else the number of events that were left out since the last one written. */
  take(subject: string): number | null
}

export interface EventQuotaNeeds {
  /** Events of one subject that are written in each period. */
  readonly events: number
  readonly periodMs: Milliseconds
  readonly clock: Pick<Clock, 'now'>
}

interface Count {
  since: Milliseconds
  written: number
  leftOut: number
}

/** The table is swept when it has grown to this size. Subjects are users, so it stays far below. */
const sweepAt = 10_000

export function createEventQuota({ events, periodMs, clock }: EventQuotaNeeds): EventQuota {
  const counts = new Map<string, Count>()

  function sweep(now: Milliseconds): void {
    for (const [subject, { since }] of counts) if (now - since >= periodMs) counts.delete(subject)
  }

  return {
    take(subject) {
      const now = clock.now()
      if (counts.size >= sweepAt) sweep(now)
      const count = counts.get(subject) ?? { since: now, written: 0, leftOut: 0 }
      counts.set(subject, count)
      if (now - count.since >= periodMs) {
        count.since = now
        count.written = 0
      }
      if (count.written >= events) {
        count.leftOut++
        return null
      }
      count.written++
      const { leftOut } = count
      count.leftOut = 0
      return leftOut
    },
  }
}
