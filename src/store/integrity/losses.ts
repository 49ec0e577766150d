import type { Clock, Milliseconds } from '../../base/clock.js'
import { counted } from '../../base/output/counted.js'
import type { NetworkClock } from '../contract.js'
import { type Fields, type Hash, presentFields, type WritableReplica } from '../copy/replica.js'
import { createAssignmentLosses, withAssignments, withoutAssignments } from './assignment-losses.js'
import type { RemovalMarks } from './removal-marks.js'
import { assignmentsIn, createRecordCount, kindOf } from './watched-records.js'

/**
 * Users, devices and assignments that vanished from Redis without a removal through hotdesk: evicted, expired, deleted by hand, renamed,
 * flushed, or missing from an old dump. A few count as edits by hand. Many are a loss: the copy keeps all of them until they are back, or
 * until an operator accepts the loss.
 */
export interface Losses {
  /** Redis lacks this record of the copy; `resolve` decides whether the copy keeps it. */
  isMissing(key: string, hash: Hash): boolean
  /** What the copy must hold for missing keys: an empty hash for a removed record, nothing for a record that is kept. */
  resolve(keys: readonly string[]): Promise<Iterable<readonly [key: string, hash: Map<string, string>]>>
  /** Assignments of the copy that `devices` in Redis lacks. True if there is a loss now; then they are back in the copy. */
  noteEnded(assignments: Hash): Promise<boolean>
  /** A hash as it was read, with the lost assignments added, so that the copy keeps them. */
  withLost(key: string, hash: Map<string, string>): Map<string, string>
  /** The same for some fields of a hash. */
  withLostFields(key: string, fields: Fields): Fields
  /** Redis has these hashes. */
  notePresent(hashes: Iterable<readonly [key: string, hash: Hash]>): void
  /** Records of a saved copy that Redis lacks. */
  noteMissing(records: ReadonlyMap<string, Hash>, since: Milliseconds): Promise<void>
  /** Ends the loss if an operator has accepted it. */
  checkAcceptance(): Promise<void>
  /** True if no user and no phone is left in Redis. */
  isEverything(): boolean
  /** The missing records, as Redis last had them. */
  records(): ReadonlyMap<string, Hash>
  has(key: string): boolean
  keys(): Iterable<string>
  /** What is missing, as a sentence; null: there is no loss. */
  readonly sentence: string | null
  /** Number of missing records. */
  readonly count: number
}

export interface LossNeeds {
  readonly replica: WritableReplica
  readonly marks: RemovalMarks
  /** The node's own. */
  readonly clock: Clock
  /** The clock of removal marks. */
  readonly networkClock: NetworkClock
  /** A loss was found. The copy still holds everything. */
  readonly onLost: () => void
  /** The loss is over: the records are `back` in Redis, or `accepted` as lost by an operator. */
  readonly onOver: (how: 'back' | 'accepted') => void
}

interface Missing {
  readonly hash: Hash
  readonly at: Milliseconds
}

/** How long a record that was deleted by hand counts towards a loss. */
const countsForMs = 24 * 60 * 60 * 1_000
/** Clocks of nodes and of operators' machines differ. */
const toleranceMs = 60_000

