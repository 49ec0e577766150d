import { type Clock, type Milliseconds, pause } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'

const rounds = 4
const betweenMs: Milliseconds = 15_000

/** Repeats the attempt after a pause until the announcement has been heard, at most four times. */
export async function untilHeard(attempt: (round: number) => Promise<DeviceId | null>, clock: Clock): Promise<DeviceId | null> {
  for (let round = 1; ; round += 1) {
    const heard = await attempt(round)
    if (heard !== null || round === rounds) return heard
    await pause(clock, betweenMs)
  }
}
