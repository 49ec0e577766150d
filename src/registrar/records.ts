import type { Alarm, Clock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Store } from '../store/store.js'
import { type BoundContact, toExpiryFields, toRecord } from './binding.js'

/** How much of a device's record has to be written again. */
export type Extent = 'expiry' | 'all'

/**
 * Writes bindings to Redis after the phone has its answer: a REGISTER needs memory alone, and while Redis is away the devices
 * to be written are remembered, each once. When it returns they go out a few at a time, so that nodes do not stampede.
 */
export interface Records {
  /** The device's bindings have changed; what is written is what they are by then. */
  touch(device: DeviceId, extent: Extent): void
  /** True while the record in Redis may be older than memory. */
  isPending(device: DeviceId): boolean
  /** Tries to write what is left, then stops. */
  close(): Promise<void>
}

export interface RecordsNeeds {
  readonly store: Store
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  /** The device's bindings at this node, now; null: the record is another node's by now and must be left alone. */
  readonly current: (device: DeviceId) => readonly BoundContact[] | null
  /** Nothing of the device is waiting to be written any more. */
  readonly onSettled: (device: DeviceId) => void
}

export const recordKey = (device: DeviceId): string => `reg:${device}`

/** Commands under way at once: Redis's own speed sets the pace. */
const atOnce = 8
const retryMs = 1_000
/** How long a node is told that its phone was unregistered elsewhere. */
const takenOffSeconds = 60

export function createRecords({ store, node, clock, log, current, onSettled }: RecordsNeeds): Records {
  const waiting = new Map<DeviceId, Extent>()
  const underWay = new Set<DeviceId>()
  const idle: (() => void)[] = []
  let retry: Alarm | null = null
  let closed = false

  const offState = store.onState((state) => {
    if (state === 'connected') resume()
  })

  function resume(): void {
    retry?.cancel()
    retry = null
    pump()
  }

  function pump(): void {
    while (!isHeld() && underWay.size < atOnce) {
      const device = nextWaiting()
      if (device === undefined) break
      void writeOne(device)
    }
    if (underWay.size === 0 && (waiting.size === 0 || isHeld())) for (const done of idle.splice(0)) done()
  }

  function isHeld(): boolean {
    return retry !== null || store.state === 'lost'
  }

  /** One command a device at a time: two could overtake each other. */
  function nextWaiting(): DeviceId | undefined {
    for (const device of waiting.keys()) if (!underWay.has(device)) return device
    return undefined
  }

  async function writeOne(device: DeviceId): Promise<void> {
    const extent = waiting.get(device) ?? 'all'
    waiting.delete(device)
    underWay.add(device)
    try {
      await write(device, extent)
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'registration not written yet')
      putBack(device, extent)
    }
    underWay.delete(device)
    if (!waiting.has(device)) onSettled(device)
    pump()
  }

  function putBack(device: DeviceId, extent: Extent): void {
    if (closed) return
    waiting.set(device, waiting.get(device) === 'all' ? 'all' : extent)
    retry ??= clock.after(retryMs, resume)
  }

  async function write(device: DeviceId, extent: Extent): Promise<void> {
    const bindings = current(device)
    if (bindings === null) return
    const key = recordKey(device)
    const record = store.replica.hash(key)
    if (bindings.length === 0) return takeOff(key, record?.get('node'))
    const ttl = Math.max(1, Math.ceil(Math.max(...bindings.map((binding) => binding.expires)) - clock.now() / 1000))
    if (extent === 'expiry' && record?.get('node') === node) return store.putFields(key, toExpiryFields(bindings), ttl)
    return store.replaceHash(key, toRecord(node, bindings), ttl)
  }

  /** A node writes its phone's vanished record again; only one that names another node tells it that the phone has gone. */
  function takeOff(key: string, holder: string | undefined): Promise<void> {
    if (holder === undefined || holder === node) return store.remove(key)
    return store.replaceHash(key, { node }, takenOffSeconds)
  }

  return {
    touch(device, extent) {
      waiting.set(device, waiting.get(device) === 'all' ? 'all' : extent)
      pump()
    },
    isPending: (device) => waiting.has(device) || underWay.has(device),
    async close() {
      closed = true
      offState()
      await new Promise<void>((done) => {
        idle.push(done)
        resume()
      })
    },
  }
}
