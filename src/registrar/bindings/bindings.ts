import type { Clock } from '../../base/clock.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import { type BoundContact, sameButExpiry } from './binding.js'
import { createBindingTable } from './binding-table.js'
import { createRecords } from './records.js'
import { createRegistrationCopy } from './registration-copy.js'

/**
 * Who is registered where: this node's phones in memory, the others' in the copy of Redis. A phone is at one node at a time,
 * the one it registered at last.
 */
export interface Bindings {
  /** Fresh ones, any node's, in the order of their first registration. */
  of(device: DeviceId): readonly BoundContact[]
  /** The devices that have registered at this node on this flow. */
  on(flow: string): readonly DeviceId[]
  /** Replaces all bindings of the device at once; an empty list removes them. */
  commit(device: DeviceId, bindings: readonly BoundContact[]): void
  /** The device's last binding at this node is gone: expired, removed or taken over by another node. */
  onGone(listener: (device: DeviceId) => void): () => void
  /** The connection of that flow of this node is gone. */
  isClosed(flow: string): boolean
  /** Where the phones of this node are. */
  flows(): readonly string[]
  /** Phones of this node behind NAT, over UDP. */
  hidden(): readonly BoundContact[]
  close(): Promise<void>
}

export interface BindingsNeeds {
  readonly store: Store
  readonly node: NodeName
  /** The node's own: the time of Redis is compared with in its records alone. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Tells which connections of registered phones have gone; absent: nobody knows. Answers the function that stops. */
  readonly onFlowGone?: ((listener: (flow: string) => void) => () => void) | undefined
}

/** A record that vanishes this shortly before its end has simply expired. */
const nearlyExpiredSeconds = 5

export function createBindings({ store, node, clock, log, metrics, onFlowGone }: BindingsNeeds): Bindings {
  const copy = createRegistrationCopy(node, { replica: store.replica, clock, networkClock: store.clock })
  const table = createBindingTable({ clock, log, metrics, onExpired: (device) => records.touch(device, 'all') })
  const records = createRecords({ store, copy, node, clock, log, current, onSettled: catchUp })
  /** Their records changed while we were writing them: whose change it was shows when that is over. */
  const unseen = new Set<DeviceId>()

  function follow(device: DeviceId): void {
    if (table.of(device).length > 0) reconcile(device)
    // After a start, or when the copy is filled at last: this node's phones as they were.
    else if (!table.hasHandled(device) && !copy.isElsewhere(device) && copy.fresh(device).length > 0) table.hold(device, copy.fresh(device))
  }

  /** For a phone registered here: another node's record means that it has moved; any other difference is mended. */
  function reconcile(device: DeviceId): void {
    const mine = table.of(device)
    if (mine.length === 0) return
    if (records.isPending(device)) unseen.add(device)
    else if (copy.isElsewhere(device)) leave(device)
    else if (!sameButExpiry(copy.recorded(device), mine) && !endsSoon(mine, clock)) records.touch(device, 'all')
  }

  function catchUp(device: DeviceId): void {
    if (unseen.delete(device)) reconcile(device)
  }

  function leave(device: DeviceId): void {
    log.info({ event: 'registrar.unbound', device, node: copy.holder(device) }, `${device} has moved to another node`)
    table.hold(device, [])
  }

  /** After Redis was away, the phone may have registered elsewhere since: the later REGISTER wins. */
  function current(device: DeviceId): readonly BoundContact[] | null {
    const mine = table.of(device)
    if (mine.length === 0 || !copy.isElsewhere(device) || latest(mine) >= latest(copy.fresh(device))) return mine
    leave(device)
    return null
  }

  const offChange = copy.onChange(follow)
  const offGone = onFlowGone?.(table.close)
  for (const device of copy.devices()) follow(device)

  return {
    of(device) {
      const mine = table.of(device)
      return mine.length === 0 && copy.isElsewhere(device) ? copy.fresh(device) : mine
    },
    on: table.on,
    commit(device, bindings) {
      const changed = !sameButExpiry(table.committed(device), bindings)
      table.hold(device, bindings)
      records.touch(device, changed ? 'all' : 'expiry')
    },
    onGone: table.onGone,
    isClosed: table.isClosed,
    flows: table.flows,
    hidden: table.hidden,
    close() {
      offChange()
      offGone?.()
      table.end()
      return records.close()
    },
  }
}

function latest(bindings: readonly BoundContact[]): number {
  return Math.max(...bindings.map(({ registered }) => registered))
}

function endsSoon(bindings: readonly BoundContact[], clock: Clock): boolean {
  return Math.max(...bindings.map(({ expires }) => expires)) * 1000 - clock.now() < nearlyExpiredSeconds * 1000
}
