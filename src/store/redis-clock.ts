import type { Redis } from 'ioredis'
import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { NetworkClock } from './contract.js'

/** The clock of this node, set right by the one of Redis: what nodes tell each other in times means the same to all of them. */
export interface RedisClock extends NetworkClock {
  /** Asks Redis for its time. A difference below a second is none: only then does this clock not run as the node's own. */
  compare(redis: Redis): Promise<void>
  /** What the clock of Redis shows now, as exactly as it was measured last. */
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
      const asked = clock.now()
      const [seconds = 0, microseconds = 0] = await redis.time()
      const answered = clock.now()
      const measured = seconds * 1_000 + microseconds / 1_000 - (asked + answered) / 2
      lastMeasured = measured
      if (Math.abs(measured - ahead) <= tolerableMs + (answered - asked) / 2) return
      ahead = measured
      const text = `the clock of this node is ${Math.abs(measured / 1_000).toFixed(0)} s ${measured > 0 ? 'behind' : 'ahead of'} the clock of Redis`
      log.warn({ event: 'store.clock', seconds: -measured / 1_000 }, `${text}, which counts for whatever other nodes read; set it right`)
    },
  }
}
