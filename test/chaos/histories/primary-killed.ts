import { isReplica, replaced, sentinelHistory } from '../stage/sentinel-stage.js'

const times = { short: 1, full: 2 }

export const primaryKilled = sentinelHistory(
  'primary-killed',
  'the primary is killed, and comes back, twice',
  async ({ redis, recovered }, { length, note }) => {
    for (let turn = 1; turn <= times[length]; turn++) {
      note(`the primary is killed, ${turn} of ${times[length]}`)
      const before = await redis.primary()
      await before.kill()
      await replaced(redis, before)
      await recovered()
      if (length === 'short') continue
      note('it comes back')
      await isReplica(await redis.revive(before), redis)
      await recovered()
    }
  },
)
