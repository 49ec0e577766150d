import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { messageOf } from '../../base/errors.js'
import { lifeOf } from '../../base/host/process-identity.js'
import type { FunctionLibrary } from '../contract.js'

/** The library that a Redis holds under a name. */
export interface InstalledLibrary {
  /** 0: there is none. */
  readonly version: number
  /** null: there is none. */
  readonly code: string | null
}

export async function installedLibrary(redis: Redis, { name }: FunctionLibrary, tag: string): Promise<InstalledLibrary> {
  return { version: await versionIn(redis, name, tag), code: await codeIn(redis, name) }
}

/** 0 if there is none. */
export async function versionIn(redis: Redis, name: string, tag: string): Promise<number> {
  try {
    return Number(await redis.call('FCALL_RO', `${name}_version`, '1', tag))
  } catch (fault) {
    if (isFunctionMissing(fault)) return 0
    throw fault
  }
}

/** null if there is none. */
export async function codeIn(redis: Redis, name: string): Promise<string | null> {
  const listed: unknown = await redis.call('FUNCTION', 'LIST', 'LIBRARYNAME', name, 'WITHCODE')
  const fields: unknown = Array.isArray(listed) ? listed[0] : null
  return Array.isArray(fields) ? String(fields[fields.indexOf('library_code') + 1]) : null
}

/** Compares without trailing line ends, which redis-cli adds or removes. */
export function hasContent(code: string | null, library: FunctionLibrary): boolean {
  return code?.trimEnd() === library.code.trimEnd()
}

/** Identifies the content in messages. */
export function contentOf(code: string): string {
  return createHash('sha256').update(code.trimEnd()).digest('hex').slice(0, 12)
}

export function isFunctionMissing(fault: unknown): boolean {
  return /Function not found/i.test(messageOf(fault))
}

/** Keys of live nodes, of any network on this server, whose program has an older library. */
export async function olderNodes(redis: Redis, { version }: FunctionLibrary): Promise<readonly string[]> {
  const older: string[] = []
  for await (const page of redis.scanStream({ match: '*:node:*', count: 1_000 }) as AsyncIterable<readonly string[]>)
    for (const key of page) if (await isOlder(redis, key, version)) older.push(key)
  return older.sort()
}

async function isOlder(redis: Redis, nodeKey: string, version: number): Promise<boolean> {
  try {
    const [written, process] = await redis.hmget(nodeKey, 'library', 'process')
    return Number(written ?? 0) < version && lifeOf(process ?? '') !== 'gone'
  } catch (fault) {
    // We may not read the keys of another network.
    if (messageOf(fault).startsWith('NOPERM')) return false
    throw fault
  }
}

/** @throws if Redis refuses: `NOPERM …`, or, with `add`, because another library of that name was loaded meanwhile */
export async function load(redis: Redis, { code }: FunctionLibrary, present: 'add' | 'replace'): Promise<void> {
  await redis.call('FUNCTION', 'LOAD', ...(present === 'replace' ? ['REPLACE'] : []), code)
}
