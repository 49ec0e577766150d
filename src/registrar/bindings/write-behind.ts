import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'
import { type BoundContact, type RegistrationCopy, recordKey, toExpiryFields, toRecord } from './record.js'

/**
 * Writes bindings to Redis after the phone has its response: a REGISTER needs memory alone. While Redis is away, the devices to write are
 * remembered, each once. When Redis returns, they are written a few at a time, so that nodes do not stampede.
 */
export type WriteBehind = WriteQueue

export interface WriteBehindNeeds {
  readonly store: Store
  readonly copy: RegistrationCopy
  readonly node: NodeName
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  /** The device's bindings at this node, now; null: the record is another node's by now and must be left alone. */
  readonly current: (device: DeviceId) => readonly BoundContact[] | null
  /** Nothing of the device is waiting to be written any more. */
  readonly onSettled: (device: DeviceId) => void
}

/** How long the record shows a node that its phone was unregistered elsewhere. */
const removalSeconds = 60

export function createWriteBehind({ store, copy, node, clock, log, current, onSettled }: WriteBehindNeeds): WriteBehind {
  /** A node writes its phone's vanished record again; only one that names another node tells it that the phone has gone. */
  function removeRecord(key: string, holder: string | null): Promise<void> {
    if (holder === null || holder === node) return store.remove(key)
    return store.replaceHash(key, { node }, removalSeconds)
  }

  function inNetworkTime(binding: BoundContact): BoundContact {
    const { aheadMs } = store.clock
    return {
      ...binding,
      expires: Math.round(binding.expires + aheadMs / 1_000),
      registered: Math.round(binding.registered * 1_000 + aheadMs) / 1_000,
    }
  }

  return createWriteQueue({
    store,
    clock,
    log,
    onSettled,
    async write(device, extent) {
      const bindings = current(device)
      if (bindings === null) return
      const key = recordKey(device)
      const holder = copy.holder(device)
      if (bindings.length === 0) return removeRecord(key, holder)
      const ttl = Math.max(1, Math.ceil(Math.max(...bindings.map(({ expires }) => expires)) - clock.now() / 1000))
      const contacts = bindings.map(inNetworkTime)
      if (extent === 'expiry' && holder === node) return store.putFields(key, toExpiryFields(contacts), ttl)
      return store.replaceHash(key, toRecord(node, contacts), ttl)
    },
  })
}

/** How much of a device's record has to be written again. */
type Extent = 'expiry' | 'all'

/** Devices whose records have to be written, each once, however often it was touched meanwhile. */
interface WriteQueue {
  schedule(device: DeviceId, extent: Extent): void
  /** True while the record in Redis may be older than memory. */
  isPending(device: DeviceId): boolean
  /** Tries to write what is left, then stops. */
  close(): Promise<void>
}

interface WriteQueueNeeds {
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

function createWriteQueue({ store, clock, log, write, onSettled }: WriteQueueNeeds): WriteQueue {
  const waiting = new Map<DeviceId, Extent>()
  const underWay = new Set<DeviceId>()
  const gate = createWriteGate({ store, clock, onOpen: pump })
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
    schedule(device, extent) {
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

/** Whether Redis may be written to: not while it is away, nor for a moment after a write has failed. */
interface WriteGate {
  isOpen(): boolean
  shutFor(ms: Milliseconds): void
  /** Opens it for a last time, whatever shut it but the absence of Redis. */
  close(): void
}

interface WriteGateNeeds {
  readonly store: Store
  readonly clock: Clock
  readonly onOpen: () => void
}

function createWriteGate({ store, clock, onOpen }: WriteGateNeeds): WriteGate {
  let shut: Alarm | null = null
  const offState = store.onState((state) => {
    if (state === 'connected') open()
  })

  function open(): void {
    shut?.cancel()
    shut = null
    onOpen()
  }

  return {
    isOpen: () => shut === null && store.state === 'connected',
    shutFor(ms) {
      shut ??= clock.after(ms, open)
    },
    close() {
      offState()
      open()
    },
  }
}
