import { startTestSentinel } from '../../support/redis/redis-sentinel.js'
import { loadHistory } from '../stage/load-history.js'
import { loopback, openLoadStage } from '../stage/load-stage.js'
import { failOver, replaced } from '../stage/sentinel-stage.js'

const layout = { 'paris-1': 'paris', 'paris-2': 'paris', 'london-1': 'london', 'london-2': 'london' }
const times = { short: { failOverAt: 2, killAt: 8 }, full: { failOverAt: 10, killAt: 30 } }

export const callsRedisFailover = loadHistory(
  'calls-redis-failover',
  'under 50 calls a second, Redis fails over twice: as planned, and because its primary is killed',
  async () => {
    const sentinel = await startTestSentinel()
    const { directory, place, close } = sentinel
    const sentinels = sentinel.sentinels.map(({ port }) => `127.0.0.1:${port}`)
    const stage = await openLoadStage({
      redis: { directory, place, close, cli: async (...words) => (await sentinel.primary()).cli(...words) },
      redisSettings: { sentinels, name: 'desk', durability: 'replicated' },
      layout,
      host: loopback,
    })
    return {
      ...stage,
      async trouble({ length, note, reached }) {
        await reached(times[length].failOverAt)
        note('a failover is ordered')
        await failOver(sentinel)
        await reached(times[length].killAt)
        note('the primary is killed')
        const before = await sentinel.primary()
        await before.kill()
        await replaced(sentinel, before)
        note('there is a new primary')
        return { touches: () => false, isAlone: () => false, faults: [] }
      },
    }
  },
)
