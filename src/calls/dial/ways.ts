import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Connect } from '../bridge/connect.js'
import type { NodeLegs } from '../bridge/node-legs.js'
import { createRingingCalls, type RingingCalls } from '../features/ringing-calls.js'
import { createCallerNames } from '../identity/caller-names.js'
import type { HopTokens } from '../inbound/hop-token.js'
import type { WritableUserCalls } from '../lamps/user-calls.js'
import type { NodeNetwork, NodeParts } from '../node-parts.js'
import { type Attempts, createAttempts } from './attempt.js'
import { createOutsideCalls, type OutsideCalls } from './outside-call.js'
import { createUserBranches, type UserBranches } from './user-branches.js'

/** The ways from this node to phones, other nodes and trunks. */
export interface Ways {
  readonly attempts: Attempts
  readonly branches: UserBranches
  readonly outsideCalls: OutsideCalls
  readonly ringingCalls: RingingCalls
}

export interface WaysNeeds {
  readonly parts: Pick<NodeParts, 'srf' | 'directory' | 'contacts' | 'hotdesk' | 'registrar' | 'trunks'>
  readonly network: Pick<NodeNetwork, 'node' | 'domain'>
  readonly nodeLegs: NodeLegs
  readonly connect: Connect
  readonly hopTokens: Pick<HopTokens, 'sign'>
  readonly userCalls: Pick<WritableUserCalls, 'ring'>
  /** How long after a refusal by one of a user's contacts the silent ones may still begin to ring. */
  readonly busyGraceMs: () => Milliseconds
  readonly clock: Clock
}

export function createWays({ parts, network, nodeLegs, connect, hopTokens, userCalls, busyGraceMs, clock }: WaysNeeds): Ways {
  const ringingCalls = createRingingCalls()
  const attempts = createAttempts({ ...parts, nodeLegs, connect, ringingCalls, userCalls, busyGraceMs, clock })
  const branches = createUserBranches({
    registrar: parts.registrar,
    hopTokens,
    nodeLegs,
    callerNames: createCallerNames(parts),
    ...network,
  })
  return {
    attempts,
    branches,
    outsideCalls: createOutsideCalls({ ...parts, attempts, branches, nodeLegs, clock }),
    ringingCalls,
  }
}
