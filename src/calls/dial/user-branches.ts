import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { LiveNode } from '../../directory/directory.js'
import { type Binding, type Registrar, reachOf } from '../../registrar/registrar.js'
import type { Diversion } from '../../sip/diversion/diversion.js'
import type { Party } from '../../sip/identity/party.js'
import { nodeUri } from '../../sip/uri/node-uri.js'
import { withoutUriHeaders } from '../../sip/uri/sip-uri.js'
import type { NodeLegs } from '../bridge/node-legs.js'
import type { Call } from '../call.js'
import type { CallerNames } from '../identity/caller-names.js'
import { nodeDiversions, phoneDiversions } from '../identity/diversions.js'
import { nodeIdentity, phoneIdentity } from '../identity/identity-headers.js'
import { type Hop, type HopTokens, hopTokenHeader } from '../inbound/hop-token.js'
import { signedContent } from '../inbound/signed-content.js'
import { type TrunkHandover, trunkHandoverHeader, writeHandover } from '../inbound/trunk-handover.js'
import type { DestinationOf } from '../routing/contract.js'
import { orbitMark } from '../routing/number-rules.js'
import type { Branch } from './fork.js'

export interface UserBranchesNeeds {
  readonly registrar: Pick<Registrar, 'follow'>
  readonly hopTokens: Pick<HopTokens, 'sign'>
  readonly nodeLegs: Pick<NodeLegs, 'current'>
  readonly callerNames: CallerNames
  readonly node: NodeName
  readonly domain: string
}

/** The branches of a call to a user or a phone. */
export interface UserBranches {
  /** The user's phones at this node, and the nodes that hold the others. */
  toUser(call: Call, to: DestinationOf<'phones'>): readonly Branch[]
  /** On the flow that the phone registered on (RFC 5626 §5.3), or through the proxies of its Path (RFC 3327 §5.3). */
  toPhone(call: Call, binding: Binding): Branch
  /** A node of another site, which dials the number by its own plan. */
  toSite(call: Call, node: LiveNode, number: string): Branch
  /** A node at which a call to that user may ring. */
  toColleague(call: Call, node: LiveNode, extension: Extension): Branch
  /** A node of this site at which a call may be parked. */
  toOrbit(call: Call, node: LiveNode, orbit: string): Branch
  /** A node at which that phone is registered, for a PSAP callback. */
  toPhoneAt(call: Call, node: LiveNode, device: DeviceId): Branch
  /** A node of this site that is registered at a trunk, and calls the number there. */
  toSister(call: Call, node: LiveNode, order: SisterOrder): Branch
}

export interface SisterOrder {
  /** In the form of the trunk. */
  readonly number: string
  /** The caller as the trunk is to see them. */
  readonly party: Party
  readonly diversions: readonly Diversion[]
  readonly handover: TrunkHandover
}

export function createUserBranches({ registrar, hopTokens, nodeLegs, callerNames, node, domain }: UserBranchesNeeds): UserBranches {
  function toPhone({ headers, party }: Call, binding: Binding, diversions: readonly Diversion[]): Branch {
    const reach = reachOf(binding)
    const parts = {
      headers: { ...headers, ...phoneIdentity(party, domain), ...phoneDiversions(diversions, domain), ...reach.headers },
      via: reach.via,
      farEnd: registrar.follow(binding),
    }
    return { uri: withoutUriHeaders(binding.contact), parts, device: binding.device }
  }

  function toNode(call: Call, to: LiveNode, hop: Pick<Hop, 'target' | 'hops' | 'purpose'>, diversions: readonly Diversion[]): Branch {
    const callId = `${crypto.randomUUID()}@${node}`
    const headers = { ...call.headers, ...nodeIdentity(call.party, domain), ...nodeDiversions(diversions, domain) }
    const header = (name: string): string => [headers[name] ?? ''].flat().join(', ')
    const token = hopTokens.sign({ from: node, to: to.name, callId, ...hop }, signedContent({ header, body: call.offer }))
    return {
      uri: nodeUri(to, hop.target),
      parts: { headers: { ...headers, 'Call-ID': callId, [hopTokenHeader]: token } },
      device: null,
      node: nodeLegs.current(to.name),
    }
  }

  /** Signed like a call for a user, with the trunk. */
  function toSister(call: Call, to: LiveNode, { number, party, diversions, handover }: SisterOrder): Branch {
    const hops = call.caller.kind === 'node' ? call.caller.hops + 1 : 1
    const headers = { ...call.headers, [trunkHandoverHeader]: writeHandover(handover) }
    return toNode({ ...call, party, headers }, to, { target: number, hops, purpose: 'trunk' }, diversions)
  }

  return {
    toSister,
    toPhone: (call, binding) => toPhone(call, binding, []),
    toSite: (call, to, number) => toNode(call, to, { target: number, hops: 1, purpose: 'break-out' }, []),
    toPhoneAt: (call, to, device) => toNode(call, to, { target: device, hops: 1, purpose: 'psap-callback' }, []),
    toOrbit: (call, to, orbit) => toNode(call, to, { target: `${orbitMark}${orbit}`, hops: 1, purpose: 'pick-up' }, []),
    toColleague: (call, to, extension) => toNode(call, to, { target: extension, hops: 1, purpose: 'pick-up' }, []),
    toUser(call, { user, history: { hops, diversions }, bindings, nodes }) {
      const hop = { target: user.extension, hops: hops + 1, purpose: 'call' } as const
      // The node that a call arrives at knows how its trunk writes numbers.
      const isNamed = call.caller.kind === 'node'
      const shown = isNamed ? call : { ...call, party: callerNames.shownTo(user.extension, call.party, call.plan) }
      return [
        ...bindings.map((binding) => toPhone(shown, binding, diversions)),
        ...nodes.map((each) => toNode(shown, each, hop, diversions)),
      ]
    },
  }
}
