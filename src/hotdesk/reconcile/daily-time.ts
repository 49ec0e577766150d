import { IANAZone } from 'luxon'
import type { Milliseconds } from '../../base/clock.js'

/** A time of day as the clocks of a place show it. */
export interface DailyTime {
  readonly hour: number
  readonly minute: number
  /** `Europe/Paris` */
  readonly timezone: string
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/**
 * The first moment after `ms` at which the clocks show that time, once for each day of the calendar: where it comes twice, as the
 * clocks are put back, the first; where it is left out, as they are put forward, as long after midnight as on any other day.
 */
export function nextDaily({ hour, minute, timezone }: DailyTime, ms: Milliseconds): Milliseconds {
  const zone = IANAZone.create(timezone)
  if (!zone.isValid) throw new RangeError(`${timezone} is no time zone`)
  const shown = ms + zone.offset(ms) * minuteMs
  const midnight = shown - (((shown % dayMs) + dayMs) % dayMs)
  for (let day = midnight; ; day += dayMs) {
    const moment = momentOf(zone, day + (hour * 60 + minute) * minuteMs)
    if (moment > ms) return moment
  }
}

/** `shown` is what the clocks show, counted as if they showed UTC. */
function momentOf(zone: IANAZone, shown: Milliseconds): Milliseconds {
  const [before, after] = [shown - dayMs, shown + dayMs].map((near) => shown - zone.offset(near) * minuteMs) as [number, number]
  const isShown = (moment: Milliseconds): boolean => moment + zone.offset(moment) * minuteMs === shown
  return [Math.min(before, after), Math.max(before, after)].find(isShown) ?? before
}

/** The same for many moments of a few days: between two such times the answer is one. */
export function createDaily(time: DailyTime): (ms: Milliseconds) => Milliseconds {
  const known: { from: Milliseconds; readonly until: Milliseconds }[] = []
  return (ms) => {
    const found = known.find(({ from, until }) => from <= ms && ms < until)
    if (found) return found.until
    const until = nextDaily(time, ms)
    const earlier = known.find((stretch) => stretch.until === until)
    if (earlier) earlier.from = ms
    else known.push({ from: ms, until })
    return until
  }
}
