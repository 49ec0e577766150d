import type { Alarm, Clock } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import { type BoundContact, createRegistrationCopy, sameButExpiry } from './record.js'
import { createWriteBehind } from './write-behind.js'

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
  replace(device: DeviceId, bindings: readonly BoundContact[]): void
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
  const table = createBindingTable({ clock, log, metrics, onExpired: (device) => records.schedule(device, 'all') })
  const records = createWriteBehind({ store, copy, node, clock, log, current, onSettled: catchUp })
  /** Their records changed while we were writing them: whose change it was shows when that is over. */
  const unseen = new Set<DeviceId>()

  function follow(device: DeviceId): void {
    if (table.of(device).length > 0) reconcile(device)
    // After a start, or when the copy is filled at last: this node's phones as they were.
    else if (!table.hasHandled(device) && !copy.isElsewhere(device) && copy.fresh(device).length > 0)
      table.replace(device, copy.fresh(device))
  }

  /** For a phone registered here: another node's record means that it has moved; any other difference is mended. */
  function reconcile(device: DeviceId): void {
    const mine = table.of(device)
    if (mine.length === 0) return
    if (records.isPending(device)) unseen.add(device)
    else if (copy.isElsewhere(device)) leave(device)
    else if (!sameButExpiry(copy.recorded(device), mine) && !endsSoon(mine, clock)) records.schedule(device, 'all')
  }

  function catchUp(device: DeviceId): void {
    if (unseen.delete(device)) reconcile(device)
  }

  function leave(device: DeviceId): void {
    log.info({ event: 'registrar.unbound', device, node: copy.holder(device) }, `${device} has moved to another node`)
    table.replace(device, [])
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
    replace(device, bindings) {
      const changed = !sameButExpiry(table.committed(device), bindings)
      table.replace(device, bindings)
      records.schedule(device, changed ? 'all' : 'expiry')
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

/** The phones that are registered at this node, in memory, each binding until it expires. */
interface BindingTable {
  /** Fresh ones, in the order of their first registration. */
  of(device: DeviceId): readonly BoundContact[]
  /** The devices that have registered on this flow, most often one. */
  on(flow: string): readonly DeviceId[]
  /** What was committed last, expired or not. */
  committed(device: DeviceId): readonly BoundContact[]
  /** Replaces all bindings of the device at once; an empty list removes them. */
  replace(device: DeviceId, bindings: readonly BoundContact[]): void
  /** This process has had to do with the device: memory is the truth, whatever old record may still come by. */
  hasHandled(device: DeviceId): boolean
  onGone(listener: (device: DeviceId) => void): () => void
  /** The connection of that flow has gone, and no REGISTER has come over it since. */
  isClosed(flow: string): boolean
  /** The connection of that flow has gone. */
  close(flow: string): void
  /** Where all of them are: `sip:192.0.2.7:5060;transport=udp`. */
  flows(): readonly string[]
  /** Those behind NAT, over UDP. */
  hidden(): readonly BoundContact[]
  end(): void
}

interface BindingTableNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** A binding has expired; those that are left are held. */
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
    hidden: () => [...held.values()].flat().filter(({ between, flow }) => between === 'nat' && flow.endsWith(';transport=udp')),
    end() {
      for (const alarm of alarms.values()) alarm.cancel()
    },
  }
}

/** Which devices have a binding on a flow: a gateway with several lines has them all on one. */
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
