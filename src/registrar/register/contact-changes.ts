import type { DeviceId, NodeName } from '../../base/identity.js'
import { sameUri } from '../../sip/uri/uri-equality.js'
import { type BoundContact, phoneOf } from '../bindings/record.js'
import { type Refusal, refusal } from './refusal.js'
import type { Origin, RegisterIntent, RequestedContact } from './register-request.js'

/** Contacts of a device: one phone with a few transports and flows, or a few softphones. */
const maxContacts = 8

export interface ChangeNeeds {
  readonly device: DeviceId
  readonly node: NodeName
  readonly intent: Exclude<RegisterIntent, { kind: 'fetch' }>
  readonly origin: Origin
  /** Epoch seconds. */
  readonly now: number
  /** Whether the connection of a flow is closed. */
  readonly isClosed: (flow: string) => boolean
}

export type Changed = { readonly kind: 'bindings'; readonly bindings: readonly BoundContact[] } | Refusal

/** The bindings of the device after a REGISTER (RFC 3261 §10.3 steps 6 and 7). The request succeeds or fails as a whole. */
export function changeContacts(present: readonly BoundContact[], needs: ChangeNeeds): Changed {
  const { intent, node } = needs
  if (intent.kind === 'remove all') {
    return present.some((binding) => isOutOfOrder(binding, needs.origin)) ? outOfOrder : { kind: 'bindings', bindings: [] }
  }
  // Each contact is compared with all others, so their number is limited. 403 would make some phones ask for a password.
  if (intent.contacts.length > 2 * maxContacts) return refusal(400, 'Too Many Contacts')
  let bindings = present
  for (const requested of intent.contacts) {
    const known = present.find((binding) => sameUri(binding.contact, requested.contact))
    if (known && isOutOfOrder(known, needs.origin)) return outOfOrder
    bindings = withRoom(changeOne(bindings, requested, needs), needs)
  }
  return { kind: 'bindings', bindings: bindings.filter((binding) => binding.node === node) }
}

const outOfOrder = refusal(500, 'CSeq Out Of Order')

/** A later REGISTER of the same phone has overtaken this one. */
function isOutOfOrder(binding: BoundContact, origin: Origin): boolean {
  return binding.callId === origin.callId && origin.cseq <= binding.cseq
}

function changeOne(bindings: readonly BoundContact[], requested: RequestedContact, needs: ChangeNeeds): readonly BoundContact[] {
  const others = bindings.filter((binding) => !sameUri(binding.contact, requested.contact) && !isReplaced(binding, requested))
  if (requested.seconds === 0) return others
  const bound = bind(requested, needs)
  const at = bindings.findIndex((binding) => sameUri(binding.contact, requested.contact))
  return at < 0 ? [...others, bound] : others.toSpliced(at, 0, bound)
}

/** The same phone with a new address, after a restart or a new DHCP lease. Its old contact is dead. */
function isReplaced(binding: BoundContact, requested: RequestedContact): boolean {
  return requested.seconds > 0 && requested.instance !== '' && binding.instance === requested.instance
}

/**
 * A phone that restarts without unregistering, each time from a new port, leaves dead contacts behind. It must not be refused for that, so the
 * contact that is most likely dead is dropped: of the same phone or User-Agent first, then with a closed connection, then refreshed longest ago.
 */
function withRoom(bindings: readonly BoundContact[], needs: ChangeNeeds): readonly BoundContact[] {
  if (bindings.length <= maxContacts) return bindings
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
