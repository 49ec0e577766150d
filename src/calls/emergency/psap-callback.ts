import type { Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Replica, Store } from '../../store/store.js'

/** The number that an emergency centre has been shown stays tied to the phone that called. */
export interface CallBacks {
  tie(number: string, device: DeviceId): void
  /** Null when nobody has called for help from that number lately. */
  deviceOf(number: string): DeviceId | null
  close(): void
}

export interface CallBackNeeds {
  readonly store: Store
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  /** How long the number stays tied. */
  readonly callBackMinutes: number
}

interface Tied {
  readonly device: DeviceId
  /** When it called, and until when its number is tied, by the node's own clock. */
  readonly at: Milliseconds
  readonly until: Milliseconds
  /** When it called, in the time that Redis was told. */
  readonly told: Milliseconds | null
}

/** Kept in this node's memory first, so that it works without Redis, and in Redis for the others, as soon as it can be told. */
export function createCallBacks({ store, clock, log, callBackMinutes }: CallBackNeeds): CallBacks {
  const own = new Map<string, Tied>()
  const untold = new Set<string>()

  const inNetworkTime = ({ at }: Tied): Milliseconds => Math.round(at + store.clock.aheadMs)

  async function tell(number: string): Promise<void> {
    const tied = own.get(number)
    if (!tied || tied.until <= clock.now() || isLater(number, tied)) return void untold.delete(number)
    const at = inNetworkTime(tied)
    own.set(number, { ...tied, told: at })
    try {
      await store.putFields(`callback:${number}`, { device: tied.device, at: String(at) }, Math.ceil((tied.until - clock.now()) / 1000))
      untold.delete(number)
    } catch (fault) {
      log.warn({ event: 'store.lost', reason: messageOf(fault) }, 'a call back from the emergency centre is known at this node only')
    }
  }

  /** Another node has shown the same number since, for another phone. */
  function isLater(number: string, tied: Tied): boolean {
    const at = Number(store.replica.hash(`callback:${number}`)?.get('at') ?? 0)
    return at !== tied.told && at > inNetworkTime(tied)
  }

  const offState = store.onState((state) => {
    if (state === 'connected') for (const number of untold) void tell(number)
  })

  return {
    tie(number, device) {
      const at = clock.now()
      own.set(number, { device, at, until: at + callBackMinutes * 60_000, told: null })
      untold.add(number)
      void tell(number)
    },
    deviceOf(number) {
      const tied = own.get(number)
      if (tied && tied.until > clock.now() && !isLater(number, tied)) return tied.device
      own.delete(number)
      return tiedIn(store.replica, number)
    },
    close: offState,
  }
}

/** The same as the copy of Redis has it. */
export function tiedIn(replica: Replica, number: string): DeviceId | null {
  return parseDeviceId(replica.hash(`callback:${number}`)?.get('device') ?? '')
}
