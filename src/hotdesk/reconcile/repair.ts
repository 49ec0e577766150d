import { type Alarm, type Clock, every } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import { readRepair } from '../replies.js'
import { createConsistencyCheck, type Mismatch } from './consistency.js'
import { mayOwn } from './ownership.js'

export interface RepairNeeds {
  readonly store: Store
  readonly assignments: Assignments
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const roundMs = 4_000
/** An operator who edits both hashes by hand has at least this long between the two commands. */
const graceMs = 2_500
const batchSize = 200

/**
 * Repairs one-sided assignments, assignments made by hand, and phones left draining by a node that died. Every node does it; the second one
 * finds nothing to repair.
 */
export function createRepair({ store, assignments, node, clock, log, metrics }: RepairNeeds): { close(): void } {
  const { replica } = store
  const consistency = createConsistencyCheck(replica)
  /** The mismatches at the last check. */
  let suspects = new Set<string>()
  const assignedByHand = new Set<DeviceId>()
  let nextCheck: Alarm | null = null

  function checkSoon(): void {
    nextCheck ??= clock.after(graceMs, () => {
      nextCheck = null
      check().catch(reportFault)
    })
  }

  /** A mismatch at two checks in a row is not an edit in progress. */
  async function check(): Promise<void> {
    const mismatches = consistency.mismatches()
    const lasting = mismatches.filter((mismatch) => suspects.has(mismatch.join(' ')))
    suspects = new Set(mismatches.map((mismatch) => mismatch.join(' ')))
    if (mismatches.length > 0) checkSoon()
    const byHand = Array.from(assignedByHand, (device): Mismatch => ['devices', device])
    assignedByHand.clear()
    await repair([...lasting, ...byHand])
  }

  async function settleDraining(): Promise<void> {
    const devices = Array.from(assignments.draining()).filter((device) => mayOwn(device, { replica, node }))
    await repair(devices.map((device) => ['devices', device]))
  }

  async function repair(mismatches: readonly Mismatch[]): Promise<void> {
    for (let from = 0; from < mismatches.length && store.state === 'connected'; from += batchSize) {
      const changes = readRepair(await store.call('hotdesk_repair', ...mismatches.slice(from, from + batchSize).flat()))
      if (changes === 0) continue
      metrics.repairsTotal.inc(changes)
      log.warn({ event: 'store.repaired', changes }, `${changes} assignments in Redis were repaired; the events name them`)
    }
  }

  function reportFault(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.error({ event: 'node.fault', err: fault }, 'the assignments cannot be repaired')
  }

  const rounds = every(clock, roundMs, settleDraining, reportFault)
  const stops = [
    replica.onChange((key) => {
      if (key === 'users' || key === 'devices') checkSoon()
    }),
    assignments.onChange(({ device, after, cause }) => {
      if (after !== null && cause === 'edited') assignedByHand.add(device)
    }),
  ]
  checkSoon()

  return {
    close() {
      rounds.cancel()
      consistency.close()
      nextCheck?.cancel()
      for (const stop of stops) stop()
    },
  }
}
