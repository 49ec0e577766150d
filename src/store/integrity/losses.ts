import type { Clock, Milliseconds } from '../../base/clock.js'
import { counted } from '../../base/output/counted.js'
import type { NetworkClock } from '../contract.js'
import type { Fields, Hash, WritableReplica } from '../replica.js'
import { createSeatLosses, withoutSeats, withSeats } from './assignment-losses.js'
import type { RemovalMarks } from './removal-marks.js'
import { createCensus, kindOf, seatsOf } from './watched-records.js'

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
  /** Logins that the copy had, and `devices` in Redis has not: true if that is a loss now. The copy holds what `sift` would give. */
  left(seats: Hash): Promise<boolean>
  /** What was read, with the logins that are lost: so the copy keeps them. */
  kept(key: string, hash: Map<string, string>): Map<string, string>
  /** The same for some fields of a hash. */
  keptFields(key: string, fields: Fields): Fields
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
  readonly marks: RemovalMarks
  /** The node's own. */
  readonly clock: Clock
  /** By which removals are marked. */
  readonly networkClock: NetworkClock
  /** There is a loss. The copy still holds everything. */
  readonly onLost: () => void
  /** It is over: `back` in Redis, or `accepted` by an operator. */
  readonly onOver: (how: 'back' | 'accepted') => void
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
  const seats = createSeatLosses({ replica, marks, clock })
  let isOpen = false
  let openedAt: Milliseconds = 0

  function openIfLost(): void {
    if (isOpen || !(census.isLoss(missing) || seats.isLoss(replica.hash('devices')?.size ?? 0))) return
    isOpen = true
    keepSeats()
    openedAt = clock.now()
    onLost()
  }

  /** From now on lost logins are records that are missing. */
  function keepSeats(): void {
    const lost = seats.all()
    seats.clear()
    if (lost.size > 0) missing.set('devices', { hash: new Map([...lostSeats(), ...lost]), at: clock.now() })
  }

  function lostSeats(): Hash {
    return isOpen ? (missing.get('devices')?.hash ?? noSeats) : noSeats
  }

  function keptSeats(): (readonly [string, Map<string, string>])[] {
    const lost = lostSeats()
    return lost.size === 0 ? [] : ['devices', 'users'].map((key) => [key, withSeats(key, replica.hash(key), lost)] as const)
  }

  function closeIfOver(how: 'back' | 'accepted'): void {
    if (!isOpen || missing.size > 0) return
    isOpen = false
    onOver(how)
  }

  function forgetOld(): void {
    const oldest = clock.now() - countsForMs
    for (const [key, { at }] of missing) if (at < oldest) missing.delete(key)
    seats.forgetBefore(oldest)
  }

  /** Records that were taken for edits by hand come back into the copy. */
  function restored(): (readonly [string, Map<string, string>])[] {
    return [...[...missing].flatMap(([key, { hash }]) => (replica.hash(key) ? [] : [[key, new Map(hash)] as const])), ...keptSeats()]
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
    for (const [key, hash] of records) {
      if (kindOf(key) !== 'seats') continue
      if (key === 'devices') await seats.note(hash)
      const isLost = (await isLossOfSeats(key, hash)) || (key === 'devices' && seats.isLoss(0))
      take(key, key === 'devices' ? new Map([...seats.all(), ...lostSeats(), ...hash]) : hash, isLost ? 'missing' : 'removed')
    }
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
    async left(gone) {
      await seats.note(gone)
      forgetOld()
      if (isOpen) keepSeats()
      else openIfLost()
      if (isOpen) replica.put(keptSeats())
      return isOpen
    },
    kept(key, hash) {
      const lost = lostSeats()
      return lost.size === 0 || hash.size === 0 || kindOf(key) !== 'seats' ? hash : withSeats(key, hash, lost)
    },
    keptFields(key, fields) {
      const lost = lostSeats()
      if (lost.size === 0 || kindOf(key) !== 'seats') return fields
      const present = new Map([...fields].flatMap(([field, value]) => (value === null ? [] : [[field, value] as const])))
      const merged = withSeats(key, present, lost)
      return new Map(Array.from(fields.keys(), (field) => [field, merged.get(field) ?? null]))
    },
    found(hashes) {
      for (const [key, hash] of hashes) if (key === 'devices') seats.found(hash)
      if (missing.size === 0) return
      for (const [key, hash] of hashes) {
        const lost = missing.get(key)
        // One new login does not bring all the others back.
        const isBack = (): boolean => kindOf(key) !== 'seats' || presentIn(hash, lost?.hash) * 2 >= (lost?.hash.size ?? 0)
        if (lost && hash.size > 0 && isBack()) missing.delete(key)
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
      const lost = lostSeats()
      missing.clear()
      replica.put(gone.map((key) => [key, new Map<string, string>()] as const).filter(([key]) => key !== 'devices'))
      if (lost.size > 0) {
        const both = ['devices', ...(gone.includes('users') ? [] : ['users'])]
        replica.put(both.map((key) => [key, withoutSeats(key, replica.hash(key), lost)] as const))
      }
      closeIfOver('accepted')
    },
    isEverything() {
      for (const prefix of ['user:', 'device:']) for (const key of replica.keysUnder(prefix)) if (!missing.has(key)) return false
      return true
    },
    has: (key) => isOpen && missing.has(key),
    keys: () => (isOpen ? missing.keys() : []),
    records: () => (isOpen ? new Map([...Array.from(missing, ([key, { hash }]) => [key, hash] as const), ...keptSeats()]) : new Map()),
    get sentence() {
      return isOpen ? sentenceOf([...missing.keys()], seatsOf(missing.get('devices')?.hash)) : null
    },
    get count() {
      return isOpen ? missing.size : 0
    },
  }
}

const noSeats: Hash = new Map()

function presentIn(hash: Hash, lost: Hash | undefined): number {
  return [...(lost?.keys() ?? [])].filter((device) => hash.has(device)).length
}

function sentenceOf(keys: readonly string[], seats: number): string {
  const count = (kind: string, one: string): string[] => {
    const number = keys.filter((key) => kindOf(key) === kind).length
    return number === 0 ? [] : [counted(number, one)]
  }
  const lost = [...count('user', 'user'), ...count('device', 'phone'), ...(seats > 0 ? [counted(seats, 'login')] : [])]
  return `Redis has lost ${lost.join(', ')}: calls go on from the copy, logins are refused`
}
