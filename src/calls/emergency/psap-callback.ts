import type { Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Replica, Store } from '../../store/store.js'

/** Maps the number that an emergency centre was shown to the phone that called (RFC 7090). */
export interface PsapCallbacks {
  remember(number: string, device: DeviceId): void
  /** Null if no recent emergency call showed that number. */
  deviceOf(number: string): DeviceId | null
  close(): void
}

export interface PsapCallbackNeeds {
  readonly store: Store
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  /** How long a number is remembered. */
  readonly callBackMinutes: () => number
}

interface Shown {
  readonly device: DeviceId
  /** Time of the call and end of the mapping, by the node's own clock. */
  readonly at: Milliseconds
  readonly until: Milliseconds
  /** Time of the call as written to Redis; null if it has not been written. */
  readonly written: Milliseconds | null
}

/** Kept in memory first, which works without Redis, and written to Redis for the other nodes as soon as possible. */
export function createPsapCallbacks({ store, clock, log, callBackMinutes }: PsapCallbackNeeds): PsapCallbacks {
  const own = new Map<string, Shown>()
  const unwritten = new Set<string>()

  const inNetworkTime = ({ at }: Shown): Milliseconds => Math.round(at + store.clock.aheadMs)

  async function write(number: string): Promise<void> {
    const shown = own.get(number)
    if (!shown || shown.until <= clock.now() || isSuperseded(number, shown)) return void unwritten.delete(number)
    const at = inNetworkTime(shown)
    own.set(number, { ...shown, written: at })
    try {
      await store.putFields(`callback:${number}`, { device: shown.device, at: String(at) }, Math.ceil((shown.until - clock.now()) / 1000))
      unwritten.delete(number)
    } catch (fault) {
      log.warn({ event: 'store.lost', reason: messageOf(fault) }, 'a PSAP callback is known to this node only')
    }
  }

  /** Another node has since shown the same number for another phone. */
  function isSuperseded(number: string, shown: Shown): boolean {
    const at = Number(store.replica.hash(`callback:${number}`)?.get('at') ?? 0)
    return at !== shown.written && at > inNetworkTime(shown)
  }

  const offState = store.onState((state) => {
    if (state === 'connected') for (const number of unwritten) void write(number)
  })

  return {
    remember(number, device) {
      const at = clock.now()
      own.set(number, { device, at, until: at + callBackMinutes() * 60_000, written: null })
      unwritten.add(number)
      void write(number)
    },
    deviceOf(number) {
      const shown = own.get(number)
      if (shown && shown.until > clock.now() && !isSuperseded(number, shown)) return shown.device
      own.delete(number)
      return callbackDeviceIn(store.replica, number)
    },
    close: offState,
  }
}

/** The same from the copy of Redis. */
export function callbackDeviceIn(replica: Replica, number: string): DeviceId | null {
  return parseDeviceId(replica.hash(`callback:${number}`)?.get('device') ?? '')
}
