import { IANAZone } from 'luxon'
import type { Milliseconds } from '../../base/clock.js'

/** A time of day in a time zone. */
export interface DailyTime {
  readonly hour: number
  readonly minute: number
  /** `Europe/Paris` */
  readonly timezone: string
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/**
 * The next occurrence of that time after `ms`, exactly one per calendar day. If the time occurs twice because clocks are set back, the first
 * counts. If it is skipped because clocks are set forward, the moment counts that is as long after midnight as on other days.
 */
export function nextDaily({ hour, minute, timezone }: DailyTime, ms: Milliseconds): Milliseconds {
  const zone = IANAZone.create(timezone)
  if (!zone.isValid) throw new RangeError(`${timezone} is not a time zone`)
  const shown = ms + zone.offset(ms) * minuteMs
  const midnight = shown - (((shown % dayMs) + dayMs) % dayMs)
  for (let day = midnight; ; day += dayMs) {
    const moment = momentOf(zone, day + (hour * 60 + minute) * minuteMs)
    if (moment > ms) return moment
  }
}

/** `shown` is local time, expressed as if it were UTC. */
function momentOf(zone: IANAZone, shown: Milliseconds): Milliseconds {
  const [before, after] = [shown - dayMs, shown + dayMs].map((near) => shown - zone.offset(near) * minuteMs) as [number, number]
  const isShown = (moment: Milliseconds): boolean => moment + zone.offset(moment) * minuteMs === shown
  return [Math.min(before, after), Math.max(before, after)].find(isShown) ?? before
}

/** The same with a cache, for many moments within a few days. */
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
