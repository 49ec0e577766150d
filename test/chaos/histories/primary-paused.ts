import { pause, systemClock } from '../../../src/base/clock.js'
import { isReplica, replaced, sentinelHistory } from '../stage/sentinel-stage.js'

/** Less than the sentinels take to call it down, and more. */
const blinkMs = 1_200

export const primaryPaused = sentinelHistory(
  'primary-paused',
  'the primary hangs for a moment; then until it is replaced, and goes on',
  async ({ redis, recovered }, { note }) => {
    note('the primary hangs for a moment')
    const before = await redis.primary()
    before.signal('SIGSTOP')
    await pause(systemClock, blinkMs)
    before.signal('SIGCONT')
    await recovered()
    note('the primary hangs until it is replaced')
    before.signal('SIGSTOP')
    await replaced(redis, before)
    await recovered()
    note('it goes on')
    before.signal('SIGCONT')
    await isReplica(before, redis)
    await recovered()
  },
)
