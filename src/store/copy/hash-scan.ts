import type { Redis } from 'ioredis'
import { type Alarm, type Clock, type Milliseconds, pause } from '../../base/clock.js'
import { mapOf } from '../flat-reply.js'
import type { Keys } from '../keys.js'
import type { WritableReplica } from './replica.js'

/**
 * Compares a large hash with the copy, page by page with pauses, and corrects the copy. It finds an edit by hand that happened at the same
 * moment as a function's write, which names only its own fields.
 */
export interface HashScan {
  /** Schedules a scan, unless one is scheduled already. */
  scanLater(key: string): void
  close(): void
}

export interface HashScanNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly clock: Clock
  /** Fields of the copy that Redis may no longer have. */
  readonly onMissed: (key: string, fields: readonly string[]) => void
  /** The scan failed. */
  readonly onFailed: (key: string) => void
}

const pageSize = 500
const restMs = 10
/** By the size of the hash: a scan of 50,000 fields takes about 60 ms of CPU time, and runs at most every five seconds. */
const waitMs = (size: number): Milliseconds => Math.max(size / 10, 800)

export function createHashScan({ redis, keys, replica, clock, onMissed, onFailed }: HashScanNeeds): HashScan {
  const waiting = new Map<string, Alarm>()
  let closed = false

  async function scan(key: string): Promise<void> {
    const unseen = new Set(replica.hash(key)?.keys())
    let cursor = '0'
    do {
      const [next, flat] = await redis.hscan(keys.full(key), cursor, 'COUNT', pageSize)
      const page = mapOf(flat)
      for (const field of page.keys()) unseen.delete(field)
      replica.put([], [[key, page]])
      cursor = next
      await pause(clock, restMs)
    } while (cursor !== '0' && !closed)
    if (unseen.size > 0 && !closed) onMissed(key, [...unseen])
  }

  return {
    scanLater(key) {
      if (waiting.has(key)) return
      const alarm = clock.after(waitMs(replica.hash(key)?.size ?? 0), () => {
        waiting.delete(key)
        scan(key).catch(() => {
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
