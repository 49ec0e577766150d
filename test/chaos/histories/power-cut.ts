import { pause, systemClock } from '../../../src/base/clock.js'
import { converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { callHistory, timeUntil, userAt } from '../stage/call-stage.js'

const redisLaterMs = 4_000
const cuts = { short: 1, full: 3 }
const heartbeat = '{hd}:node:paris-1'

export const powerCut = callHistory(
  'power-cut',
  'the node and Redis lose power; the node starts first, with an emergency call, and Redis 4 s later',
  async ({ redis, carrier, node, desk }, { length, note }) => {
    let here = await node('paris-1')
    const centre = carrier.line('112', here.udp)
    const [first, second] = [await desk(0, here), await desk(1, here)]
    await hangUp(await converse(first, userAt(1), second))
    const counts = {
      cuts: cuts[length],
      'nodes ended': 0,
      'emergency calls': 0,
      'emergency calls lost': 0,
      'name back after Redis (ms)': 0,
    }
    const faults: string[] = []
    for (let turn = 1; turn <= cuts[length]; turn++) {
      // The copy on disk is at most five seconds old.
      await pause(systemClock, 6_000)
      note(`power cut ${turn} of ${cuts[length]}`)
      const boot = await redis.cli('HGET', heartbeat, 'boot')
      await here.kill()
      // What a machine that starts again finds: a process of its earlier start, which cannot be looked at.
      await redis.cli('HSET', heartbeat, 'process', 'deadbeef.4026531836.1.1')
      await redis.kill()
      here = await node('paris-1', here)
      const restarted = here
      const dialling = await first.dial('112')
      const ringing = await centre.nextCall()
      await pause(systemClock, redisLaterMs)
      note('Redis is back')
      await redis.start()
      const ms = await timeUntil(async () => (await redis.cli('HGET', heartbeat, 'boot').catch(() => boot)) !== boot, 30_000)
      counts['name back after Redis (ms)'] = Math.max(counts['name back after Redis (ms)'], ms)
      if (!Number.isFinite(ms)) faults.push('the node has not taken its name back within 30 s')
      counts['emergency calls'] += 1
      const callee = await ringing.answer()
      const dialled = await dialling.result
      const isLost =
        dialled.outcome === 'failed' ||
        (await expectSound({ caller: dialled.call, callee }).then(
          () => false,
          () => true,
        ))
      if (isLost) {
        counts['emergency calls lost'] += 1
        faults.push('an emergency call was lost')
      }
      if (dialled.outcome === 'answered') await hangUp({ caller: dialled.call, callee })
      if (!restarted.running) {
        counts['nodes ended'] += 1
        faults.push('the node has ended')
      }
      await hangUp(await converse(first, userAt(1), second))
    }
    return { counts, faults }
  },
)
