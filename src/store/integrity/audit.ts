import type { Redis } from 'ioredis'
import type { Replica } from '../contract.js'
import type { Keys } from '../keys.js'
import type { Losses } from './losses.js'
import { kindOf } from './watched-records.js'

/**
 * Compares some records of the copy with Redis at each check, in turn. Redis reports each key that changes, but not every change to a whole
 * database, such as SWAPDB.
 */
export interface Audit {
  /** False: since the last check Redis has lost a record of the copy, or has regained a lost one, without reporting it. */
  check(): Promise<boolean>
}

export interface AuditNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: Replica
  /** Records already known to be lost. */
  readonly losses: Pick<Losses, 'has' | 'keys'>
}

const perCheck = 16

export function createAudit({ redis, keys, replica, losses }: AuditNeeds): Audit {
  let position: Iterator<string> = replica.keysUnder('')[Symbol.iterator]()
  let suspects: readonly string[] = []

  /** The next records of the copy; starts again after the last one. */
  function next(): readonly string[] {
    const chosen: string[] = []
    for (let seen = 0; seen < 4 * perCheck && chosen.length < perCheck; seen += 1) {
      const step = position.next()
      if (step.done === true) position = replica.keysUnder('')[Symbol.iterator]()
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
    async check() {
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
    if (kindOf(key) !== 'assignments') records.push(key)
    if (records.length === perCheck) break
  }
  return records
}
