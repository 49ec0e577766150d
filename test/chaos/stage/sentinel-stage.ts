import { join } from 'node:path'
import { systemClock } from '../../../src/base/clock.js'
import { createStore, type Store } from '../../../src/store/store.js'
import type { RedisProcess } from '../../support/redis-process.js'
import { startTestSentinel, type TestSentinel } from '../../support/redis-sentinel.js'
import { storeNeeds } from '../../support/redis-store.js'
import { judge } from '../checker.js'
import type { Course, History, Verdict } from '../history.js'
import { aftermathOf, furnish, type Load, startLoad, until } from './desks.js'

/** A primary with two replicas and three sentinels, the stores of three nodes, and people at the desks. */
export interface SentinelStage {
  readonly redis: TestSentinel
  readonly load: Load
  /** Resolves when logins at every desk are acknowledged again. */
  recovered(): Promise<void>
}

const usersPerDesk = { short: 100, full: 600 }

/** A history of this stage: `trouble` happens under load; then the load ends, and the primary that is left is compared with what people heard. */
export function sentinelHistory(name: string, title: string, trouble: (stage: SentinelStage, course: Course) => Promise<void>): History {
  return { name, title, run: (course) => play(trouble, course) }
}

async function play(trouble: (stage: SentinelStage, course: Course) => Promise<void>, course: Course): Promise<Verdict> {
  course.note('starting a primary, two replicas and three sentinels')
  const redis = await startTestSentinel()
  const stores: Store[] = []
  try {
    await furnish(redis.servers[0] as RedisProcess, usersPerDesk[course.length])
    for (const name of ['a', 'b', 'c']) {
      const needs = storeNeeds(redis.place, join(redis.directory, name))
      stores.push(await createStore({ ...needs, durability: 'replicated', startWithinMs: 10_000 }))
    }
    const load = startLoad(stores, usersPerDesk[course.length])
    const recovered = (): Promise<void> => load.untilAcknowledged(systemClock.now(), 60_000)
    try {
      await recovered()
      await trouble({ redis, load, recovered }, course)
    } finally {
      await load.stop()
    }
    course.note('comparing what people heard with what is so')
    return judge(load.operations, await aftermathOf(await lastPrimary(redis)))
  } finally {
    for (const store of stores) await store.close()
    await redis.close()
  }
}

/** Orders a planned failover, and resolves with the previous primary when the sentinels name another. */
export async function failOver(redis: TestSentinel): Promise<RedisProcess> {
  const before = await redis.primary()
  // Refused as long as no replica is known to be good enough.
  await until(async () => (await redis.sentinel('SENTINEL', 'FAILOVER', 'desk')) === 'OK', 30_000)
  await replaced(redis, before)
  return before
}

export function replaced(redis: TestSentinel, before: RedisProcess): Promise<void> {
  return until(async () => (await redis.primary()).port !== before.port, 30_000)
}

export function isReplica(server: RedisProcess): Promise<void> {
  return until(async () => (await server.cli('ROLE')).startsWith('slave'), 60_000)
}

/** The primary when every server that lives agrees who that is. */
async function lastPrimary(redis: TestSentinel): Promise<RedisProcess> {
  const primaries = async (): Promise<readonly RedisProcess[]> => {
    const alive = redis.servers.filter((server) => !server.isGone())
    const roles = await Promise.all(alive.map((server) => server.cli('ROLE')))
    return alive.filter((_, index) => roles[index]?.startsWith('master'))
  }
  await until(async () => (await primaries()).length === 1, 60_000)
  return (await primaries())[0] as RedisProcess
}
