import type { Redis } from 'ioredis'
import type { Milliseconds } from '../../base/clock.js'
import type { Keys } from '../keys.js'

/** The hash of intended removals: `user:100` → seconds since 1970; `*` → when an operator accepted a loss. */
export const removalMarks = 'removed'

/** The name that stands for all records. */
const everything = '*'

/** What Redis knows of intended removals. */
export interface RemovalMarks {
  /** When each key was removed through hotdesk, or the loss of everything was accepted; 0: neither was done. */
  removals(keys: readonly string[]): Promise<readonly Milliseconds[]>
  /** The state in the record of each phone, such as `idle`; `seated`: a login of it is in `devices`; null: there is none. */
  states(devices: readonly string[]): Promise<readonly (string | null)[]>
  /** The hash `devices` is there. */
  hasSeats(): Promise<boolean>
}

/** So many names go into one command. */
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
        // In one moment, because a new login changes both.
        const moment = redis.multi().hmget(keys.full('devices'), ...batch)
        for (const device of batch) moment.hget(keys.full(`device:${device}`), 'state')
        const [[, seats] = [], ...each] = (await moment.exec()) ?? []
        const isSeated = (index: number): boolean => Array.isArray(seats) && typeof seats[index] === 'string'
        for (const [index, [, state]] of each.entries()) states.push(isSeated(index) ? 'seated' : typeof state === 'string' ? state : null)
      }
      return states
    },
    hasSeats: async () => (await redis.type(keys.full('devices'))) === 'hash',
  }
}

function timeOf(seconds: string | null): Milliseconds {
  return Number(seconds ?? 0) * 1_000
}
