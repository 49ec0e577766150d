import type { Redis } from 'ioredis'
import { errors, messageOf } from '../base/errors.js'
import { asAppError, unconnected } from './commands.js'
import { nameAndSelect } from './connections/connection.js'
import type { RecordChange, Store, StreamWrite } from './contract.js'
import type { Keys } from './keys.js'

export interface BulkWriteNeeds {
  /** A separate connection that does not reconnect: a transaction is lost with its connection. */
  readonly connect: () => Redis
  readonly keys: Keys
  readonly isConnected: () => boolean
}

/** Number of changes that are sent at a time. */
const batchSize = 500

/** Writes many records in one transaction (MULTI … EXEC), which is queued batch by batch. */
export function createBulkWriter({ connect, keys, isConnected }: BulkWriteNeeds): Pick<Store, 'writeAll'> {
  async function write(redis: Redis, { changes, entries }: Transaction, onQueued: (count: number) => void): Promise<void> {
    await redis.connect()
    await nameAndSelect(redis)
    // A key to be deleted may have any type.
    for (const batch of batchesOf(changes))
      await Promise.all(batch.flatMap(({ key, fields }) => (fields === null ? [] : [requireHash(redis, keys.full(key))])))
    await redis.multi({ pipeline: false })
    let queued = 0
    for (const batch of batchesOf(changes)) {
      await Promise.all(batch.flatMap((change) => commandsOf(redis, keys, change)))
      queued += batch.length
      onQueued(queued)
    }
    await Promise.all(entries.map((entry) => added(redis, keys, entry)))
    await redis.exec()
  }

  return {
    async writeAll(changes, onQueued = () => undefined, entries = []) {
      if (!isConnected()) throw unconnected()
      if (changes.length === 0 && entries.length === 0) return
      const redis = connect()
      // The pending command rejects with the same error.
      redis.on('error', () => undefined)
      try {
        await write(redis, { changes, entries }, onQueued)
      } catch (fault) {
        throw asAppError(fault)
      } finally {
        redis.disconnect()
      }
    },
  }
}

interface Transaction {
  readonly changes: readonly RecordChange[]
  readonly entries: readonly StreamWrite[]
}

function added(redis: Redis, keys: Keys, { stream, fields, limit }: StreamWrite): Promise<unknown> {
  return redis.xadd(keys.full(stream), 'MAXLEN', '~', limit.entries, '*', ...Object.entries(fields).flat())
}

function* batchesOf(changes: readonly RecordChange[]): Generator<readonly RecordChange[]> {
  for (let from = 0; from < changes.length; from += batchSize) yield changes.slice(from, from + batchSize)
}

/** Redis continues a transaction when one of its commands fails, so a wrong type must be found before. */
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
