import type { Clock } from '../base/clock.js'
import { isAppError } from '../base/errors.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Store } from '../store/store.js'
import type { CallKind } from './contract.js'

/** Counts calls of this node's phones and reports them to Redis, so that a logout requested anywhere waits for them. */
export interface CallsInProgress {
  began(device: DeviceId, kind: CallKind): void
  ended(device: DeviceId, kind: CallKind): void
  isQuiet(device: DeviceId): boolean
  /** Resolves when Redis has the current numbers, or cannot be reached now. Never rejects. */
  reported(): Promise<void>
  close(): void
}

export interface CallsInProgressNeeds {
  readonly store: Store
  readonly node: NodeName
  readonly boot: string
  /** Length of the quiet time after an emergency call. */
  readonly quietSeconds: () => number
  readonly clock: Clock
  readonly log: Logger
}

const batchSize = 200

export function createCallsInProgress({ store, node, boot, quietSeconds, clock, log }: CallsInProgressNeeds): CallsInProgress {
  const counts = new Map<DeviceId, Record<CallKind, number>>()
  const unreported = new Set<DeviceId>()
  /** Each emergency call must be reported, even if it ended before it could be. */
  const unreportedEmergencies = new Set<DeviceId>()
  const quietUntil = new Map<DeviceId, number>()
  let reporting: Promise<void> | null = null

  function change(device: DeviceId, kind: CallKind, by: 1 | -1): void {
    const count = counts.get(device) ?? { ordinary: 0, emergency: 0 }
    count[kind] = Math.max(0, count[kind] + by)
    if (count.ordinary + count.emergency > 0) counts.set(device, count)
    else counts.delete(device)
    if (kind === 'emergency' && by === 1) unreportedEmergencies.add(device)
    if (kind === 'emergency') quietUntil.set(device, clock.now() + quietSeconds() * 1_000)
    unreported.add(device)
    void reported()
  }

  function reported(): Promise<void> {
    reporting ??= reportAll().finally(() => {
      reporting = null
    })
    return reporting
  }

  /** One call at a time, so that an end never overtakes its beginning. */
  async function reportAll(): Promise<void> {
    while (unreported.size > 0 && store.state === 'connected') {
      const devices = [...unreported].slice(0, batchSize)
      for (const device of devices) unreported.delete(device)
      const emergencies = devices.filter((device) => unreportedEmergencies.has(device))
      try {
        await store.call('hotdesk_calls', node, boot, String(quietSeconds()), ...devices.flatMap(numbersOf))
        for (const device of emergencies) emergencyReported(device)
      } catch (fault) {
        for (const device of devices) unreported.add(device)
        if (!isAppError(fault, 'STORE_UNAVAILABLE'))
          log.error({ event: 'node.fault', err: fault }, 'calls in progress cannot be reported to Redis')
        return
      }
    }
  }

  function emergencyReported(device: DeviceId): void {
    unreportedEmergencies.delete(device)
    if ((counts.get(device)?.emergency ?? 0) === 0) unreported.add(device)
  }

  function numbersOf(device: DeviceId): readonly string[] {
    const { ordinary, emergency } = counts.get(device) ?? { ordinary: 0, emergency: 0 }
    const emergencies = unreportedEmergencies.has(device) ? Math.max(1, emergency) : emergency
    return [device, String(ordinary + emergencies), String(emergencies)]
  }

  function reportAgain(): void {
    for (const device of counts.keys()) unreported.add(device)
    void reported()
  }

  const stops = [
    store.onState((state) => {
      if (state === 'connected') reportAgain()
    }),
    // If this node's record is gone (FLUSHALL, or too long without a heartbeat), its calls no longer count either.
    store.replica.onChange((key) => {
      if (key === `node:${node}` && !store.replica.hash(key)) reportAgain()
    }),
  ]

  return {
    began: (device, kind) => change(device, kind, 1),
    ended: (device, kind) => change(device, kind, -1),
    isQuiet(device) {
      if ((counts.get(device)?.emergency ?? 0) > 0) return true
      const end = quietUntil.get(device)
      if (end !== undefined && end <= clock.now()) quietUntil.delete(device)
      return quietUntil.has(device) || store.replica.hash(`quiet:${device}`) !== undefined
    },
    reported,
    close() {
      for (const stop of stops) stop()
    },
  }
}
