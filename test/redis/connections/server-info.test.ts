import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { Secret } from '../../../src/base/secret.js'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import { inspectRedis, type RedisReport } from '../../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'

let redis: TestRedis

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.close())

function inspect(url = `unix://${redis.socket}`): Promise<RedisReport> {
  const place = { kind: 'url', url: new Secret(url) } as const
  return inspectRedis({ redis: place, network: 'hd', functions: hotdeskLibrary, clock: systemClock })
}

describe('an inspection of a Redis server', () => {
  it('reports the properties of the server, and loads nothing', async () => {
    const report = await inspect()
    expect(report).toMatchObject({
      role: 'master',
      replicas: 0,
      library: null,
      persistence: { appendOnly: true, fsync: 'always', snapshots: false },
    })
    expect(report.version).toMatch(/^\d+\.\d+/)
    expect(Math.abs(report.aheadMs)).toBeLessThan(1_000)
    expect(report.memory.usedBytes).toBeGreaterThan(100_000)
    expect(await redis.cli('FUNCTION', 'LIST')).toBe('')
  })

  it('sees the library', async () => {
    await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
    expect((await inspect()).library).toBe(hotdeskLibrary.version)
  })

  it('works without the commands that it may not run', async () => {
    await redis.cli('ACL', 'SETUSER', 'default', '-config')
    expect((await inspect()).persistence).toEqual({ appendOnly: true, fsync: null, snapshots: null, isWriting: true })
    await redis.cli('ACL', 'SETUSER', 'default', '+config')
  })

  it('gives the reason if there is no reply', async () => {
    await expect(inspect('redis://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED')
    await redis.cli('ACL', 'SETUSER', 'default', 'resetpass', '>of-the-test')
    await expect(inspect()).rejects.toThrow('NOAUTH')
  })
})
