import type { Redis } from 'ioredis'
import type { Milliseconds } from '../../base/clock.js'
import type { Keys } from '../keys.js'

/** The hash of intended removals: `user:100` → seconds since 1970; `*` → when an operator accepted a loss. */
export const removalMarks = 'removed'

/** The field that stands for all records. */
const everything = '*'

/** Reads the intended removals from Redis. */
export interface RemovalMarks {
  /** When each key was removed through hotdesk, or any loss was accepted; 0: neither happened. */
  removals(keys: readonly string[]): Promise<readonly Milliseconds[]>
  /** The state in each phone's record, such as `idle`; `assigned`: the phone has a field in `devices`; null: there is no state. */
  states(devices: readonly string[]): Promise<readonly (string | null)[]>
  /** True if the hash `devices` exists. */
  hasAssignments(): Promise<boolean>
}

/** Number of names in one command. */
const batchSize = 500

export function createRemovalMarks(redis: Redis, keys: Keys): RemovalMarks {
  return {
    async removals(names) {
      const found: Milliseconds[] = []
      for (let from = 0; from < names.length; from += batchSize) {
        const [all = null, ...each] = await redis.hmget(keys.full(removalMarks), everything, ...names.slice(from, from + batchSize))
        found.push(...each.map((seconds) => Math.max(timeOf(seconds), timeOf(all))))
      }
      return found
    },
    async states(devices) {
      const states: (string | null)[] = []
      for (let from = 0; from < devices.length; from += batchSize) {
        const batch = devices.slice(from, from + batchSize)
        // One transaction, because a login changes both.
        const transaction = redis.multi().hmget(keys.full('devices'), ...batch)
        for (const device of batch) transaction.hget(keys.full(`device:${device}`), 'state')
        const [[, users] = [], ...each] = (await transaction.exec()) ?? []
        const isAssigned = (index: number): boolean => Array.isArray(users) && typeof users[index] === 'string'
        for (const [index, [, state]] of each.entries())
          states.push(isAssigned(index) ? 'assigned' : typeof state === 'string' ? state : null)
      }
      return states
    },
    hasAssignments: async () => (await redis.type(keys.full('devices'))) === 'hash',
  }
}

function timeOf(seconds: string | null): Milliseconds {
  return Number(seconds ?? 0) * 1_000
}
