import type { Clock } from '../base/clock.js'
import { isAppError } from '../base/errors.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Store } from '../store/store.js'
import type { CallKind } from './contract.js'

/** What this node has on its phones, told to Redis so that a logout asked anywhere waits for it. */
export interface CallsInProgress {
  began(device: DeviceId, kind: CallKind): void
  ended(device: DeviceId, kind: CallKind): void
  isQuiet(device: DeviceId): boolean
  /** Resolves when Redis knows what was so at the time of asking, or cannot be told now. Never rejects. */
  told(): Promise<void>
  close(): void
}

export interface CallsInProgressNeeds {
  readonly store: Store
  readonly node: NodeName
  readonly boot: string
  /** How long after an emergency call its phone is left alone. */
  readonly quietSeconds: number
  readonly clock: Clock
  readonly log: Logger
}

const batchSize = 200

export function createCallsInProgress({ store, node, boot, quietSeconds, clock, log }: CallsInProgressNeeds): CallsInProgress {
  const counts = new Map<DeviceId, Record<CallKind, number>>()
  const untold = new Set<DeviceId>()
  /** Redis has to hear of each emergency call, also of one that was over before it could be told. */
  const untoldEmergencies = new Set<DeviceId>()
  const quietUntil = new Map<DeviceId, number>()
  let telling: Promise<void> | null = null

  function change(device: DeviceId, kind: CallKind, by: 1 | -1): void {
    const count = counts.get(device) ?? { ordinary: 0, emergency: 0 }
    count[kind] = Math.max(0, count[kind] + by)
    if (count.ordinary + count.emergency > 0) counts.set(device, count)
    else counts.delete(device)
    if (kind === 'emergency' && by === 1) untoldEmergencies.add(device)
    if (kind === 'emergency') quietUntil.set(device, clock.now() + quietSeconds * 1_000)
    untold.add(device)
    void told()
  }

  function told(): Promise<void> {
    telling ??= tellAll().finally(() => {
      telling = null
    })
    return telling
  }

  /** One call at a time, so that an end never overtakes its beginning. */
  async function tellAll(): Promise<void> {
    while (untold.size > 0 && store.state === 'connected') {
      const devices = [...untold].slice(0, batchSize)
      for (const device of devices) untold.delete(device)
      const emergencies = devices.filter((device) => untoldEmergencies.has(device))
      try {
        await store.call('hotdesk_calls', node, boot, String(quietSeconds), ...devices.flatMap(numbersOf))
        for (const device of emergencies) toldEmergency(device)
      } catch (fault) {
        for (const device of devices) untold.add(device)
        if (!isAppError(fault, 'STORE_UNAVAILABLE'))
          log.error({ event: 'node.fault', err: fault }, 'calls in progress cannot be told to Redis')
        return
      }
    }
  }

  function toldEmergency(device: DeviceId): void {
    untoldEmergencies.delete(device)
    if ((counts.get(device)?.emergency ?? 0) === 0) untold.add(device)
  }

  function numbersOf(device: DeviceId): readonly string[] {
    const { ordinary, emergency } = counts.get(device) ?? { ordinary: 0, emergency: 0 }
    const emergencies = untoldEmergencies.has(device) ? Math.max(1, emergency) : emergency
    return [device, String(ordinary + emergencies), String(emergencies)]
  }

  function tellAgain(): void {
    for (const device of counts.keys()) untold.add(device)
    void told()
  }

  const stops = [
    store.onState((state) => {
      if (state === 'connected') tellAgain()
    }),
    // A node whose record is gone has been forgotten, by a FLUSHALL or as it was silent for too long, and its calls with it.
    store.replica.onChange((key) => {
      if (key === `node:${node}` && !store.replica.hash(key)) tellAgain()
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
    told,
    close() {
      for (const stop of stops) stop()
    },
  }
}
