import type { Clock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'
import { createGate } from './write-gate.js'

/** How much of a device's record has to be written again. */
type Extent = 'expiry' | 'all'

/** Devices whose records have to be written, each once, however often it was touched meanwhile. */
export interface WriteQueue {
  touch(device: DeviceId, extent: Extent): void
  /** True while the record in Redis may be older than memory. */
  isPending(device: DeviceId): boolean
  /** Tries to write what is left, then stops. */
  close(): Promise<void>
}

export interface WriteQueueNeeds {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly write: (device: DeviceId, extent: Extent) => Promise<void>
  /** Nothing of the device is waiting to be written any more. */
  readonly onSettled: (device: DeviceId) => void
}

/** Commands under way at once: Redis's own speed sets the pace. */
const atOnce = 8
const retryMs = 1_000

export function createWriteQueue({ store, clock, log, write, onSettled }: WriteQueueNeeds): WriteQueue {
  const waiting = new Map<DeviceId, Extent>()
  const underWay = new Set<DeviceId>()
  const gate = createGate({ store, clock, onOpen: pump })
  let whenIdle: (() => void) | null = null

  function pump(): void {
    while (gate.isOpen() && underWay.size < atOnce) {
      const device = nextWaiting()
      if (device === undefined) break
      void take(device)
    }
    if (underWay.size === 0 && (waiting.size === 0 || !gate.isOpen())) whenIdle?.()
  }

  /** One command a device at a time: two could overtake each other. */
  function nextWaiting(): DeviceId | undefined {
    for (const device of waiting.keys()) if (!underWay.has(device)) return device
    return undefined
  }

  async function take(device: DeviceId): Promise<void> {
    const extent = waiting.get(device) ?? 'all'
    waiting.delete(device)
    underWay.add(device)
    try {
      await write(device, extent)
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'registration not written yet')
      add(device, extent)
      gate.shutFor(retryMs)
    }
    underWay.delete(device)
    if (!waiting.has(device)) onSettled(device)
    pump()
  }

  function add(device: DeviceId, extent: Extent): void {
    waiting.set(device, waiting.get(device) === 'all' ? 'all' : extent)
  }

  return {
    touch(device, extent) {
      add(device, extent)
      pump()
    },
    isPending: (device) => waiting.has(device) || underWay.has(device),
    close: () =>
      new Promise((resolve) => {
        whenIdle = resolve
        gate.close()
      }),
  }
}
