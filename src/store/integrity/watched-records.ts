import type { Replica } from '../contract.js'
import type { Hash } from '../replica.js'

export type Kind = 'user' | 'device' | 'seats'

/** null: a record whose loss is not watched. */
export function kindOf(key: string): Kind | null {
  if (key.startsWith('user:')) return 'user'
  if (key.startsWith('device:')) return 'device'
  return key === 'users' || key === 'devices' ? 'seats' : null
}

/** What a phone's record gets as it is used. */
const tracesOfUse = new Set(['state', 'cause', 'via', 'reason', 'since', 'epoch', 'refresh', 'refreshable', 'digest', 'lastCall'])

/** What is left where a record was lost and then something noted of its phone: it does not take the place of the record. */
export function isFragment(key: string, hash: Hash): boolean {
  if (kindOf(key) !== 'device') return false
  for (const field of hash.keys()) if (!tracesOfUse.has(field)) return false
  return hash.size > 0
}

/** Logins in the hash `devices`. */
export function seatsOf(devices: Hash | undefined): number {
  return devices?.size ?? 0
}

/** Tells a loss from a few edits by hand. */
export interface Census {
  isLoss(missing: ReadonlyMap<string, unknown>): boolean
}

/** So many missing records of a kind, and this share of it, are no edit by hand. */
const fewest = 3
const share = 0.1

/** Whether so many missing ones of all that there were are more than edits by hand; a single one may have been the only one. */
export function isLossBy(missing: number, all: number): boolean {
  return missing >= 2 && (missing === all || (missing >= fewest && missing >= all * share))
}

export function createCensus(replica: Pick<Replica, 'hash' | 'keysUnder'>): Census {
  /** As last counted, what was missing included: counting takes its time in a large network. */
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
    // It was far more a while ago.
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
      // A single user or phone that an operator takes away by hand may have been the only one.
      return (users === 'all' || devices === 'all') && keys.length >= 2
    },
  }
}
