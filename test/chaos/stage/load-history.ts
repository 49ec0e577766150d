import { pause, systemClock } from '../../../src/base/clock.js'
import type { Course, History, Verdict } from '../history.js'
import { judgeCalls, type Trouble } from '../load/judge-calls.js'
import type { LoadStage } from './load-stage.js'

/** What happens under the load, and which calls it touches. */
export interface LoadTrouble extends Pick<LoadStage, 'warmUp' | 'placeCalls' | 'aftermath' | 'close'> {
  trouble(course: LoadCourse): Promise<Trouble>
}

export interface LoadCourse extends Course {
  /** Resolves that long after the first call. */
  reached(seconds: number): Promise<void>
}

const seconds = { short: 15, full: 60 }

/** A history under 50 calls a second, of which the verdict counts the calls. */
export function loadHistory(name: string, title: string, open: () => Promise<LoadTrouble>): History {
  return { name, title, run: (course) => play(course, open) }
}

async function play(course: Course, open: () => Promise<LoadTrouble>): Promise<Verdict> {
  course.note('starting nodes, phones and carriers')
  const stage = await open()
  try {
    await stage.warmUp()
    course.note('50 calls a second from now on')
    const began = systemClock.now()
    const reached = (at: number): Promise<void> => pause(systemClock, Math.max(0, began + at * 1_000 - systemClock.now()))
    const [placed, trouble] = await Promise.all([stage.placeCalls(seconds[course.length]), stage.trouble({ ...course, reached })])
    course.note('every call has ended at its caller')
    return judgeCalls({ placed, ...(await stage.aftermath()) }, trouble)
  } finally {
    await stage.close()
  }
}
