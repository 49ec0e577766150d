import type { Clock } from '../../base/clock.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'
import { type BoundContact, toExpiryFields, toRecord } from './binding.js'
import { type RegistrationCopy, recordKey } from './registration-copy.js'
import { createWriteQueue, type WriteQueue } from './write-queue.js'

/**
 * Writes bindings to Redis after the phone has its answer: a REGISTER needs memory alone, and while Redis is away the devices
 * to be written are remembered, each once. When it returns they go out a few at a time, so that nodes do not stampede.
 */
export type Records = WriteQueue

export interface RecordsNeeds {
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

/** How long a node is told that its phone was unregistered elsewhere. */
const takenOffSeconds = 60

export function createRecords({ store, copy, node, clock, log, current, onSettled }: RecordsNeeds): Records {
  /** A node writes its phone's vanished record again; only one that names another node tells it that the phone has gone. */
  function takeOff(key: string, holder: string | null): Promise<void> {
    if (holder === null || holder === node) return store.remove(key)
    return store.replaceHash(key, { node }, takenOffSeconds)
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
      if (bindings.length === 0) return takeOff(key, holder)
      const ttl = Math.max(1, Math.ceil(Math.max(...bindings.map(({ expires }) => expires)) - clock.now() / 1000))
      const told = bindings.map(inNetworkTime)
      if (extent === 'expiry' && holder === node) return store.putFields(key, toExpiryFields(told), ttl)
      return store.replaceHash(key, toRecord(node, told), ttl)
    },
  })
}
