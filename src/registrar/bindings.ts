import type { Alarm, Clock } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import { type DeviceId, type NodeName, parseDeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Store } from '../store/store.js'
import { type BoundContact, fromRecord, type RegistrationRecord, sameButExpiry } from './binding.js'
import { createRecords, recordKey } from './records.js'

/**
 * Who is registered where: this node's phones in memory, the others' in the copy of Redis. A phone is at one node at a time,
 * the one it registered at last.
 */
export interface Bindings {
  /** Fresh ones, any node's, in the order of their first registration. */
  of(device: DeviceId): readonly BoundContact[]
  /** Replaces all bindings of the device at once; an empty list removes them. */
  commit(device: DeviceId, bindings: readonly BoundContact[]): void
  /** The device's last binding at this node is gone: expired, removed or taken over by another node. */
  onGone(listener: (device: DeviceId) => void): () => void
  close(): Promise<void>
}

export interface BindingsNeeds {
  readonly store: Store
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** A record that vanishes this shortly before its end has simply expired. */
const nearlyExpiredSeconds = 5

export function createBindings({ store, node, clock, log, metrics }: BindingsNeeds): Bindings {
  const here = new Map<DeviceId, readonly BoundContact[]>()
  /** Devices this process has had to do with: for them memory is the truth, whatever old record may still come by. */
  const handled = new Set<DeviceId>()
  const alarms = new Map<DeviceId, Alarm>()
  /** Their records changed while we were writing them: whose change it was shows when that is over. */
  const unseen = new Set<DeviceId>()
  const gone = createEmitter<[DeviceId]>((fault) => log.error({ event: 'node.fault', err: fault }, 'a listener failed'))
  const records = createRecords({ store, node, clock, log, current: ownUnlessOverruled, onSettled: catchUp })

  const seconds = (): number => clock.now() / 1000
  const fresh = (bindings: readonly BoundContact[]): readonly BoundContact[] => bindings.filter(({ expires }) => expires > seconds())
  const recordOf = (device: DeviceId): RegistrationRecord | undefined => store.replica.hash(recordKey(device))
  const own = (device: DeviceId): readonly BoundContact[] => fresh(here.get(device) ?? [])

  function hold(device: DeviceId, bindings: readonly BoundContact[]): void {
    const before = here.has(device)
    handled.add(device)
    alarms.get(device)?.cancel()
    alarms.delete(device)
    if (bindings.length > 0) {
      here.set(device, bindings)
      const first = Math.min(...bindings.map((binding) => binding.expires))
      const expiry = clock.after(Math.max(0, first * 1000 - clock.now()), () => expire(device))
      alarms.set(device, expiry)
    } else here.delete(device)
    metrics.bindings.set(here.size)
    if (before && bindings.length === 0) gone.emit(device)
  }

  function expire(device: DeviceId): void {
    const left = own(device)
    log.info({ event: 'registrar.expired', device, left: left.length }, `registration of ${device} has expired`)
    hold(device, left)
    records.touch(device, 'all')
  }

  /** The record of a device was written, changed by hand, deleted or has expired. */
  function follow(key: string): void {
    const device = key.startsWith('reg:') ? parseDeviceId(key.slice('reg:'.length)) : null
    if (!device) return
    if (here.has(device)) reconcile(device)
    else if (!handled.has(device)) adopt(device)
  }

  /** After a start, or when the copy is filled at last: this node's phones as they were. */
  function adopt(device: DeviceId): void {
    const remembered = fresh(fromRecord(device, recordOf(device))).filter((binding) => binding.node === node)
    if (remembered.length > 0) hold(device, remembered)
  }

  /** For a phone registered here: another node's record means that it has moved; any other difference is mended. */
  function reconcile(device: DeviceId): void {
    const mine = own(device)
    if (mine.length === 0) return
    if (records.isPending(device)) {
      unseen.add(device)
      return
    }
    const record = recordOf(device)
    if (isElsewhere(record)) leave(device, record)
    else if (!sameButExpiry(fromRecord(device, record), mine) && !endsSoon(mine)) records.touch(device, 'all')
  }

  function catchUp(device: DeviceId): void {
    if (unseen.delete(device)) reconcile(device)
  }

  function isElsewhere(record: RegistrationRecord | undefined): boolean {
    return (record?.get('node') ?? node) !== node
  }

  function leave(device: DeviceId, record: RegistrationRecord | undefined): void {
    log.info({ event: 'registrar.unbound', device, node: record?.get('node') }, `${device} has moved to another node`)
    hold(device, [])
  }

  /** After Redis was away, the phone may have registered elsewhere since: the later REGISTER wins. */
  function ownUnlessOverruled(device: DeviceId): readonly BoundContact[] | null {
    const mine = own(device)
    const record = recordOf(device)
    const latest = (bindings: readonly BoundContact[]): number => Math.max(...bindings.map((binding) => binding.registered))
    if (mine.length === 0 || !isElsewhere(record) || latest(mine) >= latest(fresh(fromRecord(device, record)))) return mine
    leave(device, record)
    return null
  }

  function endsSoon(mine: readonly BoundContact[]): boolean {
    return Math.max(...mine.map((binding) => binding.expires)) - seconds() < nearlyExpiredSeconds
  }

  const offChange = store.replica.onChange(follow)
  for (const key of store.replica.keysUnder('reg:')) follow(key)

  return {
    of(device) {
      const mine = own(device)
      if (mine.length > 0) return mine
      const record = recordOf(device)
      return isElsewhere(record) ? fresh(fromRecord(device, record)) : []
    },
    commit(device, bindings) {
      const changed = !sameButExpiry(here.get(device) ?? [], bindings)
      hold(device, bindings)
      records.touch(device, changed ? 'all' : 'expiry')
    },
    onGone: (listener) => gone.on(listener),
    async close() {
      offChange()
      for (const alarm of alarms.values()) alarm.cancel()
      await records.close()
    },
  }
}
