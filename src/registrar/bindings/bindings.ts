import type { Alarm, Clock } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import { type BoundContact, createRegistrationCopy, sameButExpiry } from './record.js'
import { createWriteBehind } from './write-behind.js'

/**
 * Which phone is registered at which node: this node's phones in memory, the others in the copy of Redis. A phone is at one node at a time, the
 * one where it registered last.
 */
export interface Bindings {
  /** Unexpired bindings at any node, in the order of their first registration. */
  of(device: DeviceId): readonly BoundContact[]
  /** Devices that have registered at this node on this flow. */
  on(flow: string): readonly DeviceId[]
  /** Replaces all bindings of the device at once; an empty list removes them. */
  replace(device: DeviceId, bindings: readonly BoundContact[]): void
  /** The last binding of the device at this node is gone: expired, removed or taken over by another node. */
  onGone(listener: (device: DeviceId) => void): () => void
  /** Whether the connection of this flow is closed. */
  isClosed(flow: string): boolean
  /** The flows of this node's phones. */
  flows(): readonly string[]
  /** Bindings of this node's phones behind NAT over UDP. */
  behindNat(): readonly BoundContact[]
  close(): Promise<void>
}

export interface BindingsNeeds {
  readonly store: Store
  readonly node: NodeName
  /** The node's own. The clock of Redis is used only in records. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Reports closed connections of registered phones; absent if the SIP server does not report them. Returns the function that stops. */
  readonly onFlowGone?: ((listener: (flow: string) => void) => () => void) | undefined
}

/** A record that vanishes within this time before its end has simply expired. */
const nearlyExpiredSeconds = 5

export function createBindings({ store, node, clock, log, metrics, onFlowGone }: BindingsNeeds): Bindings {
  const copy = createRegistrationCopy(node, { replica: store.replica, clock, networkClock: store.clock })
  const table = createBindingTable({ clock, log, metrics, onExpired: (device) => records.schedule(device, 'all') })
  const records = createWriteBehind({ store, copy, node, clock, log, current, onSettled: catchUp })
  /** Devices whose records changed while a write was pending. Whose change it was shows only after the write. */
  const changedMeanwhile = new Set<DeviceId>()

  function follow(device: DeviceId): void {
    if (table.of(device).length > 0) reconcile(device)
    // After a start, or once the copy is filled: this node's phones as they were.
    else if (!table.hasHandled(device) && !copy.isElsewhere(device) && copy.fresh(device).length > 0)
      table.replace(device, copy.fresh(device))
  }

  /** For a phone registered here: a record of another node means that the phone has moved. Any other difference is repaired. */
  function reconcile(device: DeviceId): void {
    const mine = table.of(device)
    if (mine.length === 0) return
    if (records.isPending(device)) changedMeanwhile.add(device)
    else if (copy.isElsewhere(device)) leave(device)
    else if (!sameButExpiry(copy.recorded(device), mine) && !endsSoon(mine, clock)) records.schedule(device, 'all')
  }

  function catchUp(device: DeviceId): void {
    if (changedMeanwhile.delete(device)) reconcile(device)
  }

  function leave(device: DeviceId): void {
    log.info({ event: 'registrar.unbound', device, node: copy.holder(device) }, `${device} has moved to another node`)
    table.replace(device, [])
  }

  /** While Redis was away, the phone may have registered at another node. The later REGISTER wins. */
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
    replace(device, bindings) {
      const changed = !sameButExpiry(table.committed(device), bindings)
      table.replace(device, bindings)
      records.schedule(device, changed ? 'all' : 'expiry')
    },
    onGone: table.onGone,
    isClosed: table.isClosed,
    flows: table.flows,
    behindNat: table.behindNat,
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

/** Bindings of the phones at this node, in memory until they expire. */
interface BindingTable {
  /** Unexpired bindings, in the order of their first registration. */
  of(device: DeviceId): readonly BoundContact[]
  /** Devices that have registered on this flow, usually one. */
  on(flow: string): readonly DeviceId[]
  /** The bindings last given to `replace`, expired or not. */
  committed(device: DeviceId): readonly BoundContact[]
  /** Replaces all bindings of the device at once; an empty list removes them. */
  replace(device: DeviceId, bindings: readonly BoundContact[]): void
  /** Whether this process has handled the device. If so, memory counts and an old record does not. */
  hasHandled(device: DeviceId): boolean
  onGone(listener: (device: DeviceId) => void): () => void
  /** Whether the connection of this flow is closed, and no REGISTER has arrived over it since. */
  isClosed(flow: string): boolean
  /** The connection of this flow is closed. */
  close(flow: string): void
  /** The flows of all bindings: `sip:192.0.2.7:5060;transport=udp`. */
  flows(): readonly string[]
  /** Bindings behind NAT over UDP. */
  behindNat(): readonly BoundContact[]
  end(): void
}

interface BindingTableNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** A binding has expired, and the table holds only the others. */
  readonly onExpired: (device: DeviceId) => void
}