export function createLosses({ replica, marks, clock, networkClock, onLost, onOver }: LossNeeds): Losses {
  const missing = new Map<string, Missing>()
  const recordCount = createRecordCount(replica)
  const assignmentLosses = createAssignmentLosses({ replica, marks, clock })
  let isOpen = false
  let openedAt: Milliseconds = 0

  function openIfLost(): void {
    if (isOpen || !(recordCount.isLoss(missing) || assignmentLosses.isLoss(replica.hash('devices')?.size ?? 0))) return
    isOpen = true
    keepAssignments()
    openedAt = clock.now()
    onLost()
  }

  /** From now on, lost assignments count as missing records. */
  function keepAssignments(): void {
    const lost = assignmentLosses.all()
    assignmentLosses.clear()
    if (lost.size > 0) missing.set('devices', { hash: new Map([...lostAssignments(), ...lost]), at: clock.now() })
  }

  function lostAssignments(): Hash {
    return isOpen ? (missing.get('devices')?.hash ?? noAssignments) : noAssignments
  }

  function keptAssignments(): (readonly [string, Map<string, string>])[] {
    const lost = lostAssignments()
    return lost.size === 0 ? [] : ['devices', 'users'].map((key) => [key, withAssignments(key, replica.hash(key), lost)] as const)
  }

  function closeIfOver(how: 'back' | 'accepted'): void {
    if (!isOpen || missing.size > 0) return
    isOpen = false
    onOver(how)
  }

  function forgetOld(): void {
    const oldest = clock.now() - countsForMs
    for (const [key, { at }] of missing) if (at < oldest) missing.delete(key)
    assignmentLosses.forgetBefore(oldest)
  }

  /** Records whose removal was taken for an edit by hand. They return to the copy. */
  function restored(): (readonly [string, Map<string, string>])[] {
    return [...[...missing].flatMap(([key, { hash }]) => (replica.hash(key) ? [] : [[key, new Map(hash)] as const])), ...keptAssignments()]
  }

  /** True if all assignments vanished at once while the phones' records still show them. A logout changes both. */
  async function isLossOfAssignments(key: string, hash: Hash): Promise<boolean> {
    if (isOpen) return true
    const devices = key === 'devices' ? [...hash.keys()] : [...hash.values()].flatMap((list) => list.split(' '))
    // `users` alone is repaired from `devices`.
    if (devices.length < 2 || (key === 'users' && (await marks.hasAssignments()))) return false
    const states = await marks.states(devices)
    const isAccountedFor = (state: string | null | undefined): boolean => state === 'idle' || state === 'assigned'
    const isKnown = (device: string): boolean => replica.hash(`device:${device}`) !== undefined && !missing.has(`device:${device}`)
    const lost = devices.filter((device, index) => !isAccountedFor(states[index]) && (states[index] || isKnown(device)))
    return lost.length * 2 >= devices.length
  }

  /** Counts missing records. Returns the keys that were removed through hotdesk. */
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
      if (kindOf(key) !== 'assignments') take(key, hash, (removals[index] ?? 0) >= since - toleranceMs ? 'removed' : 'missing')
    forgetOld()
    openIfLost()
    // If users are lost, their assignments are lost as well.
    for (const [key, hash] of records) {
      if (kindOf(key) !== 'assignments') continue
      if (key === 'devices') await assignmentLosses.note(hash)
      const isLost = (await isLossOfAssignments(key, hash)) || (key === 'devices' && assignmentLosses.isLoss(0))
      take(
        key,
        key === 'devices' ? new Map([...assignmentLosses.all(), ...lostAssignments(), ...hash]) : hash,
        isLost ? 'missing' : 'removed',
      )
    }
    openIfLost()
    return removed
  }

  return {
    isMissing: (key, hash) => hash.size === 0 && kindOf(key) !== null && replica.hash(key) !== undefined,
    async resolve(keys) {
      const before = keys.flatMap((key) => {
        const hash = replica.hash(key)
        return hash ? [[key, hash] as const] : []
      })
      const removed = new Set(await note(before, networkClock.now() - replica.ageMs()))
      // Records that have come back meanwhile stay.
      const gone = before.filter(([key, hash]) => replica.hash(key) === hash && (!isOpen || removed.has(key)))
      return [...(isOpen ? restored() : []), ...gone.map(([key]) => [key, new Map<string, string>()] as const)]
    },
    async noteEnded(gone) {
      await assignmentLosses.note(gone)
      forgetOld()
      if (isOpen) keepAssignments()
      else openIfLost()
      if (isOpen) replica.put(keptAssignments())
      return isOpen
    },
    withLost(key, hash) {
      const lost = lostAssignments()
      return lost.size === 0 || hash.size === 0 || kindOf(key) !== 'assignments' ? hash : withAssignments(key, hash, lost)
    },
    withLostFields(key, fields) {
      const lost = lostAssignments()
      if (lost.size === 0 || kindOf(key) !== 'assignments') return fields
      const merged = withAssignments(key, presentFields(fields), lost)
      return new Map(Array.from(fields.keys(), (field) => [field, merged.get(field) ?? null]))
    },
    notePresent(hashes) {
      for (const [key, hash] of hashes) if (key === 'devices') assignmentLosses.found(hash)
      if (missing.size === 0) return
      for (const [key, hash] of hashes) {
        const lost = missing.get(key)
        // One new login does not mean that the others are back.
        const isBack = (): boolean => kindOf(key) !== 'assignments' || presentIn(hash, lost?.hash) * 2 >= (lost?.hash.size ?? 0)
        if (lost && hash.size > 0 && isBack()) missing.delete(key)
      }
      closeIfOver('back')
    },
    async noteMissing(records, since) {
      await note([...records], since)
      if (isOpen) replica.put(restored())
    },
    async checkAcceptance() {
      if (!isOpen) return
      const gone = [...missing.keys()]
      const [accepted = 0] = await marks.removals(gone.slice(0, 1))
      if (accepted < openedAt + networkClock.aheadMs - toleranceMs) return
      const lost = lostAssignments()
      missing.clear()
      replica.put(gone.map((key) => [key, new Map<string, string>()] as const).filter(([key]) => key !== 'devices'))
      if (lost.size > 0) {
        const both = ['devices', ...(gone.includes('users') ? [] : ['users'])]
        replica.put(both.map((key) => [key, withoutAssignments(key, replica.hash(key), lost)] as const))
      }
      closeIfOver('accepted')
    },
    isEverything() {
      for (const prefix of ['user:', 'device:']) for (const key of replica.keysUnder(prefix)) if (!missing.has(key)) return false
      return true
    },
    has: (key) => isOpen && missing.has(key),
    keys: () => (isOpen ? missing.keys() : []),
    records: () =>
      isOpen ? new Map([...Array.from(missing, ([key, { hash }]) => [key, hash] as const), ...keptAssignments()]) : new Map(),
    get sentence() {
      return isOpen ? sentenceOf([...missing.keys()], assignmentsIn(missing.get('devices')?.hash)) : null
    },
    get count() {
      return isOpen ? missing.size : 0
    },
  }
}

const noAssignments: Hash = new Map()

function presentIn(hash: Hash, lost: Hash | undefined): number {
  return [...(lost?.keys() ?? [])].filter((device) => hash.has(device)).length
}

function sentenceOf(keys: readonly string[], assignments: number): string {
  const count = (kind: string, one: string): string[] => {
    const number = keys.filter((key) => kindOf(key) === kind).length
    return number === 0 ? [] : [counted(number, one)]
  }
  const lost = [...count('user', 'user'), ...count('device', 'phone'), ...(assignments > 0 ? [counted(assignments, 'login')] : [])]
  return `Redis has lost ${lost.join(', ')}: calls go on from the copy, logins are refused`
}
