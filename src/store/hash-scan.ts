import type { Redis } from 'ioredis'
import { type Alarm, type Clock, type Milliseconds, pause } from '../base/clock.js'
import type { Keys } from './keys.js'
import type { WritableReplica } from './replica.js'

/**
 * Goes through a large hash page by page and sets the copy right, so gently that neither Redis nor the node notices. For what is not
 * told apart otherwise: an edit by hand in the very instant of a function's own.
 */
export interface Sweeper {
  /** In a while, unless that is to be done anyway. */
  sweepLater(key: string): void
  close(): void
}

export interface SweeperNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly clock: Clock
  /** Fields that the copy has and Redis may not have any more. */
  readonly onMissed: (key: string, fields: readonly string[]) => void
  /** It could not be swept. */
  readonly onFailed: (key: string) => void
}

const pageSize = 500
const restMs = 10
/** By the size of the hash: a sweep of 50,000 fields costs some 60 ms of a CPU, and is done every five seconds at most. */
const waitMs = (size: number): Milliseconds => Math.max(size / 10, 800)

export function createSweeper({ redis, keys, replica, clock, onMissed, onFailed }: SweeperNeeds): Sweeper {
  const waiting = new Map<string, Alarm>()
  let closed = false

  async function sweep(key: string): Promise<void> {
    const unseen = new Set(replica.hash(key)?.keys())
    let cursor = '0'
    do {
      const [next, flat] = await redis.hscan(keys.full(key), cursor, 'COUNT', pageSize)
      const page = new Map<string, string>()
      for (let index = 0; index + 1 < flat.length; index += 2) page.set(flat[index] ?? '', flat[index + 1] ?? '')
      for (const field of page.keys()) unseen.delete(field)
      replica.put([], [[key, page]])
      cursor = next
      await pause(clock, restMs)
    } while (cursor !== '0' && !closed)
    if (unseen.size > 0 && !closed) onMissed(key, [...unseen])
  }

  return {
    sweepLater(key) {
      if (waiting.has(key)) return
      const alarm = clock.after(waitMs(replica.hash(key)?.size ?? 0), () => {
        waiting.delete(key)
        sweep(key).catch(() => {
          if (!closed) onFailed(key)
        })
      })
      waiting.set(key, alarm)
    },
    close() {
      closed = true
      for (const alarm of waiting.values()) alarm.cancel()
    },
  }
}
