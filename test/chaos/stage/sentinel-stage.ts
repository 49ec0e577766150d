import { join } from 'node:path'
import { systemClock } from '../../../src/base/clock.js'
import { Secret } from '../../../src/base/secret.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { createStore, type Store } from '../../../src/store/store.js'
import type { RedisProcess } from '../../support/redis/redis-process.js'
import { nodePasswords, startTestSentinel, type TestSentinel } from '../../support/redis/redis-sentinel.js'
import { storeNeeds } from '../../support/redis/redis-store.js'
import { type IvrDispatch, openSwitchboard } from '../../support/redis/redis-switchboard.js'
import { judge } from '../checker.js'
import type { Course, History, Verdict } from '../history.js'
import { aftermathOf, furnish, startLoad, until } from './desks.js'

/** A primary with two replicas and three sentinels, the stores of three nodes, and people at the desks. */
export interface SentinelStage {
  readonly redis: TestSentinel
  /** Resolves when logins are acknowledged again at every desk, or at those of the nodes that are named. */
  recovered(...nodes: readonly NodeName[]): Promise<void>
}

export const nodeNames = ['a', 'b', 'c'] as const
export type NodeName = (typeof nodeNames)[number]

export type Trouble = (stage: SentinelStage, course: Course) => Promise<void>

const usersPerDesk = { short: 100, full: 600 }

/** A history of this stage: `trouble` happens under load; then the load ends, and the primary that is left is compared with what people heard. */
export function sentinelHistory(name: string, title: string, trouble: Trouble): History {
  return { name, title, run: (course) => play(course, { trouble, board: null }) }
}

export type SplitTrouble = (stage: SentinelStage & { readonly board: IvrDispatch }, course: Course) => Promise<void>

/** The same over a network that can be split; node c is the party `minority`, the others `mainland`. */
export function splitHistory(name: string, title: string, trouble: SplitTrouble): History {
  return {
    name,
    title,
    run(course) {
      const board = openSwitchboard(nodePasswords)
      return play(course, { trouble: (stage) => trouble({ ...stage, board }, course), board })
    },
  }
}

interface Play {
  readonly trouble: Trouble
  readonly board: IvrDispatch | null
}

async function play(course: Course, { trouble, board }: Play): Promise<Verdict> {
  course.note('starting a primary, two replicas and three sentinels')
  const redis = await startTestSentinel(board)
  const stores: Store[] = []
  try {
    await furnish(redis.servers[0] as RedisProcess, usersPerDesk[course.length])
    for (const name of nodeNames) {
      const needs = storeNeeds(board ? withPassword(redis.place, name) : redis.place, join(redis.directory, name))
      stores.push(await createStore({ ...needs, durability: 'replicated', startWithinMs: 10_000 }))
    }
    const load = startLoad(stores, usersPerDesk[course.length])
    const recovered = (...nodes: readonly NodeName[]): Promise<void> => {
      const isAwaited = (desk: number): boolean =>
        nodes.length === 0 || nodes.some((name) => desk % stores.length === nodeNames.indexOf(name))
      return load.untilAcknowledged({ since: systemClock.now(), withinMs: 60_000, isAwaited })
    }
    try {
      await recovered()
      await trouble({ redis, recovered }, course)
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

function withPassword(place: RedisTarget, name: NodeName): RedisTarget {
  const password = new Secret(nodePasswords[name === 'c' ? 'minority' : 'mainland'])
  return { ...place, access: { username: 'node', password, sentinelPassword: password, isEncrypted: false, ca: null } } as RedisTarget
}

/** Orders a planned failover, and resolves with the previous primary when the sentinels name another. */
export async function failOver(redis: TestSentinel): Promise<RedisProcess> {
  const before = await redis.primary()
  await until(async () => {
    // Refused while no replica is known to be good enough, and while one is in progress; a sentinel gives up one that takes too long.
    await redis.sentinel('SENTINEL', 'FAILOVER', 'desk')
    return (await redis.primary()).port !== before.port
  }, 60_000)
  return before
}

export function replaced(redis: TestSentinel, before: RedisProcess): Promise<void> {
  return until(async () => (await redis.primary()).port !== before.port, 30_000)
}

/** Resolves when this server follows another, and each sentinel has seen that: until then one may take an old view for a new one. */
export async function isReplica(server: RedisProcess, { sentinels }: TestSentinel): Promise<void> {
  await until(async () => (await server.cli('INFO', 'replication')).includes('master_link_status:up'), 60_000)
  for (const sentinel of sentinels)
    await until(async () => {
      const seen = await sentinel.cli('SENTINEL', 'REPLICAS', 'desk')
      return !/s_down|disconnected|role-reported\nmaster/.test(seen)
    }, 60_000)
}

/** The primary when every server that lives agrees who that is. */
async function lastPrimary(redis: TestSentinel): Promise<RedisProcess> {
  const primaries = async (): Promise<readonly RedisProcess[]> => {
    const alive = redis.servers.filter((server) => !server.isGone())
    // One that is being reconfigured closes its connections.
    const roles = await Promise.all(alive.map((server) => server.cli('ROLE').catch(() => 'master')))
    return alive.filter((_, index) => roles[index]?.startsWith('master'))
  }
  await until(async () => (await primaries()).length === 1, 60_000)
  return (await primaries())[0] as RedisProcess
}
