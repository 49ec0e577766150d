import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Hash, WritableReplica } from '../copy/replica.js'
import type { RemovalMarks } from './removal-marks.js'
import { isLossBy } from './watched-records.js'

/**
 * Assignments that vanished from `devices` while the phone's record still shows one. Every function that removes an assignment writes both
 * in one step, so this was an edit by hand or a fault.
 */
export interface AssignmentLosses {
  /** Counts the assignments among these that no function has removed. */
  note(left: Hash): Promise<void>
  /**
   * `devices` as Redis has it, or some of its fields. An assignment that is back is not lost, and neither is one whose user has logged in
   * elsewhere since.
   */
  found(devices: Hash): void
  /** `remaining`: number of assignments that Redis still has. */
  isLoss(remaining: number): boolean
  /** Device → extension. */
  all(): Map<string, string>
  forgetBefore(moment: Milliseconds): void
  clear(): void
}

interface LostAssignment {
  readonly extension: string
  /** The user's other phones at that time. */
  readonly otherPhones: ReadonlySet<string>
  readonly at: Milliseconds
}

export interface AssignmentLossNeeds {
  readonly replica: Pick<WritableReplica, 'hash'>
  readonly marks: Pick<RemovalMarks, 'states'>
  readonly clock: Clock
}

export function createAssignmentLosses({ replica, marks, clock }: AssignmentLossNeeds): AssignmentLosses {
  const lost = new Map<string, LostAssignment>()

  /** A function changes record and assignment in one step, so for most logouts Redis need not be asked. */
  function mayBeAssigned(device: string): boolean {
    const record = replica.hash(`device:${device}`)
    return record !== undefined && record.get('state') !== 'idle'
  }

  return {
    async note(left) {
      const suspects = [...left].filter(([device, extension]) => /^\d+$/.test(extension) && mayBeAssigned(device))
      if (suspects.length === 0) return
      const states = await marks.states(suspects.map(([device]) => device))
      const phones = phonesByUser(replica.hash('devices') ?? new Map())
      for (const [index, [device, extension]] of suspects.entries()) {
        const state = states[index] ?? null
        if (state !== 'active' && state !== 'draining') continue
        lost.set(device, { extension, otherPhones: new Set(phones.get(extension)), at: clock.now() })
      }
    },
    found(devices) {
      if (lost.size === 0) return
      const phones = phonesByUser(devices)
      for (const [device, { extension, otherPhones }] of lost) {
        const isElsewhere = phones.get(extension)?.some((phone) => !otherPhones.has(phone))
        if (devices.has(device) || isElsewhere) lost.delete(device)
      }
    },
    isLoss: (remaining) => isLossBy(lost.size, lost.size + remaining),
    all: () => new Map(Array.from(lost, ([device, { extension }]) => [device, extension])),
    forgetBefore(moment) {
      for (const [device, { at }] of lost) if (at < moment) lost.delete(device)
    },
    clear: () => lost.clear(),
  }
}

function phonesByUser(devices: Hash): ReadonlyMap<string, string[]> {
  const phones = new Map<string, string[]>()
  for (const [device, extension] of devices) {
    const list = phones.get(extension)
    if (list) list.push(device)
    else phones.set(extension, [device])
  }
  return phones
}

/** `devices` or `users`, with these assignments added. */
export function withAssignments(key: string, hash: Hash | undefined, assignments: Hash): Map<string, string> {
  const merged = new Map(hash)
  for (const [device, extension] of assignments) {
    if (key === 'devices' && !merged.has(device)) merged.set(device, extension)
    if (key !== 'users') continue
    const list = (merged.get(extension) ?? '').split(' ').filter((each) => each !== '')
    if (!list.includes(device)) merged.set(extension, [...list, device].join(' '))
  }
  return merged
}

/** `devices` or `users`, with these assignments removed. */
export function withoutAssignments(key: string, hash: Hash | undefined, assignments: Hash): Map<string, string> {
  const rest = new Map(hash)
  for (const [device, extension] of assignments) {
    if (key === 'devices' && rest.get(device) === extension) rest.delete(device)
    if (key !== 'users') continue
    const list = (rest.get(extension) ?? '').split(' ').filter((each) => each !== '' && each !== device)
    if (list.length > 0) rest.set(extension, list.join(' '))
    else rest.delete(extension)
  }
  return rest
}
