import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Hash, WritableReplica } from '../replica.js'
import type { RemovalMarks } from './removal-marks.js'
import { isLossBy } from './watched-records.js'

/**
 * Logins that vanished from `devices` while the record of the phone still shows one. Every function that takes a user off a phone writes
 * both in one step, so this was done by hand or by a fault.
 */
export interface SeatLosses {
  /** Counts those of these logins that no function has ended. */
  note(left: Hash): Promise<void>
  /** `devices` as Redis has it, or some fields of it: a login that is there again is not lost, nor one whose user has logged in elsewhere since. */
  found(devices: Hash): void
  /** `remaining`: logins that Redis still has. */
  isLoss(remaining: number): boolean
  /** Device → extension. */
  all(): Map<string, string>
  forgetBefore(moment: Milliseconds): void
  clear(): void
}

interface LostSeat {
  readonly extension: string
  /** Other phones of the user at that time. */
  readonly beside: ReadonlySet<string>
  readonly at: Milliseconds
}

export interface SeatLossNeeds {
  readonly replica: Pick<WritableReplica, 'hash'>
  readonly marks: Pick<RemovalMarks, 'states'>
  readonly clock: Clock
}

export function createSeatLosses({ replica, marks, clock }: SeatLossNeeds): SeatLosses {
  const lost = new Map<string, LostSeat>()

  /** The copy follows a function in one step, so most logouts need no question. */
  function maySit(device: string): boolean {
    const record = replica.hash(`device:${device}`)
    return record !== undefined && record.get('state') !== 'idle'
  }

  return {
    async note(left) {
      const suspects = [...left].filter(([device, extension]) => /^\d+$/.test(extension) && maySit(device))
      if (suspects.length === 0) return
      const states = await marks.states(suspects.map(([device]) => device))
      const phones = phonesByUser(replica.hash('devices') ?? new Map())
      for (const [index, [device, extension]] of suspects.entries()) {
        const state = states[index] ?? null
        if (state !== 'active' && state !== 'draining') continue
        lost.set(device, { extension, beside: new Set(phones.get(extension)), at: clock.now() })
      }
    },
    found(devices) {
      if (lost.size === 0) return
      const phones = phonesByUser(devices)
      for (const [device, { extension, beside }] of lost) {
        const isElsewhere = phones.get(extension)?.some((phone) => !beside.has(phone))
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

/** `devices` or `users` with these logins in it. */
export function withSeats(key: string, hash: Hash | undefined, seats: Hash): Map<string, string> {
  const merged = new Map(hash)
  for (const [device, extension] of seats) {
    if (key === 'devices' && !merged.has(device)) merged.set(device, extension)
    if (key !== 'users') continue
    const list = (merged.get(extension) ?? '').split(' ').filter((each) => each !== '')
    if (!list.includes(device)) merged.set(extension, [...list, device].join(' '))
  }
  return merged
}

/** The same without them. */
export function withoutSeats(key: string, hash: Hash | undefined, seats: Hash): Map<string, string> {
  const rest = new Map(hash)
  for (const [device, extension] of seats) {
    if (key === 'devices' && rest.get(device) === extension) rest.delete(device)
    if (key !== 'users') continue
    const list = (rest.get(extension) ?? '').split(' ').filter((each) => each !== '' && each !== device)
    if (list.length > 0) rest.set(extension, list.join(' '))
    else rest.delete(extension)
  }
  return rest
}
