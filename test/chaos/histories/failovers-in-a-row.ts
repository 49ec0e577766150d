import { failOver, sentinelHistory } from '../stage/sentinel-stage.js'

const times = { short: 3, full: 8 }

/** The previous primary is still a primary, or a replica without its first copy, when the sentinels choose the next. */
export const failoversInARow = sentinelHistory(
  'failovers-in-a-row',
  'SENTINEL FAILOVER again and again: at once, or as soon as logins are acknowledged',
  async ({ redis, recovered }, { length, note }) => {
    for (let turn = 1; turn <= times[length]; turn++) {
      note(`failover ${turn} of ${times[length]}`)
      await failOver(redis)
      if (turn % 2 === 0) await recovered()
    }
  },
)
