import { join } from 'node:path'
import { type Alarm, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { hotdeskLibrary } from '../../../src/hotdesk/library.js'
import { createStore, type Store, type StoreNeeds, type StoreState } from '../../../src/store/store.js'
import { defaults } from '../node/default-settings.js'
import type { KeptLog } from '../node/kept-log.js'
import { uniqueWord } from '../process/unique-word.js'
import type { TestRedis } from './redis.js'

/** A store as a node opens it, on the test's Redis. */
export function openTestStore(redis: Pick<TestRedis, 'place' | 'directory'>, changes: Partial<StoreNeeds> = {}): Promise<Store> {
  return createStore({ ...storeNeeds(redis.place, join(redis.directory, 'data')), ...changes })
}

export function storeNeeds(redis: RedisTarget, data: string): StoreNeeds {
  return {
    redis,
    network: defaults.network,
    data,
    functions: hotdeskLibrary,
    // Tests fill their Redis first.
    loading: 'install',
    durability: defaults.redis.durability,
    clock: systemClock,
    log: silentLogger(),
    metrics: createMetrics(),
  }
}

/** Resolves when the copy of `key` is as wanted; fails after `withinMs`: a test that promises a time gives it, the others only want to end. */
export function keyOf(
  store: Store,
  key: string,
  isWanted: (hash: ReadonlyMap<string, string> | undefined) => boolean,
  withinMs = 5_000,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = store.replica.onChange(check)
    let alarm: Alarm | null = null
    alarm = systemClock.after(withinMs, () => settle(() => reject(new Error(`${key} did not follow within ${withinMs} ms`))))
    check()
    function check(): void {
      if (isWanted(store.replica.hash(key))) settle(resolve)
    }
    function settle(how: () => void): void {
      stop()
      alarm?.cancel()
      how()
    }
  })
}

/** Resolves when the copies hold what Redis held at the time of asking: each follows the changes in their order. */
export async function followed(...stores: readonly Store[]): Promise<void> {
  const key = `quiet:marker-${uniqueWord()}`
  await stores[0]?.putFields(key, { mark: '1' }, 60)
  for (const store of stores) await keyOf(store, key, (hash) => hash !== undefined)
  await stores[0]?.remove(key)
}

/** Resolves when the store is in that state; fails after `withinMs`. */
export function stateOf(store: Store, wanted: StoreState, withinMs = 4_000): Promise<void> {
  return new Promise((resolve, reject) => {
    if (store.state === wanted) return resolve()
    const alarm = systemClock.after(withinMs, () => reject(new Error(`not ${wanted} within ${withinMs} ms`)))
    const stop = store.onState((state) => {
      if (state !== wanted) return
      stop()
      alarm.cancel()
      resolve()
    })
  })
}

export interface LogEntry {
  readonly event?: string
  readonly key?: string
  readonly msg?: string
}

/** What was logged, as values. */
export function entriesOf(kept: KeptLog): readonly LogEntry[] {
  return kept.lines.map((line) => JSON.parse(line) as LogEntry)
}
