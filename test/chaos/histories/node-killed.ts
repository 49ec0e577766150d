import { pause, systemClock } from '../../../src/base/clock.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse } from '../../support/node/conversation.js'
import { metricOf } from '../../support/node/node-health.js'
import { callHistory, leftAt, timeUntil, userAt } from '../stage/call-stage.js'

/** In each direction. */
const pairs = { short: 2, full: 20 }
const withinMs = 40_000

export const nodeKilled = callHistory(
  'node-killed',
  'a node with calls to and from another node is killed',
  async ({ node, desk }, { length, note }) => {
    const [here, there] = [await node('paris-1'), await node('paris-2')]
    const desks: (readonly [Phone, Phone])[] = []
    for (let n = 0; n < 2 * pairs[length]; n++) desks.push([await desk(2 * n, here), await desk(2 * n + 1, there)])
    // Each node hears where the phones of the other are.
    await pause(systemClock, 1_000)
    const calls: Conversation[] = []
    for (const [n, [near, far]] of desks.entries()) {
      calls.push(await (n % 2 === 0 ? converse(near, userAt(2 * n + 1), far) : converse(far, userAt(2 * n), near)))
    }
    const ends = calls.map((call, n) => endOf(n % 2 === 0 ? call.caller : call.callee))
    const before = await leftAt(here)
    note(`${before.calls} calls with ${before.legs} legs are up; the other node is killed`)
    await there.kill()
    const ms = await timeUntil(async () => {
      const { calls: open, legs } = await leftAt(here)
      return open === 0 && legs === 0
    }, withinMs)
    const after = await leftAt(here)
    const reasons = await Promise.all(ends.map((end) => Promise.race([end, Promise.resolve(null)])))
    const silent = reasons.filter((reason) => !reason?.includes('The node at the other end is lost')).length
    return {
      counts: {
        calls: before.calls,
        orphaned: await metricOf(here, 'hotdesk_orphaned_calls_total'),
        'calls left': after.calls,
        'legs left': after.legs,
        'ended without Reason': silent,
        'all over (ms)': ms,
      },
      faults: [
        ...(Number.isFinite(ms) ? [] : [`after ${withinMs / 1_000} s ${after.calls} calls and ${after.legs} legs are left`]),
        ...(silent === 0 ? [] : [`${silent} phones got no BYE with a Reason`]),
      ],
    }
  },
)

/** The Reason of the BYE that the phone gets. */
function endOf({ dialog }: Conversation['caller']): Promise<string> {
  return new Promise((resolve) => dialog.onEnd(({ reason }) => resolve(reason)))
}
