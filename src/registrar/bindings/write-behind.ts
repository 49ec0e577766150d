import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'
import { type BoundContact, type RegistrationCopy, recordKey, toExpiryFields, toRecord } from './record.js'

/**
 * Writes bindings to Redis after the phone has its response, so that a REGISTER never waits for Redis. While Redis is away, the devices to
 * write are remembered. When Redis returns, they are written a few at a time, so that nodes do not overload it.
 */
export type WriteBehind = WriteQueue

export interface WriteBehindNeeds {
  readonly store: Store
  readonly copy: RegistrationCopy
  readonly node: NodeName
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  /** The current bindings of the device at this node; null if the record belongs to another node and must not be changed. */
  readonly current: (device: DeviceId) => readonly BoundContact[] | null
  /** No write for the device is pending any more. */
  readonly onSettled: (device: DeviceId) => void
}

/** How long a record shows the phone's previous node that the phone was unregistered elsewhere. */
const removalSeconds = 60

export function createWriteBehind({ store, copy, node, clock, log, current, onSettled }: WriteBehindNeeds): WriteBehind {
  /** A node restores the vanished record of its phone. Only a record of another node shows it that the phone has left. */
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

/** Which part of a device's record must be written. */
type Extent = 'expiry' | 'all'

/** Devices whose records must be written, each once. */
interface WriteQueue {
  schedule(device: DeviceId, extent: Extent): void
  /** Whether the record in Redis may be older than memory. */
  isPending(device: DeviceId): boolean
  /** Tries to write the rest, then stops. */
  close(): Promise<void>
}

interface WriteQueueNeeds {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly write: (device: DeviceId, extent: Extent) => Promise<void>
  /** No write for the device is pending any more. */
  readonly onSettled: (device: DeviceId) => void
}

/** Commands in flight at the same time, so that the speed of Redis sets the pace. */
const maxConcurrent = 8
const retryMs = 1_000

function createWriteQueue({ store, clock, log, write, onSettled }: WriteQueueNeeds): WriteQueue {
  const waiting = new Map<DeviceId, Extent>()
  const inFlight = new Set<DeviceId>()
  const gate = createWriteGate({ store, clock, onOpen: pump })
  let whenIdle: (() => void) | null = null

  function pump(): void {
    while (gate.isOpen() && inFlight.size < maxConcurrent) {
      const device = nextWaiting()
      if (device === undefined) break
      void take(device)
    }
    if (inFlight.size === 0 && (waiting.size === 0 || !gate.isOpen())) whenIdle?.()
  }

  /** One command per device at a time, because two could overtake each other. */
  function nextWaiting(): DeviceId | undefined {
    for (const device of waiting.keys()) if (!inFlight.has(device)) return device
    return undefined
  }

  async function take(device: DeviceId): Promise<void> {
    const extent = waiting.get(device) ?? 'all'
    waiting.delete(device)
    inFlight.add(device)
    try {
      await write(device, extent)
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'the registration is not written yet')
      add(device, extent)
      gate.closeFor(retryMs)
    }
    inFlight.delete(device)
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
    isPending: (device) => waiting.has(device) || inFlight.has(device),
    close: () =>
      new Promise((resolve) => {
        whenIdle = resolve
        gate.close()
      }),
  }
}

/** Whether Redis may be written to: not while it is away, and not directly after a failed write. */
interface WriteGate {
  isOpen(): boolean
  closeFor(ms: Milliseconds): void
  /** Opens the gate a last time, unless Redis is away. */
  close(): void
}

interface WriteGateNeeds {
  readonly store: Store
  readonly clock: Clock
  readonly onOpen: () => void
}

function createWriteGate({ store, clock, onOpen }: WriteGateNeeds): WriteGate {
  let closed: Alarm | null = null
  const offState = store.onState((state) => {
    if (state === 'connected') open()
  })

  function open(): void {
    closed?.cancel()
    closed = null
    onOpen()
  }

  return {
    isOpen: () => closed === null && store.state === 'connected',
    closeFor(ms) {
      closed ??= clock.after(ms, open)
    },
    close() {
      offState()
      open()
    },
  }
}
