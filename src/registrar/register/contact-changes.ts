import type { DeviceId, NodeName } from '../../base/identity.js'
import { sameUri } from '../../sip/uri.js'
import type { BoundContact } from '../bindings/binding.js'
import { type ExpiryLimits, type Origin, type Refusal, refusal, type Wish, type WishedContact } from './register-request.js'

export interface ChangeNeeds {
  readonly device: DeviceId
  readonly node: NodeName
  readonly wish: Exclude<Wish, { kind: 'fetch' }>
  readonly origin: Origin
  readonly limits: ExpiryLimits
  /** Epoch seconds. */
  readonly now: number
}

export type Changed = { readonly kind: 'bindings'; readonly bindings: readonly BoundContact[] } | Refusal

/** RFC 3261 §10.3 steps 6 and 7: what the device's bindings become. All of the request or nothing of it. */
export function changeContacts(present: readonly BoundContact[], needs: ChangeNeeds): Changed {
  const { wish } = needs
  if (wish.kind === 'remove all') {
    return present.some((binding) => isOutOfOrder(binding, needs.origin)) ? outOfOrder : { kind: 'bindings', bindings: [] }
  }
  // Each is compared with all others, so their number is looked at first. As many may go as may come.
  if (wish.contacts.length > 2 * needs.limits.maxContacts) return refusal(403, 'Too Many Contacts')
  let bindings = present
  for (const wished of wish.contacts) {
    const known = present.find((binding) => sameUri(binding.contact, wished.contact))
    if (known && isOutOfOrder(known, needs.origin)) return outOfOrder
    bindings = changeOne(bindings, wished, needs)
  }
  if (bindings.length > needs.limits.maxContacts) return refusal(403, 'Too Many Contacts')
  return { kind: 'bindings', bindings: bindings.filter((binding) => binding.node === needs.node) }
}

const outOfOrder = refusal(500, 'CSeq Out Of Order')

/** A REGISTER that was overtaken by a later one of the same phone. */
function isOutOfOrder(binding: BoundContact, origin: Origin): boolean {
  return binding.callId === origin.callId && origin.cseq <= binding.cseq
}

function changeOne(bindings: readonly BoundContact[], wished: WishedContact, needs: ChangeNeeds): readonly BoundContact[] {
  const others = bindings.filter((binding) => !sameUri(binding.contact, wished.contact) && !isReplaced(binding, wished))
  if (wished.seconds === 0) return others
  const bound = bind(wished, needs)
  const at = bindings.findIndex((binding) => sameUri(binding.contact, wished.contact))
  return at < 0 ? [...others, bound] : others.toSpliced(at, 0, bound)
}

/** The same phone with a new address, after a restart or a new lease: its old contact leads nowhere any more. */
function isReplaced(binding: BoundContact, wished: WishedContact): boolean {
  return wished.seconds > 0 && wished.instance !== '' && binding.instance === wished.instance
}

function bind({ contact, seconds, instance }: WishedContact, { device, node, origin, now }: ChangeNeeds): BoundContact {
  return { device, node, contact, ...origin, instance, expires: Math.ceil(now) + seconds, registered: Math.floor(now * 1000) / 1000 }
}
