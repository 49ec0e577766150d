import type { Redis } from 'ioredis'
import type { Clock, Milliseconds } from '../../base/clock.js'
import type { FunctionLibrary } from '../contract.js'
import { createKeys } from '../keys.js'
import { versionIn } from '../library/installed-library.js'
import { measureClock } from '../redis-clock.js'
import type { ReachableTarget } from './connection.js'
import { overOneShotConnection } from './one-shot.js'

/** A report about a Redis. Only reads: nothing is loaded or written. */
export interface RedisReport {
  readonly version: string
  readonly role: string
  /** Number of connected replicas. */
  readonly replicas: number
  /** How far its clock is ahead of ours. */
  readonly aheadMs: Milliseconds
  /** null: the library is not loaded. */
  readonly library: number | null
  readonly memory: { readonly usedBytes: number; readonly limitBytes: number; readonly whenFull: string }
  /** `fsync` and `snapshots` are null if we may not read the configuration. */
  readonly persistence: {
    readonly appendOnly: boolean
    readonly fsync: string | null
    readonly snapshots: boolean | null
    /** The last write of its files succeeded. */
    readonly isWriting: boolean
  }
}

export interface InspectionNeeds {
  readonly redis: ReachableTarget
  readonly network: string
  readonly functions: FunctionLibrary
  readonly clock: Clock
}

/** @throws the reason why Redis does not answer */
export async function inspectRedis({ redis: target, network, functions, clock }: InspectionNeeds): Promise<RedisReport> {
  const { tag } = createKeys(network)
  return overOneShotConnection({ target, tag, clock }, async (redis) => {
    const info = fieldsOf(await redis.info())
    return {
      version: info('redis_version'),
      role: info('role'),
      replicas: Number(info('connected_slaves')),
      aheadMs: (await measureClock(redis, clock)).aheadMs,
      library: (await versionIn(redis, functions.name, tag)) || null,
      memory: {
        usedBytes: Number(info('used_memory')),
        limitBytes: Number(info('maxmemory')),
        whenFull: info('maxmemory_policy'),
      },
      persistence: {
        appendOnly: info('aof_enabled') === '1',
        fsync: await setting(redis, 'appendfsync'),
        snapshots: isSet(await setting(redis, 'save')),
        isWriting: info('aof_last_write_status') === 'ok' && info('rdb_last_bgsave_status') === 'ok',
      },
    }
  })
}

/** The fields of an INFO reply: `used_memory:1048576`. Empty for a field that is absent. */
export function fieldsOf(info: string): (name: string) => string {
  const fields = new Map(Array.from(info.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name = '', value = '']) => [name, value]))
  return (name) => fields.get(name) ?? ''
}

/** null if an ACL or a hosting provider does not allow CONFIG GET. */
async function setting(redis: Redis, name: string): Promise<string | null> {
  try {
    const [, value] = (await redis.call('CONFIG', 'GET', name)) as readonly string[]
    return value ?? null
  } catch {
    return null
  }
}

function isSet(save: string | null): boolean | null {
  return save === null ? null : save !== ''
}
