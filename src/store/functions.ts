import type { Redis } from 'ioredis'
import { AppError, messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { FunctionLibrary } from './contract.js'
import type { Keys } from './keys.js'

export interface LibraryNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly library: FunctionLibrary
  readonly log: Logger
}

/**
 * Loads the library where it is missing, older or changed.
 * @throws AppError STORE_NEWER when Redis has a newer one, STORE_TOO_OLD when it knows no functions
 */
export async function ensureLibrary({ redis, keys, library, log }: LibraryNeeds): Promise<void> {
  await refuseOldRedis(redis)
  const present = await versionOf(redis, keys, library)
  if (present > library.version)
    throw new AppError(
      'STORE_NEWER',
      `Redis holds version ${present} of the function library "${library.name}", this program has ${library.version}; update this node`,
    )
  if (present === library.version && (await codeOf(redis, library)) === library.code) return
  await redis.call('FUNCTION', 'LOAD', 'REPLACE', library.code)
  log.info({ event: 'store.functions', before: present, version: library.version }, `function library "${library.name}" loaded`)
}

export function isFunctionMissing(fault: unknown): boolean {
  return /Function not found/i.test(messageOf(fault))
}

async function refuseOldRedis(redis: Redis): Promise<void> {
  const version = /^redis_version:(\d+)\S*/m.exec(await redis.info('server'))
  if (version && Number(version[1]) < 7)
    throw new AppError('STORE_TOO_OLD', `Redis ${version[0].slice('redis_version:'.length)} has no functions; version 7 or later is needed`)
}

/** 0 where there is none. */
async function versionOf(redis: Redis, keys: Keys, library: FunctionLibrary): Promise<number> {
  try {
    return Number(await redis.call('FCALL', `${library.name}_version`, '1', keys.tag))
  } catch (fault) {
    if (isFunctionMissing(fault)) return 0
    throw fault
  }
}

async function codeOf(redis: Redis, library: FunctionLibrary): Promise<string | null> {
  const listed: unknown = await redis.call('FUNCTION', 'LIST', 'LIBRARYNAME', library.name, 'WITHCODE')
  const fields: unknown = Array.isArray(listed) ? listed[0] : null
  return Array.isArray(fields) ? String(fields[fields.indexOf('library_code') + 1]) : null
}
