import { systemClock } from '../../../src/base/clock.js'
import { startTestRedis } from '../../support/redis/redis.js'
import { openInside, openWideArea } from '../../support/wide-area/wide-area.js'
import { until } from '../stage/desks.js'
import { loadHistory } from '../stage/load-history.js'
import { openLoadStage } from '../stage/load-stage.js'

const layout = { 'paris-1': 'paris', 'paris-2': 'paris', 'london-1': 'london', 'london-2': 'london', 'berlin-1': 'berlin' }
/** The nodes of a site, its phones and its carrier; Redis is at the centre. */
const hosts = { paris: 4, london: 4, berlin: 3, centre: 1 }
const cut = 'paris'
const isCut = (node: string): boolean => node.startsWith(cut)
const times = { short: { cutAt: 3, healAt: 8 }, full: { cutAt: 10, healAt: 30 } }
/** README: after a repair all nodes agree within 30 s. */
const agreeWithinMs = 30_000
/** From Redis to the copies of all nodes. */
const spreadMs = 3_000

/** The network takes 20 ms one way and loses a packet in two hundred. Only root can make namespaces. */
export const callsSiteCut = loadHistory(
  'calls-site-cut',
  'under 50 calls a second, one of three sites is cut off from the others and from Redis; the cut heals',
  async () => {
    const area = await openWideArea({ sites: hosts, delayMs: 20, loss: 0.005 })
    const centre = area.host('centre', 1)
    const redisSettings = `redis://${centre.address}:6379`
    const host = (site: string, index: number) => area.host(site as keyof typeof hosts, index + 1)
    const stage = await openInside(area, async () => openLoadStage({ redis: await startTestRedis(centre), redisSettings, layout, host }))
    return {
      ...stage,
      async close() {
        try {
          await stage.close()
        } finally {
          await area.close()
        }
      },
      async trouble({ length, note, reached }) {
        await reached(times[length].cutAt)
        note(`${cut} is cut off`)
        const began = systemClock.now()
        await area.cut(cut)
        await reached(times[length].healAt)
        note('the cut heals')
        await area.heal(cut)
        const isLate = await until(() => stage.knows('paris-1') && stage.knows('paris-2'), agreeWithinMs).then(
          () => false,
          () => true,
        )
        const over = systemClock.now() + spreadMs
        note(isLate ? 'its heartbeats are still missing' : 'its heartbeats are back')
        return {
          faults: isLate ? [`the heartbeats of ${cut} are missing ${agreeWithinMs / 1_000} s after the repair`] : [],
          touches: ({ nodes, ...call }) => nodes.some(isCut) && !nodes.every(isCut) && call.began < over && call.ended > began,
          isAlone: () => false,
        }
      },
    }
  },
)
