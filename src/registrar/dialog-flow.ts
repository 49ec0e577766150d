import type { Clock } from '../base/clock.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import { flowUri } from '../sip/uri/flow-uri.js'
import type { FarEnd, IncomingRequest, SipSource } from '../srf/srf.js'
import type { Bindings } from './bindings/bindings.js'
import { type BoundContact, phoneOf } from './bindings/record.js'
import { reachOf } from './reach.js'
import { flowOf, intermediaryOf } from './register/register-request.js'

export interface FollowNeeds {
  readonly bindings: Pick<Bindings, 'of' | 'isClosed'>
  readonly node: NodeName
  readonly clock: Clock
}

/** Where a dialog with a phone began: the source of its INVITE, or the flow over which it was called. */
export interface Beginning {
  readonly flow: string
  readonly local: string
}

/** Null for a caller behind a proxy through which it has not registered: its Contact shows where it is. */
export function beginningOf(request: IncomingRequest, bindings: readonly Pick<BoundContact, 'flow'>[]): Beginning | null {
  const flow = flowOf(request.source)
  if (intermediaryOf(request) === 'proxy' && !bindings.some((binding) => binding.flow === flow)) return null
  return { flow, local: request.receivedOn }
}

/**
 * Follows a phone through its dialog (RFC 5626 §5.3): the latest request in the dialog, or the latest REGISTER, shows the flow. A registration
 * of another phone with the same account does not move the dialog: neither one that existed when the dialog began, nor any while the dialog's
 * own flow is registered, open and responding.
 */
export function createFollower({ bindings, node, clock }: FollowNeeds): (device: DeviceId, from: Beginning) => FarEnd {
  const heldHere = (device: DeviceId) => bindings.of(device).filter((binding) => binding.node === node)
  return (device, from) => {
    let present = { ...from, since: clock.now(), isSilent: false }
    /** The phone's binding on this flow; null if it has none. */
    let phone = heldHere(device).find(({ flow }) => flow === from.flow) ?? null
    const others = new Set(
      heldHere(device)
        .filter((binding) => phone !== null && !isSamePhone(binding, phone))
        .map(({ callId }) => callId),
    )

    function newest(among: readonly BoundContact[]): BoundContact | null {
      return among.reduce<BoundContact | null>((best, next) => (best && best.registered >= next.registered ? best : next), null)
    }

    /** A silent phone may have restarted at another port. A later contact with the same User-Agent is taken for its own. */
    function successorOf(silent: BoundContact, own: readonly BoundContact[]): BoundContact | null {
      return newest(own.filter((binding) => isLater(binding) && binding.userAgent !== '' && binding.userAgent === silent.userAgent))
    }

    function isLater({ registered }: BoundContact): boolean {
      return registered * 1_000 >= present.since
    }

    function bindingNow(): BoundContact | null {
      const own = heldHere(device).filter(({ flow, callId }) => !bindings.isClosed(flow) && !others.has(callId))
      const successor = present.isSilent && phone ? successorOf(phone, own) : null
      if (successor) return successor
      const here = own.find(({ flow }) => flow === present.flow)
      phone = here ?? phone
      // A phone keeps the Call-ID of its registration (RFC 3261 §10.2) when NAT gives it another port.
      if (here) return newest(own.filter((binding) => isSamePhone(binding, here) && binding.registered >= here.registered))
      return newest(bindings.isClosed(present.flow) ? own : own.filter(isLater))
    }

    return {
      heard(source: SipSource) {
        const flow = flowOf(source)
        const local = flow.endsWith(transportOf(present.flow)) ? present.local : ''
        present = { flow, local, since: clock.now(), isSilent: false }
      },
      silent() {
        present = { ...present, isSilent: true }
      },
      hop() {
        const binding = bindingNow()
        return binding ? reachOf(binding).via : flowUri(present.flow, present.local)
      },
    }
  }
}

function isSamePhone(one: BoundContact, other: BoundContact): boolean {
  const phone = phoneOf(one.instance)
  return one.callId === other.callId || (phone !== '' && phone === phoneOf(other.instance))
}

/** `;transport=udp` */
function transportOf(flow: string): string {
  return flow.slice(flow.lastIndexOf(';'))
}
