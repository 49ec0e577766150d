import type { Clock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Store } from '../store/store.js'

/** The number that an emergency centre has been shown stays tied to the phone that called. */
export interface CallBacks {
  tie(number: string, device: DeviceId): void
  /** Null when nobody has called for help from that number lately. */
  deviceOf(number: string): DeviceId | null
}

const minutes = 180

/** Kept in this node's memory first, so that it works without Redis, and in Redis for the others. */
export function createCallBacks({ store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Logger }): CallBacks {
  const own = new Map<string, { device: DeviceId; until: number }>()
  return {
    tie(number, device) {
      own.set(number, { device, until: clock.now() + minutes * 60_000 })
      store.putFields(`callback:${number}`, { device }, minutes * 60).catch((fault: unknown) => {
        log.warn({ event: 'store.lost', reason: messageOf(fault) }, 'a call back from the emergency centre is known at this node only')
      })
    },
    deviceOf(number) {
      const tied = own.get(number)
      if (tied && tied.until > clock.now()) return tied.device
      own.delete(number)
      return parseDeviceId(store.replica.hash(`callback:${number}`)?.get('device') ?? '')
    },
  }
}
