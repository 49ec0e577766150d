import { type Alarm, type Clock, every } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import { readRepair } from '../replies.js'
import { createConsistencyCheck, type Mismatch } from './consistency.js'
import { mayBeOurs } from './ownership.js'

export interface RepairNeeds {
  readonly store: Store
  readonly assignments: Assignments
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const roundMs = 4_000
/** An operator who edits both hashes by hand has this long between the two commands, at least. */
const patienceMs = 2_500
const mostAtOnce = 200

/**
 * Sets right what no login or logout will: one-sided pairs, seats that were given by hand, phones left draining by a node that died.
 * Every node does it; the function makes the second one find nothing to do.
 */
export function createRepair({ store, assignments, node, clock, log, metrics }: RepairNeeds): { close(): void } {
  const { replica } = store
  const mirror = createConsistencyCheck(replica)
  /** What was one-sided at the last look. */
  let suspects = new Set<string>()
  const givenByHand = new Set<DeviceId>()
  let nextLook: Alarm | null = null

  function lookSoon(): void {
    nextLook ??= clock.after(patienceMs, () => {
      nextLook = null
      look().catch(stumbled)
    })
  }

  /** What is odd at two looks in a row is nobody's half-done work any more. */
  async function look(): Promise<void> {
    const odd = mirror.oddities()
    const old = odd.filter((oddity) => suspects.has(oddity.join(' ')))
    suspects = new Set(odd.map((oddity) => oddity.join(' ')))
    const byHand = Array.from(givenByHand, (device): Mismatch => ['devices', device])
    givenByHand.clear()
    if (odd.length > 0) lookSoon()
    await repair([...old, ...byHand])
  }

  async function settleDraining(): Promise<void> {
    const devices = Array.from(assignments.draining()).filter((device) => mayBeOurs(device, { replica, node }))
    await repair(devices.map((device) => ['devices', device]))
  }

  async function repair(oddities: readonly Mismatch[]): Promise<void> {
    for (let from = 0; from < oddities.length && store.state === 'connected'; from += mostAtOnce) {
      const changes = readRepair(await store.call('hotdesk_repair', ...oddities.slice(from, from + mostAtOnce).flat()))
      if (changes === 0) continue
      metrics.repairsTotal.inc(changes)
      log.warn({ event: 'store.repaired', changes }, `${changes} assignments in Redis were set right; the events say which`)
    }
  }

  function stumbled(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.error({ event: 'node.fault', err: fault }, 'the assignments cannot be set right')
  }

  const rounds = every(clock, roundMs, settleDraining, stumbled)
  const stops = [
    replica.onChange((key) => {
      if (key === 'users' || key === 'devices') lookSoon()
    }),
    assignments.onChange(({ device, after, cause }) => {
      if (after !== null && cause === 'edited') givenByHand.add(device)
    }),
  ]
  lookSoon()

  return {
    close() {
      rounds.cancel()
      mirror.close()
      nextLook?.cancel()
      for (const stop of stops) stop()
    },
  }
}
