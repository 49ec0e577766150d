import type { Replica } from '../contract.js'
import type { Hash } from '../copy/replica.js'

export type Kind = 'user' | 'device' | 'assignments'

/** null: the loss of this record is not watched. */
export function kindOf(key: string): Kind | null {
  if (key.startsWith('user:')) return 'user'
  if (key.startsWith('device:')) return 'device'
  return key === 'users' || key === 'devices' ? 'assignments' : null
}

/** Fields that the use of a phone adds to its record. */
const tracesOfUse = new Set(['state', 'cause', 'via', 'reason', 'since', 'epoch', 'refresh', 'refreshable', 'digest', 'lastCall'])

/** True if a lost record has only fields that were written afterwards by use of the phone. Such a hash does not count as the record. */
export function isFragment(key: string, hash: Hash): boolean {
  if (kindOf(key) !== 'device') return false
  for (const field of hash.keys()) if (!tracesOfUse.has(field)) return false
  return hash.size > 0
}

/** Number of assignments in the hash `devices`. */
export function assignmentsIn(devices: Hash | undefined): number {
  return devices?.size ?? 0
}

/** Counts records, to tell a loss from a few edits by hand. */
export interface RecordCount {
  isLoss(missing: ReadonlyMap<string, unknown>): boolean
}

/** At least this number and this share of a kind must be missing for a loss. Fewer count as edits by hand. */
const fewest = 3
const share = 0.1

/** Whether this number of missing entries, out of all, is a loss. A single one may have been the only one, and was edited by hand. */
export function isLossBy(missing: number, all: number): boolean {
  return missing >= 2 && (missing === all || (missing >= fewest && missing >= all * share))
}

export function createRecordCount(replica: Pick<Replica, 'hash' | 'keysUnder'>): RecordCount {
  /** The last counts, missing records included. Counting a large network takes time. */
  const totals = { user: 0, device: 0 }

  function total(kind: 'user' | 'device', missing: readonly string[]): number {
    let count = missing.filter((key) => replica.hash(key) === undefined).length
    for (const _key of replica.keysUnder(`${kind}:`)) count += 1
    totals[kind] = count
    return count
  }

  function measureOf(kind: 'user' | 'device', keys: readonly string[]): 'none' | 'few' | 'many' | 'all' {
    const missing = keys.filter((key) => kindOf(key) === kind)
    if (missing.length === 0) return 'none'
    // Far below the last count: no need to count again.
    if (missing.length < totals[kind] * share && totals[kind] > 0) return 'few'
    const all = total(kind, missing)
    if (missing.length === all) return 'all'
    return missing.length >= fewest && missing.length >= all * share ? 'many' : 'few'
  }

  return {
    isLoss(missing) {
      if (missing.has('devices') || missing.has('users')) return true
      const keys = [...missing.keys()]
      const [users, devices] = [measureOf('user', keys), measureOf('device', keys)]
      if (users === 'many' || devices === 'many') return true
      // An operator may delete the only user or phone by hand.
      return (users === 'all' || devices === 'all') && keys.length >= 2
    },
  }
}