function createBindingTable({ clock, log, metrics, onExpired }: BindingTableNeeds): BindingTable {
  const held = new Map<DeviceId, readonly BoundContact[]>()
  const flows = createFlowIndex()
  const handled = new Set<DeviceId>()
  const alarms = new Map<DeviceId, Alarm>()
  const closed = new Set<string>()
  const gone = createEmitter<[DeviceId]>((err) => log.error({ event: 'node.fault', err }, 'a listener of the registrar failed'))

  function of(device: DeviceId): readonly BoundContact[] {
    return (held.get(device) ?? []).filter(({ expires }) => expires * 1000 > clock.now())
  }

  function replace(device: DeviceId, bindings: readonly BoundContact[]): void {
    const hadBindings = held.has(device)
    handled.add(device)
    alarms.get(device)?.cancel()
    alarms.delete(device)
    const before = held.get(device) ?? []
    flows.replace(device, before, bindings)
    for (const { flow } of before) if (flows.devicesOn(flow).length === 0) closed.delete(flow)
    const registeredAt = (flow: string): number => before.find((binding) => binding.flow === flow)?.registered ?? 0
    for (const { flow, registered } of bindings) if (registered > registeredAt(flow)) closed.delete(flow)
    if (bindings.length > 0) {
      held.set(device, bindings)
      const first = Math.min(...bindings.map(({ expires }) => expires))
      const expiry = clock.after(Math.max(0, first * 1000 - clock.now()), () => expire(device))
      alarms.set(device, expiry)
    } else held.delete(device)
    metrics.bindings.set(held.size)
    if (hadBindings && bindings.length === 0) gone.emit(device)
  }

  function expire(device: DeviceId): void {
    const left = of(device)
    log.info({ event: 'registrar.expired', device, left: left.length }, `registration of ${device} has expired`)
    replace(device, left)
    onExpired(device)
  }

  return {
    of,
    on: (flow) => flows.devicesOn(flow).filter((device) => of(device).some((binding) => binding.flow === flow)),
    committed: (device) => held.get(device) ?? [],
    replace,
    hasHandled: (device) => handled.has(device),
    onGone: gone.on,
    isClosed: (flow) => closed.has(flow),
    close(flow) {
      if (flows.devicesOn(flow).length > 0) closed.add(flow)
    },
    flows: () => Array.from(held.values(), (bindings) => bindings.map(({ flow }) => flow)).flat(),
    behindNat: () =>
      [...held.values()].flat().filter(({ intermediary, flow }) => intermediary === 'nat' && flow.endsWith(';transport=udp')),
    end() {
      for (const alarm of alarms.values()) alarm.cancel()
    },
  }
}

/** Which devices have a binding on a flow. A gateway with several lines has all of them on one flow. */
function createFlowIndex() {
  const devices = new Map<string, Set<DeviceId>>()

  function remove(device: DeviceId, flow: string): void {
    const on = devices.get(flow)
    if (on?.delete(device) && on.size === 0) devices.delete(flow)
  }

  return {
    devicesOn: (flow: string): readonly DeviceId[] => [...(devices.get(flow) ?? [])],
    replace(device: DeviceId, before: readonly BoundContact[], after: readonly BoundContact[]): void {
      for (const { flow } of before) remove(device, flow)
      for (const { flow } of after) devices.set(flow, (devices.get(flow) ?? new Set()).add(device))
    },
  }
}
