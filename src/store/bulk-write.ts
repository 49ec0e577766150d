import type { Redis } from 'ioredis'
import { errors, messageOf } from '../base/errors.js'
import { asAppError, unconnected } from './commands.js'
import { introduce } from './connections/connection.js'
import type { RecordChange, Store } from './contract.js'
import type { Keys } from './keys.js'

export interface BulkWriteNeeds {
  /** A connection of its own, that is not made again by itself: what was queued in a transaction is lost with it. */
  readonly connect: () => Redis
  readonly keys: Keys
  readonly isConnected: () => boolean
}

/** So many changes are under way to Redis at a time. */
const batchSize = 500

/** Many records as one transaction (MULTI … EXEC). It is queued in Redis batch by batch, and done in one moment. */
export function createBulkWriter({ connect, keys, isConnected }: BulkWriteNeeds): Pick<Store, 'writeTogether'> {
  async function write(redis: Redis, changes: readonly RecordChange[], onQueued: (count: number) => void): Promise<void> {
    await redis.connect()
    await introduce(redis)
    // What goes as a whole may be of any type.
    for (const batch of batchesOf(changes))
      await Promise.all(batch.flatMap(({ key, fields }) => (fields === null ? [] : [requireHash(redis, keys.full(key))])))
    await redis.multi({ pipeline: false })
    let queued = 0
    for (const batch of batchesOf(changes)) {
      await Promise.all(batch.flatMap((change) => commandsOf(redis, keys, change)))
      queued += batch.length
      onQueued(queued)
    }
    await redis.exec()
  }

  return {
    async writeTogether(changes, onQueued = () => undefined) {
      if (!isConnected()) throw unconnected()
      if (changes.length === 0) return
      const redis = connect()
      // Whatever is wrong with the connection, the command under way says so.
      redis.on('error', () => undefined)
      try {
        await write(redis, changes, onQueued)
      } catch (fault) {
        throw asAppError(fault)
      } finally {
        redis.disconnect()
      }
    },
  }
}

function* batchesOf(changes: readonly RecordChange[]): Generator<readonly RecordChange[]> {
  for (let from = 0; from < changes.length; from += batchSize) yield changes.slice(from, from + batchSize)
}

/** A transaction goes on when one of its commands fails; so a key of the wrong type is found before. */
async function requireHash(redis: Redis, key: string): Promise<void> {
  try {
    await redis.hget(key, '')
  } catch (fault) {
    throw messageOf(fault).startsWith('WRONGTYPE') ? errors.STORE_PROTOCOL.notHash({ key }, fault) : fault
  }
}

function commandsOf(redis: Redis, keys: Keys, { key, fields }: RecordChange): Promise<unknown>[] {
  const full = keys.full(key)
  if (fields === null) return [redis.del(full)]
  const texts = Object.entries(fields).flatMap(([field, text]) => (text === null ? [] : [field, text]))
  const taken = Object.keys(fields).filter((field) => fields[field] === null)
  return [...(texts.length > 0 ? [redis.hset(full, ...texts)] : []), ...(taken.length > 0 ? [redis.hdel(full, ...taken)] : [])]
}
