import { type Alarm, type Clock, every } from '../base/clock.js'
import { isAppError } from '../base/errors.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Store } from '../store/store.js'
import type { Assignments } from './assignments.js'
import { readRepair } from './replies.js'

export interface CaretakerNeeds {
  readonly store: Store
  readonly assignments: Assignments
  readonly isQuiet: (device: DeviceId) => boolean
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const roundMs = 4_000
/** An operator who edits both hashes by hand has this long between the two commands. */
const patienceMs = 3_000

/**
 * Sets right what no login or logout will: one-sided pairs, people and phones that were removed, phones left draining by a
 * node that died. Every node does it; the functions make the second one find nothing to do.
 */
export function createCaretaker({ store, assignments, isQuiet, clock, log, metrics }: CaretakerNeeds): { close(): void } {
  const { replica } = store
  let suspicion: Alarm | null = null

  async function round(): Promise<void> {
    if (store.state === 'lost') return
    await logOutTheRemoved()
    if ([...assignments.all()].some(([device]) => assignments.isDraining(device))) await repair()
  }

  async function logOutTheRemoved(): Promise<void> {
    for (const [device, extension] of Array.from(assignments.all())) {
      if (isQuiet(device)) continue
      if (!replica.hash(`device:${device}`)) await store.call('hotdesk_logout', device, 'now', 'deleted')
      else if (!mayStay(extension) && !assignments.isDraining(device)) await store.call('hotdesk_logout', extension, 'drain', 'deleted')
    }
  }

  function mayStay(extension: string): boolean {
    const user = replica.hash(`user:${extension}`)
    return user !== undefined && user.get('enabled') !== 'no'
  }

  async function repair(): Promise<void> {
    const changes = readRepair(await store.call('hotdesk_repair'))
    if (changes === 0) return
    metrics.repairsTotal.inc(changes)
    log.warn({ event: 'store.repaired', changes }, `${changes} assignments in Redis were set right; the events say which`)
  }

  function suspect(): void {
    if (suspicion || !assignments.isOneSided()) return
    suspicion = clock.after(patienceMs, () => {
      suspicion = null
      if (store.state === 'connected' && assignments.isOneSided()) repair().catch(stumbled)
    })
  }

  function stumbled(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.error({ event: 'node.fault', err: fault }, 'the assignments cannot be set right')
  }

  const rounds = every(clock, roundMs, round, stumbled)
  const stopListening = replica.onChange((key) => {
    if (key === 'users' || key === 'devices') suspect()
  })
  suspect()

  return {
    close() {
      rounds.cancel()
      suspicion?.cancel()
      stopListening()
    },
  }
}
