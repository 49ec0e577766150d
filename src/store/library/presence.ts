import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { messageOf } from '../../base/errors.js'
import { lifeOf } from '../../base/process-identity.js'
import type { FunctionLibrary } from '../contract.js'

/** The library of that name as a Redis holds it. */
export interface Presence {
  /** 0: there is none. */
  readonly version: number
  /** null: there is none. */
  readonly code: string | null
}

export async function presenceOf(redis: Redis, { name }: FunctionLibrary, tag: string): Promise<Presence> {
  return { version: await versionIn(redis, name, tag), code: await codeIn(redis, name) }
}

/** 0 where there is none. */
export async function versionIn(redis: Redis, name: string, tag: string): Promise<number> {
  try {
    return Number(await redis.call('FCALL_RO', `${name}_version`, '1', tag))
  } catch (fault) {
    if (isFunctionMissing(fault)) return 0
    throw fault
  }
}

/** null where there is none. */
export async function codeIn(redis: Redis, name: string): Promise<string | null> {
  const listed: unknown = await redis.call('FUNCTION', 'LIST', 'LIBRARYNAME', name, 'WITHCODE')
  const fields: unknown = Array.isArray(listed) ? listed[0] : null
  return Array.isArray(fields) ? String(fields[fields.indexOf('library_code') + 1]) : null
}

/** The same but for line ends at the end, which redis-cli adds or takes away. */
export function hasContent(code: string | null, library: FunctionLibrary): boolean {
  return code?.trimEnd() === library.code.trimEnd()
}

/** Names a content in messages. */
export function contentOf(code: string): string {
  return createHash('sha256').update(code.trimEnd()).digest('hex').slice(0, 12)
}

export function isFunctionMissing(fault: unknown): boolean {
  return /Function not found/i.test(messageOf(fault))
}

/** Keys of living nodes, of any network on this server, whose program has an older library. */
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
    // Of another network, whose keys are not ours to read.
    if (messageOf(fault).startsWith('NOPERM')) return false
    throw fault
  }
}

/** Loads it. @throws where Redis refuses: `NOPERM …`, or a library of that name that came meanwhile and is not replaced */
export async function load(redis: Redis, { code }: FunctionLibrary, present: 'add' | 'replace'): Promise<void> {
  await redis.call('FUNCTION', 'LOAD', ...(present === 'replace' ? ['REPLACE'] : []), code)
}
