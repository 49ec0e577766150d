import type { DeviceId, NodeName } from '../../base/identity.js'
import { sameUri } from '../../sip/uri/uri.js'
import { type BoundContact, phoneOf } from '../bindings/record.js'
import { type Refusal, refusal } from './refusal.js'
import type { ExpiryLimits, Origin, RequestedContact, Wish } from './register-request.js'

export interface ChangeNeeds {
  readonly device: DeviceId
  readonly node: NodeName
  readonly wish: Exclude<Wish, { kind: 'fetch' }>
  readonly origin: Origin
  readonly limits: ExpiryLimits
  /** Epoch seconds. */
  readonly now: number
  /** The connection of that flow is gone. */
  readonly isClosed: (flow: string) => boolean
}

export type Changed = { readonly kind: 'bindings'; readonly bindings: readonly BoundContact[] } | Refusal

/** RFC 3261 §10.3 steps 6 and 7: what the device's bindings become. All of the request or nothing of it. */
export function changeContacts(present: readonly BoundContact[], needs: ChangeNeeds): Changed {
  const { wish, node } = needs
  if (wish.kind === 'remove all') {
    return present.some((binding) => isOutOfOrder(binding, needs.origin)) ? outOfOrder : { kind: 'bindings', bindings: [] }
  }
  // Each is compared with all others. No phone has as many; 403 would make some ask for a password.
  if (wish.contacts.length > 2 * needs.limits.maxContacts) return refusal(400, 'Too Many Contacts')
  let bindings = present
  for (const wished of wish.contacts) {
    const known = present.find((binding) => sameUri(binding.contact, wished.contact))
    if (known && isOutOfOrder(known, needs.origin)) return outOfOrder
    bindings = withRoom(changeOne(bindings, wished, needs), needs)
  }
  return { kind: 'bindings', bindings: bindings.filter((binding) => binding.node === node) }
}

const outOfOrder = refusal(500, 'CSeq Out Of Order')

/** A REGISTER that was overtaken by a later one of the same phone. */
function isOutOfOrder(binding: BoundContact, origin: Origin): boolean {
  return binding.callId === origin.callId && origin.cseq <= binding.cseq
}

function changeOne(bindings: readonly BoundContact[], wished: RequestedContact, needs: ChangeNeeds): readonly BoundContact[] {
  const others = bindings.filter((binding) => !sameUri(binding.contact, wished.contact) && !isReplaced(binding, wished))
  if (wished.seconds === 0) return others
  const bound = bind(wished, needs)
  const at = bindings.findIndex((binding) => sameUri(binding.contact, wished.contact))
  return at < 0 ? [...others, bound] : others.toSpliced(at, 0, bound)
}

/** The same phone with a new address, after a restart or a new lease: its old contact leads nowhere any more. */
function isReplaced(binding: BoundContact, wished: RequestedContact): boolean {
  return wished.seconds > 0 && wished.instance !== '' && binding.instance === wished.instance
}

/**
 * A phone that restarts without unregistering, from a new port each time, leaves a contact behind each time. It must not be refused for
 * that: the contact gives way that is most likely dead. A phone of the same make before others, one whose connection is gone before
 * others, the one that was not refreshed for longest.
 */
function withRoom(bindings: readonly BoundContact[], needs: ChangeNeeds): readonly BoundContact[] {
  if (bindings.length <= needs.limits.maxContacts) return bindings
  const { origin, isClosed } = needs
  const isNew = ({ callId, cseq }: BoundContact): boolean => callId === origin.callId && cseq === origin.cseq
  const newest = bindings.findLast(isNew)
  const phone = phoneOf(newest?.instance ?? '')
  const isSame = ({ instance, userAgent }: BoundContact): boolean =>
    (phone !== '' && phoneOf(instance) === phone) || userAgent === origin.userAgent
  const rank = (binding: BoundContact): readonly number[] => [
    Number(isNew(binding)),
    Number(!isSame(binding)),
    Number(!isClosed(binding.flow)),
    binding.registered,
  ]
  const [oldest] = bindings.toSorted((one, other) => compare(rank(one), rank(other)))
  return bindings.filter((binding) => binding !== oldest)
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

function bind({ contact, seconds, instance }: RequestedContact, { device, node, origin, now }: ChangeNeeds): BoundContact {
  return { device, node, contact, ...origin, instance, expires: Math.ceil(now) + seconds, registered: Math.floor(now * 1000) / 1000 }
}
