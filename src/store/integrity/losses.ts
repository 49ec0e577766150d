import type { Clock, Milliseconds } from '../../base/clock.js'
import { counted } from '../../base/output/counted.js'
import type { NetworkClock } from '../contract.js'
import type { Hash, WritableReplica } from '../replica.js'
import { createCensus, kindOf, seatsOf } from './census.js'

/**
 * Records of users and devices, and assignments, that vanished from Redis without a removal through hotdesk: evicted, expired, deleted by
 * hand, renamed, flushed, or missing in an old dump. A few count as edits by hand. Many are a loss: the copy keeps all of them until they
 * are back, or until an operator accepts the loss.
 */
export interface Losses {
  /** A record of the copy that Redis does not have: `sift` decides what becomes of it. */
  concerns(key: string, hash: Hash): boolean
  /** Gives what the copy is to hold for such keys: an empty hash for a removal, nothing for a record that is kept. */
  sift(keys: readonly string[]): Promise<Iterable<readonly [key: string, hash: Map<string, string>]>>
  /** Redis has these. */
  found(hashes: Iterable<readonly [key: string, hash: Hash]>): void
  /** Records of an earlier copy that Redis does not have. */
  adopt(records: ReadonlyMap<string, Hash>, since: Milliseconds): Promise<void>
  /** Looks whether an operator has accepted the loss. */
  check(): Promise<void>
  /** No user and no phone is left. */
  isEverything(): boolean
  /** As they were when they were last there. */
  records(): ReadonlyMap<string, Hash>
  has(key: string): boolean
  keys(): Iterable<string>
  /** What is missing, in words; null: there is no loss. */
  readonly sentence: string | null
  /** Number of records that are missing. */
  readonly count: number
}

export interface LossNeeds {
  readonly replica: WritableReplica
  readonly marks: Marks
  /** The node's own. */
  readonly clock: Clock
  /** By which removals are marked. */
  readonly networkClock: NetworkClock
  /** There is a loss. The copy still holds everything. */
  readonly onLost: () => void
  /** It is over: `back` in Redis, or `accepted` by an operator. */
  readonly onOver: (how: 'back' | 'accepted') => void
}

/** What Redis knows of intended removals. */
export interface Marks {
  /** When each key was removed through hotdesk, or the loss of everything was accepted; 0: neither was done. */
  removals(keys: readonly string[]): Promise<readonly Milliseconds[]>
  /** The state in the record of each phone, such as `idle`; `seated`: a login of it is in `devices`; null: there is none. */
  states(devices: readonly string[]): Promise<readonly (string | null)[]>
  /** The hash `devices` is there. */
  hasSeats(): Promise<boolean>
}

interface Missing {
  readonly hash: Hash
  readonly at: Milliseconds
}

/** A removal by hand counts towards a loss for this long. */
const countsForMs = 24 * 60 * 60 * 1_000
/** Clocks of nodes and of operators' machines differ. */
const toleranceMs = 60_000

