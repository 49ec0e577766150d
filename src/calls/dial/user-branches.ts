import type { LiveNode, User } from '../../directory/directory.js'
import { type Binding, reachOf } from '../../registrar/registrar.js'
import { withoutUriHeaders } from '../../sip/uri.js'
import type { Call } from '../call.js'
import { identityHeaders, shownIdentity } from '../identity/party.js'
import { passportHeader } from '../inbound/hop-token.js'
import { contentOf } from '../inbound/signed-content.js'
import type { CallNeeds } from '../needs.js'
import type { To } from '../routing/contract.js'
import type { Branch } from './fork.js'
import { sipUriOf } from './node-uri.js'

/** The user's phones here, and the nodes that hold the others, all at once. */
export function branchesTo({ user, way, bindings, nodes }: To<'phones'>, call: Call, needs: CallNeeds): readonly Branch[] {
  const here = bindings.map((binding) => phoneBranch(binding, call, needs))
  return [...here, ...nodes.map((node) => nodeBranch(node, { user, hops: way.hops + 1, call }, needs))]
}

/** One phone on the flow it registered on (RFC 5626 §5.3), or through the proxies of its Path (RFC 3327 §5.3). */
export function phoneBranch(
  binding: Binding,
  { headers, party }: Pick<Call, 'headers' | 'party'>,
  { domain, registrar }: Pick<CallNeeds, 'domain' | 'registrar'>,
): Branch {
  const reach = reachOf(binding)
  const shown = { ...headers, ...shownIdentity(party, domain), ...reach.headers }
  const parts = { headers: shown, via: reach.via, farEnd: registrar.follow(binding) }
  return { uri: withoutUriHeaders(binding.contact), parts, device: binding.device }
}

interface Handover {
  readonly user: User
  readonly hops: number
  readonly call: Pick<Call, 'headers' | 'offer' | 'party'>
}

function nodeBranch(to: LiveNode, { user, hops, call }: Handover, { passports, peers, node, domain }: CallNeeds): Branch {
  const callId = `${crypto.randomUUID()}@${node}`
  const { offer, party } = call
  const headers = { ...call.headers, ...identityHeaders(party, domain) }
  const header = (name: string): string => [headers[name] ?? ''].flat().join(', ')
  const passage = { from: node, to: to.name, callId, target: user.extension, hops }
  const passport = passports.sign(passage, contentOf({ header, body: offer }))
  return {
    uri: sipUriOf(to, user.extension),
    parts: { headers: { ...headers, 'Call-ID': callId, [passportHeader]: passport } },
    device: null,
    node: peers.current(to.name),
  }
}
