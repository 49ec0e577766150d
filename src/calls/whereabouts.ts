import type { DeviceId, Extension, NodeName } from '../base/identity.js'
import type { LiveNode, User } from '../directory/directory.js'
import type { Binding } from '../registrar/registrar.js'
import type { SipHeaders } from '../srf/srf.js'
import type { Branch } from './legs/ring.js'
import type { CallNeeds } from './needs.js'
import { passportHeader } from './parties/node-passport.js'

/** Where a call to a user would go right now. */
export type Whereabouts =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-logged-in'; readonly user: User }
  | { readonly kind: 'not-reachable'; readonly user: User }
  | { readonly kind: 'reachable'; readonly user: User; readonly branches: readonly Branch[] }

export interface Enquiry {
  readonly extension: Extension
  /** How often the call has been handed from node to node so far. */
  readonly hops: number
  /** Of every leg B: identity, Max-Forwards, and what is passed on from leg A. */
  readonly headers: SipHeaders
}

/** Handed on by the first node, and once more when the user has moved meanwhile. */
const mostHops = 2

/** Every phone of the user, reached at this node or through the node that holds its registration. */
export function whereabouts({ extension, hops, headers }: Enquiry, needs: CallNeeds): Whereabouts {
  const user = needs.directory.user(extension)
  if (!user) return { kind: 'unknown' }
  const devices = phonesOf(extension, needs)
  if (!user.enabled || devices.length === 0) return { kind: 'not-logged-in', user }
  const bindings = devices.flatMap((device) => needs.registrar.bindingsOf(device))
  const here = bindings.filter((binding) => binding.node === needs.node).map((binding) => phoneBranch(binding, headers))
  const elsewhere = hops < mostHops ? nodesOf(bindings, needs).map((node) => nodeBranch(node, { extension, hops, headers }, needs)) : []
  const branches = [...here, ...elsewhere]
  return branches.length === 0 ? { kind: 'not-reachable', user } : { kind: 'reachable', user, branches }
}

/** Where the user sits, and phones of their own; none that is about to be logged out. */
export function phonesOf(extension: Extension, { hotdesk, directory }: CallNeeds): readonly DeviceId[] {
  const seats = hotdesk.devicesOf(extension).filter((device) => !hotdesk.isDraining(device))
  const own = directory.ownedBy(extension).filter((device) => hotdesk.userOn(device.id) === null)
  return [...new Set([...seats, ...own.map((device) => device.id)])]
}

/** One phone on the flow it registered on (RFC 5626 §5.3). */
export function phoneBranch(binding: Binding, headers: SipHeaders): Branch {
  return { uri: binding.contact, parts: { headers, via: binding.flow }, device: binding.device }
}

function nodesOf(bindings: readonly Binding[], { directory, node }: CallNeeds): readonly LiveNode[] {
  const names = new Set<NodeName>(bindings.map((binding) => binding.node).filter((name) => name !== node))
  // A node without a heartbeat is down: nobody waits for Timer B.
  return [...names].flatMap((name) => directory.node(name) ?? [])
}

function nodeBranch(to: LiveNode, { extension, hops, headers }: Enquiry, { passports, node }: CallNeeds): Branch {
  const callId = `${crypto.randomUUID()}@${node}`
  const passport = passports.sign({ from: node, to: to.name, callId, target: extension, hops: hops + 1 })
  const [protocol = 'udp', address = to.sip] = splitOnce(to.sip)
  return {
    uri: `sip:${extension}@${address};transport=${protocol}`,
    parts: { headers: { ...headers, 'Call-ID': callId, [passportHeader]: passport } },
    device: null,
  }
}

// `udp:[2001:db8::1]:5060` and `udp/192.0.2.1:5060` both begin with the protocol.
function splitOnce(text: string): readonly string[] {
  const at = text.search(/[:/]/)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