export function createLosses({ replica, marks, clock, networkClock, onLost, onOver }: LossNeeds): Losses {
  const missing = new Map<string, Missing>()
  const census = createCensus(replica)
  let isOpen = false
  let openedAt: Milliseconds = 0

  function openIfLost(): void {
    if (isOpen || !census.isLoss(missing)) return
    isOpen = true
    openedAt = clock.now()
    onLost()
  }

  function closeIfOver(how: 'back' | 'accepted'): void {
    if (!isOpen || missing.size > 0) return
    isOpen = false
    onOver(how)
  }

  function forgetOld(): void {
    for (const [key, { at }] of missing) if (at < clock.now() - countsForMs) missing.delete(key)
  }

  /** Records that were taken for edits by hand come back into the copy. */
  function restored(): (readonly [string, Map<string, string>])[] {
    return [...missing].flatMap(([key, { hash }]) => (replica.hash(key) ? [] : [[key, new Map(hash)] as const]))
  }

  /** All logins at once, while the records of the phones still show them. A logout changes both. */
  async function isLossOfSeats(key: string, hash: Hash): Promise<boolean> {
    if (isOpen) return true
    const devices = key === 'devices' ? [...hash.keys()] : [...hash.values()].flatMap((list) => list.split(' '))
    // `users` alone is mended from `devices`.
    if (devices.length < 2 || (key === 'users' && (await marks.hasSeats()))) return false
    const states = await marks.states(devices)
    const isAccountedFor = (state: string | null | undefined): boolean => state === 'idle' || state === 'seated'
    const isKnown = (device: string): boolean => replica.hash(`device:${device}`) !== undefined && !missing.has(`device:${device}`)
    const lost = devices.filter((device, index) => !isAccountedFor(states[index]) && (states[index] || isKnown(device)))
    return lost.length * 2 >= devices.length
  }

  /** Counts what is missing; gives the keys that really were removed. */
  async function note(records: readonly (readonly [key: string, hash: Hash])[], since: Milliseconds): Promise<readonly string[]> {
    const removals = await marks.removals(records.map(([key]) => key))
    const removed: string[] = []
    const take = (key: string, hash: Hash, how: 'removed' | 'missing'): void => {
      if (how === 'missing') missing.set(key, { hash: new Map(hash), at: clock.now() })
      else {
        missing.delete(key)
        removed.push(key)
      }
    }
    for (const [index, [key, hash]] of records.entries())
      if (kindOf(key) !== 'seats') take(key, hash, (removals[index] ?? 0) >= since - toleranceMs ? 'removed' : 'missing')
    forgetOld()
    openIfLost()
    // With the people, their logins are lost as well.
    for (const [key, hash] of records)
      if (kindOf(key) === 'seats') take(key, hash, (await isLossOfSeats(key, hash)) ? 'missing' : 'removed')
    openIfLost()
    return removed
  }

  return {
    concerns: (key, hash) => hash.size === 0 && kindOf(key) !== null && replica.hash(key) !== undefined,
    async sift(keys) {
      const before = keys.flatMap((key) => {
        const hash = replica.hash(key)
        return hash ? [[key, hash] as const] : []
      })
      const removed = new Set(await note(before, networkClock.now() - replica.ageMs()))
      // What has come back meanwhile is left alone.
      const gone = before.filter(([key, hash]) => replica.hash(key) === hash && (!isOpen || removed.has(key)))
      return [...(isOpen ? restored() : []), ...gone.map(([key]) => [key, new Map<string, string>()] as const)]
    },
    found(hashes) {
      if (missing.size === 0) return
      for (const [key, hash] of hashes) {
        const lost = missing.get(key)
        // One new login does not bring all the others back.
        if (lost && hash.size > 0 && (kindOf(key) !== 'seats' || hash.size * 2 >= lost.hash.size)) missing.delete(key)
      }
      closeIfOver('back')
    },
    async adopt(records, since) {
      await note([...records], since)
      if (isOpen) replica.put(restored())
    },
    async check() {
      if (!isOpen) return
      const gone = [...missing.keys()]
      const [accepted = 0] = await marks.removals(gone.slice(0, 1))
      if (accepted < openedAt + networkClock.aheadMs - toleranceMs) return
      missing.clear()
      replica.put(gone.map((key) => [key, new Map<string, string>()] as const))
      closeIfOver('accepted')
    },
    isEverything() {
      for (const prefix of ['user:', 'device:']) for (const key of replica.keysUnder(prefix)) if (!missing.has(key)) return false
      return true
    },
    has: (key) => isOpen && missing.has(key),
    keys: () => (isOpen ? missing.keys() : []),
    records: () => (isOpen ? new Map(Array.from(missing, ([key, { hash }]) => [key, hash])) : new Map()),
    get sentence() {
      return isOpen ? sentenceOf([...missing.keys()], seatsOf(missing.get('devices')?.hash)) : null
    },
    get count() {
      return isOpen ? missing.size : 0
    },
  }
}

function sentenceOf(keys: readonly string[], seats: number): string {
  const count = (kind: string, one: string): string[] => {
    const number = keys.filter((key) => kindOf(key) === kind).length
    return number === 0 ? [] : [counted(number, one)]
  }
  const lost = [...count('user', 'user'), ...count('device', 'phone'), ...(seats > 0 ? [counted(seats, 'login')] : [])]
  return `Redis has lost ${lost.join(', ')}: calls go on from the copy, logins are refused`
}
