import type { Redis } from 'ioredis'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { FunctionLibrary } from '../contract.js'
import { createKeys } from '../keys.js'
import type { ReachableTarget } from './connection.js'
import { overOwnConnection } from './one-shot.js'

/** What a Redis says of itself. It is only asked: nothing is loaded, nothing written. */
export interface RedisReport {
  readonly version: string
  readonly role: string
  /** Replicas that are connected to it. */
  readonly replicas: number
  /** How far its clock is ahead of ours. */
  readonly aheadMs: Milliseconds
  /** null: the library is not there. */
  readonly library: number | null
  readonly memory: { readonly usedBytes: number; readonly limitBytes: number; readonly whenFull: string }
  /** `fsync` and `snapshots` are null where we may not ask. */
  readonly persistence: {
    readonly appendOnly: boolean
    readonly fsync: string | null
    readonly snapshots: boolean | null
    /** The last attempt to write its files succeeded. */
    readonly isWriting: boolean
  }
}

export interface InspectionNeeds {
  readonly redis: ReachableTarget
  readonly network: string
  readonly functions: FunctionLibrary
  readonly clock: Clock
}

/** @throws whatever keeps Redis from answering */
export async function inspectRedis({ redis: place, network, functions, clock }: InspectionNeeds): Promise<RedisReport> {
  const { tag } = createKeys(network)
  return overOwnConnection({ place, tag, clock }, async (redis) => {
    const info = fieldsOf(await redis.info())
    return {
      version: info('redis_version'),
      role: info('role'),
      replicas: Number(info('connected_slaves')),
      aheadMs: await aheadOf(redis, clock),
      library: await libraryOf(redis, functions.name, tag),
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

async function aheadOf(redis: Redis, clock: Clock): Promise<Milliseconds> {
  const asked = clock.now()
  const [seconds = 0, microseconds = 0] = await redis.time()
  return seconds * 1_000 + microseconds / 1_000 - (asked + clock.now()) / 2
}

async function libraryOf(redis: Redis, name: string, tag: string): Promise<number | null> {
  try {
    return Number(await redis.call('FCALL_RO', `${name}_version`, '1', tag))
  } catch (fault) {
    if (/Function not found/i.test(messageOf(fault))) return null
    throw fault
  }
}

/** null where an ACL, or whoever hosts it, does not let us ask. */
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
