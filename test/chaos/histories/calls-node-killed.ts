import { systemClock } from '../../../src/base/clock.js'
import { startTestRedis } from '../../support/redis/redis.js'
import { loadHistory } from '../stage/load-history.js'
import { loopback, openLoadStage } from '../stage/load-stage.js'

const layout = { 'paris-1': 'paris', 'paris-2': 'paris', 'london-1': 'london', 'london-2': 'london' }
const dead = 'paris-2'
const killAtSeconds = { short: 5, full: 20 }

export const callsNodeKilled = loadHistory(
  'calls-node-killed',
  'under 50 calls a second, one of four nodes of two sites is killed',
  async () => {
    const redis = await startTestRedis()
    const stage = await openLoadStage({ redis, redisSettings: `unix://${redis.socket}`, layout, host: loopback })
    return {
      ...stage,
      async trouble({ length, note, reached }) {
        await reached(killAtSeconds[length])
        note(`${dead} is killed`)
        const killed = systemClock.now()
        await stage.node(dead).kill()
        return {
          touches: ({ nodes, ended }) => nodes.includes(dead) && ended > killed,
          isAlone: ({ node, began, lastedMs }) => node === dead && (lastedMs === null || began + lastedMs > killed),
          faults: [],
        }
      },
    }
  },
)
