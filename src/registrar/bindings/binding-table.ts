import type { Alarm, Clock } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { BoundContact } from './binding.js'

/** The phones that are registered at this node, in memory, each binding until it expires. */
export interface BindingTable {
  /** Fresh ones, in the order of their first registration. */
  of(device: DeviceId): readonly BoundContact[]
  /** The devices that have registered on this flow, most often one. */
  on(flow: string): readonly DeviceId[]
  /** What was committed last, expired or not. */
  committed(device: DeviceId): readonly BoundContact[]
  /** Replaces all bindings of the device at once; an empty list removes them. */
  hold(device: DeviceId, bindings: readonly BoundContact[]): void
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

export interface BindingTableNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** A binding has expired; those that are left are held. */
  readonly onExpired: (device: DeviceId) => void
}

export function createBindingTable({ clock, log, metrics, onExpired }: BindingTableNeeds): BindingTable {
  const held = new Map<DeviceId, readonly BoundContact[]>()
  const flows = createFlowIndex()
  const handled = new Set<DeviceId>()
  const alarms = new Map<DeviceId, Alarm>()
  const closed = new Set<string>()
  const gone = createEmitter<[DeviceId]>((err) => log.error({ event: 'node.fault', err }, 'a listener of the registrar failed'))

  function of(device: DeviceId): readonly BoundContact[] {
    return (held.get(device) ?? []).filter(({ expires }) => expires * 1000 > clock.now())
  }

  function hold(device: DeviceId, bindings: readonly BoundContact[]): void {
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
    hold(device, left)
    onExpired(device)
  }

  return {
    of,
    on: (flow) => flows.devicesOn(flow).filter((device) => of(device).some((binding) => binding.flow === flow)),
    committed: (device) => held.get(device) ?? [],
    hold,
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
