import { failOver, isReplica, sentinelHistory } from '../stage/sentinel-stage.js'

const times = { short: 1, full: 3 }

export const plannedFailover = sentinelHistory(
  'planned-failover',
  'SENTINEL FAILOVER, three times',
  async ({ redis, recovered }, { length, note }) => {
    for (let turn = 1; turn <= times[length]; turn++) {
      note(`planned failover ${turn} of ${times[length]}`)
      const before = await failOver(redis)
      await recovered()
      if (length === 'full') await isReplica(before, redis)
    }
  },
)
