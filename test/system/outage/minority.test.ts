import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode } from '../../support/node/node.js'
import { metricOf, untilReadiness } from '../../support/node/node-health.js'
import { startTestSentinel, type TestSentinel } from '../../support/redis/redis-sentinel.js'

let redis: TestSentinel
let node: TestNode

beforeAll(async () => {
  redis = await startTestSentinel()
  const sentinels = redis.sentinels.map(({ port }) => `127.0.0.1:${port}`)
  node = await startTestNode({ node: 'paris-1', site: 'paris', redis: { sentinels, name: 'desk', durability: 'replicated' } })
})
afterAll(async () => {
  await node.stop()
  await redis.close()
})

describe('a node that reaches only a minority of the sentinels', () => {
  it('is not ready and gives the reason, in /readyz, the log and the metrics; it is ready again with a majority', async () => {
    await untilReadiness(node, 200)
    expect(await metricOf(node, 'hotdesk_store_primary_confirmed')).toBe(1)
    const [, second, third] = redis.sentinels
    for (const sentinel of [second, third]) sentinel?.signal('SIGSTOP')
    const { reasons } = await untilReadiness(node, 503)
    expect(reasons.join()).toMatch(/not certain which Redis is the primary.*only 1 of 3 sentinels answers/)
    expect(await metricOf(node, 'hotdesk_store_primary_confirmed')).toBe(0)
    await node.logged('store.primary', ({ doubt }) => doubt !== undefined)
    second?.signal('SIGCONT')
    await untilReadiness(node, 200)
    third?.signal('SIGCONT')
  })
})
