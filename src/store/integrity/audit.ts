import type { Redis } from 'ioredis'
import type { Replica } from '../contract.js'
import type { Keys } from '../keys.js'
import type { Losses } from './losses.js'
import { kindOf } from './watched-records.js'

/**
 * Asks Redis about some records of the copy at each look, in turn. Redis tells of each key that changes, but not of everything that can
 * happen to a whole database: SWAPDB is one case.
 */
export interface Audit {
  /** False: Redis lacks a record that the copy has, or has one that is taken for lost, and has not told of it since the last look. */
  look(): Promise<boolean>
}

export interface AuditNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: Replica
  /** Records whose loss is known. */
  readonly losses: Pick<Losses, 'has' | 'keys'>
}

const perLook = 16

export function createAudit({ redis, keys, replica, losses }: AuditNeeds): Audit {
  let walk: Iterator<string> = replica.keysUnder('')[Symbol.iterator]()
  let suspects: readonly string[] = []

  /** The next records of the copy, from the beginning again after the last one. */
  function next(): readonly string[] {
    const chosen: string[] = []
    for (let looked = 0; looked < 4 * perLook && chosen.length < perLook; looked += 1) {
      const step = walk.next()
      if (step.done === true) walk = replica.keysUnder('')[Symbol.iterator]()
      else if (kindOf(step.value) !== null && !losses.has(step.value)) chosen.push(step.value)
    }
    return chosen
  }

  async function having(type: 'none' | 'hash', chosen: readonly string[]): Promise<readonly string[]> {
    if (chosen.length === 0) return chosen
    const pipeline = redis.pipeline()
    for (const key of chosen) pipeline.call('TYPE', keys.full(key))
    const replies = (await pipeline.exec()) ?? []
    return chosen.filter((_key, index) => replies[index]?.[1] === type)
  }

  return {
    async look() {
      const isStill = (key: string): boolean => replica.hash(key) !== undefined && !losses.has(key)
      const again = (await having('none', suspects)).filter(isStill)
      const records = firstRecords(losses.keys())
      const back = await having('hash', records)
      suspects = again.length > 0 ? [] : (await having('none', next())).filter(isStill)
      return again.length === 0 && !back.some((key) => losses.has(key))
    },
  }
}

function firstRecords(keys: Iterable<string>): readonly string[] {
  const records: string[] = []
  for (const key of keys) {
    if (kindOf(key) !== 'seats') records.push(key)
    if (records.length === perLook) break
  }
  return records
}
