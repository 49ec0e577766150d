import type { Clock } from '../base/clock.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import { flowUri } from '../sip/syntax/flow-uri.js'
import type { FarEnd, IncomingRequest, SipSource } from '../srf/srf.js'
import type { BoundContact } from './bindings/binding.js'
import type { Bindings } from './bindings/bindings.js'
import { reachOf } from './bindings/reach.js'
import { betweenOf, flowOf } from './register/register-request.js'

export interface FollowNeeds {
  readonly bindings: Pick<Bindings, 'of' | 'isClosed'>
  readonly node: NodeName
  readonly clock: Clock
}

/** Where a dialog with a phone began: the source of its INVITE, or the flow that it was called over. */
export interface Beginning {
  readonly flow: string
  readonly local: string
}

/** Null for a caller behind a proxy that the phone has not registered through: its Contact says where it is. */
export function beginningOf(request: IncomingRequest, bindings: readonly Pick<BoundContact, 'flow'>[]): Beginning | null {
  const flow = flowOf(request.source)
  if (betweenOf(request) === 'proxy' && !bindings.some((binding) => binding.flow === flow)) return null
  return { flow, local: request.receivedOn }
}

/**
 * Follows a phone through its dialog (RFC 5626 §5.3): the latest sign of life shows the flow, be it a request in the dialog or a REGISTER.
 * A registration of another contact of the device does not move the dialog, as long as its own flow is registered and open.
 */
export function createFollower({ bindings, node, clock }: FollowNeeds): (device: DeviceId, from: Beginning) => FarEnd {
  return (device, from) => {
    let present = { ...from, since: clock.now() }

    function newest(among: readonly BoundContact[]): BoundContact | null {
      return among.reduce<BoundContact | null>((best, next) => (best && best.registered >= next.registered ? best : next), null)
    }

    function bindingNow(): BoundContact | null {
      const own = bindings.of(device).filter((binding) => binding.node === node && !bindings.isClosed(binding.flow))
      const here = own.find(({ flow }) => flow === present.flow)
      // One phone keeps the Call-ID of its registration (RFC 3261 §10.2) when its address translation gives it another port.
      if (here) return newest(own.filter(({ callId, registered }) => callId === here.callId && registered >= here.registered))
      const isLater = ({ registered }: BoundContact): boolean => registered * 1_000 >= present.since
      return newest(bindings.isClosed(present.flow) ? own : own.filter(isLater))
    }

    return {
      heard(source: SipSource) {
        const flow = flowOf(source)
        const local = flow.endsWith(transportOf(present.flow)) ? present.local : ''
        present = { flow, local, since: clock.now() }
      },
      hop() {
        const binding = bindingNow()
        return binding ? reachOf(binding).via : flowUri(present.flow, present.local)
      },
    }
  }
}

/** `;transport=udp` */
function transportOf(flow: string): string {
  return flow.slice(flow.lastIndexOf(';'))
}
