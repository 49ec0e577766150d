import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { createMemoryWatch, type MemoryWatch } from '../../../src/store/integrity/memory-watch.js'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { entriesOf, openTestStore } from '../../support/redis/redis-store.js'

let server: TestRedis
let redis: Redis
let watch: MemoryWatch
const kept = keepLog()
const metrics = createMetrics()

beforeEach(async () => {
  server = await startTestRedis()
  redis = new Redis({ path: server.socket })
  watch = createMemoryWatch({ redis, isConnected: () => true, clock: systemClock, log: kept.log, metrics, everyMs: 50 })
})
afterEach(async () => {
  watch.close()
  redis.disconnect()
  await server.close()
})

const set = (name: string, value: string): Promise<string> => server.cli('CONFIG', 'SET', name, value)
const warnings = (): string => watch.warnings.join()
const readingOf = async (metric: { get(): Promise<{ values: { value: number }[] }> }): Promise<number> =>
  (await metric.get()).values[0]?.value ?? Number.NaN
const usedMemory = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await server.cli('INFO', 'memory'))?.[1])

describe('the memory of Redis, while a node runs', () => {
  it('causes a warning if the policy allows eviction, until it is corrected', async () => {
    await set('maxmemory-policy', 'allkeys-lru')
    await expect.poll(warnings).toMatch(/maxmemory-policy of Redis is allkeys-lru.*noeviction/)
    expect(await readingOf(metrics.storeEvicting)).toBe(1)
    expect(entriesOf(kept).filter(({ event, msg }) => event === 'store.memory' && msg?.includes('allkeys-lru'))).toHaveLength(1)
    await set('maxmemory-policy', 'noeviction')
    await expect.poll(warnings).toBe('')
    expect(await readingOf(metrics.storeEvicting)).toBe(0)
  })

  it('causes a warning if it is nearly full', async () => {
    await set('maxmemory', String(Math.ceil((await usedMemory()) * 1.02)))
    await expect.poll(warnings).toMatch(/Redis uses \d+ MB of \d+ MB \(maxmemory\)/)
    expect(await readingOf(metrics.storeMemoryRatio)).toBeGreaterThan(0.9)
  })

  it('causes a warning if keys have been evicted', async () => {
    await set('maxmemory-policy', 'allkeys-random')
    await server.cli('EVAL', "for i = 1, 2000 do redis.call('SET', 'filler:' .. i, string.rep('x', 1000)) end", '0')
    await expect.poll(warnings).toContain('allkeys-random')
    await set('maxmemory', String((await usedMemory()) - 500_000))
    await server.cli('SET', 'one-more', 'x')
    await expect.poll(() => readingOf(metrics.storeEvictedKeys)).toBeGreaterThan(0)
    expect(entriesOf(kept).map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/Redis has evicted \d+ keys?/))
  })

  it('is checked soon after the start of a store, which reports the result', async () => {
    await set('maxmemory-policy', 'volatile-ttl')
    const store = await openTestStore(server)
    await expect.poll(() => store.condition().warnings.join(), { timeout: 5_000 }).toContain('volatile-ttl')
    await store.close()
  })
})
