import type { Redis } from 'ioredis'
import { AppError, messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { lifeOf } from '../base/process-identity.js'
import type { FunctionLibrary } from './contract.js'
import type { Keys } from './keys.js'

/** Our functions in Redis. A server has one library of a name: networks that share a server share it. */
export interface Library {
  /**
   * Loads it where it is missing, changed, or older and used by no living node.
   * @throws AppError STORE_NEWER when Redis has a newer one, STORE_TOO_OLD when it knows no functions, STORE_UNAVAILABLE while
   * older nodes live
   */
  ensure(): Promise<void>
  /** This server has it, in this version, and the network's keys are here. One that was deleted is put back. */
  isInPlace(): Promise<boolean>
}

export interface LibraryNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly library: FunctionLibrary
  readonly log: Logger
}

export function createLibrary({ redis, keys, library, log }: LibraryNeeds): Library {
  /** 0 where there is none. */
  async function present(): Promise<number> {
    try {
      return Number(await redis.call('FCALL_RO', `${library.name}_version`, '1', keys.tag))
    } catch (fault) {
      if (isFunctionMissing(fault)) return 0
      throw fault
    }
  }

  async function ensure(): Promise<void> {
    await refuseOldRedis(redis)
    const found = await present()
    if (found > library.version) throw newer(found, library)
    if (found === library.version && (await codeOf(redis, library)) === library.code) return
    if (found > 0 && found < library.version) await refuseWhileInUse(redis, library, found)
    await redis.call('FUNCTION', 'LOAD', 'REPLACE', library.code)
    log.info({ event: 'store.functions', before: found, version: library.version }, `function library "${library.name}" loaded`)
  }

  return {
    ensure,
    async isInPlace() {
      const found = await present()
      if (found === 0) await ensure()
      return found === 0 || found === library.version
    },
  }
}

/** Loads it where there is none at all: on the primaries of a cluster that a slot of ours may move to. */
export async function loadWhereMissing(redis: Redis, library: FunctionLibrary): Promise<void> {
  if ((await codeOf(redis, library)) === null) await redis.call('FUNCTION', 'LOAD', library.code)
}

export function isFunctionMissing(fault: unknown): boolean {
  return /Function not found/i.test(messageOf(fault))
}

function newer(found: number, { name, version }: FunctionLibrary): AppError {
  return new AppError(
    'STORE_NEWER',
    `Redis holds version ${found} of the function library "${name}", this program has ${version}; update this node`,
  )
}

async function refuseOldRedis(redis: Redis): Promise<void> {
  const version = /^redis_version:(\d+)\S*/m.exec(await redis.info('server'))
  if (version && Number(version[1]) < 7)
    throw new AppError('STORE_TOO_OLD', `Redis ${version[0].slice('redis_version:'.length)} has no functions; version 7 or later is needed`)
}

/** An older node would get words that it does not know. */
async function refuseWhileInUse(redis: Redis, { name, version }: FunctionLibrary, found: number): Promise<void> {
  const older: string[] = []
  for await (const page of redis.scanStream({ match: '*:node:*', count: 1_000 }) as AsyncIterable<readonly string[]>)
    for (const key of page) if (await isOlder(redis, key, version)) older.push(key)
  if (older.length > 0)
    throw new AppError(
      'STORE_UNAVAILABLE',
      `Redis holds version ${found} of the function library "${name}", and older nodes use it (${older.join(', ')}); this node waits until they have ended`,
    )
}

async function isOlder(redis: Redis, nodeKey: string, version: number): Promise<boolean> {
  try {
    const [written, process] = await redis.hmget(nodeKey, 'library', 'process')
    return Number(written ?? 0) < version && lifeOf(process ?? '') !== 'gone'
  } catch (fault) {
    // Of another network, whose keys are not ours to read.
    if (messageOf(fault).startsWith('NOPERM')) return false
    throw fault
  }
}

/** null where there is none. */
async function codeOf(redis: Redis, library: FunctionLibrary): Promise<string | null> {
  const listed: unknown = await redis.call('FUNCTION', 'LIST', 'LIBRARYNAME', library.name, 'WITHCODE')
  const fields: unknown = Array.isArray(listed) ? listed[0] : null
  return Array.isArray(fields) ? String(fields[fields.indexOf('library_code') + 1]) : null
}
