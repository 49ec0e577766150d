import type { LiveNode, User } from '../../directory/directory.js'
import type { Binding } from '../../registrar/registrar.js'
import type { SipHeaders } from '../../srf/srf.js'
import type { To } from '../decision/contract.js'
import type { CallNeeds } from '../needs.js'
import { passportHeader } from '../parties/node-passport.js'
import { sipUriOf } from './node-address.js'
import type { Branch } from './ring.js'

/** The user's phones here, and the nodes that hold the others, all at once. `headers`: of every leg B. */
export function branchesTo({ user, way, bindings, nodes }: To<'phones'>, headers: SipHeaders, needs: CallNeeds): readonly Branch[] {
  const here = bindings.map((binding) => phoneBranch(binding, headers))
  return [...here, ...nodes.map((node) => nodeBranch(node, { user, hops: way.hops + 1, headers }, needs))]
}

/** One phone on the flow it registered on (RFC 5626 §5.3). */
export function phoneBranch(binding: Binding, headers: SipHeaders): Branch {
  return { uri: binding.contact, parts: { headers, via: binding.flow }, device: binding.device }
}

interface Handover {
  readonly user: User
  readonly hops: number
  readonly headers: SipHeaders
}

function nodeBranch(to: LiveNode, { user, hops, headers }: Handover, { passports, node }: CallNeeds): Branch {
  const callId = `${crypto.randomUUID()}@${node}`
  const passport = passports.sign({ from: node, to: to.name, callId, target: user.extension, hops })
  return {
    uri: sipUriOf(to, user.extension),
    parts: { headers: { ...headers, 'Call-ID': callId, [passportHeader]: passport } },
    device: null,
    node: to.name,
  }
}
