import type { Redis } from 'ioredis'
import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { NetworkClock } from './contract.js'

/** The node's clock, corrected by Redis's clock, so that times in Redis mean the same to all nodes. */
export interface RedisClock extends NetworkClock {
  /** Asks Redis for its time. A difference of less than a second is ignored. */
  compare(redis: Redis): Promise<void>
  /** Redis's current time by the last measurement. */
  server(): Milliseconds
}

const tolerableMs = 1_000

export function createRedisClock({ clock, log }: { readonly clock: Clock; readonly log: Logger }): RedisClock {
  let ahead: Milliseconds = 0
  let lastMeasured: Milliseconds = 0

  return {
    get aheadMs() {
      return ahead
    },
    server: () => clock.now() + lastMeasured,
    now: () => clock.now() + ahead,
    after: clock.after,
    async compare(redis) {
      const { aheadMs: measured, roundTripMs } = await measureClock(redis, clock)
      lastMeasured = measured
      if (Math.abs(measured - ahead) <= tolerableMs + roundTripMs / 2) return
      ahead = measured
      const text = `the clock of this node is ${Math.abs(measured / 1_000).toFixed(0)} s ${measured > 0 ? 'behind' : 'ahead of'} the clock of Redis`
      log.warn(
        { event: 'store.clock', seconds: -measured / 1_000 },
        `${text}, which is used for all times that other nodes read; correct it`,
      )
    },
  }
}

/** How far Redis's clock is ahead of this one. */
export async function measureClock(
  redis: Redis,
  clock: Clock,
): Promise<{ readonly aheadMs: Milliseconds; readonly roundTripMs: Milliseconds }> {
  const sent = clock.now()
  const [seconds = 0, microseconds = 0] = await redis.time()
  const received = clock.now()
  return { aheadMs: seconds * 1_000 + microseconds / 1_000 - (sent + received) / 2, roundTripMs: received - sent }
}
