import type { Milliseconds } from '../../base/clock.js'
import type { LiveNode } from '../../directory/directory.js'
import type { SipApplication } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { Attempts } from '../dial/attempt.js'
import { patienceWith } from '../dial/trunk-attempt.js'
import type { UserBranches } from '../dial/user-branches.js'
import { type Failure, reasonCodeHeader, type Termination } from '../failure.js'
import type { DestinationOf } from '../routing/contract.js'
import type { SpokenRefusals } from '../spoken-refusal.js'

export interface BreakOutDialNeeds {
  readonly attempts: Pick<Attempts, 'fork'>
  readonly branches: Pick<UserBranches, 'toSite'>
  readonly spokenRefusals: Pick<SpokenRefusals, 'refuse'>
  readonly srf: Pick<SipApplication, 'reportsTrying'>
}

/** Sends a call to a node of the site by whose plan it is dialled. Resolves when it has ended. */
export type DialBreakOut = (call: Call, to: DestinationOf<'break-out'>) => Promise<Termination>

/** That site decides how long the number rings. This only ends calls that will never be answered. */
const ringMs: Milliseconds = 180_000

/** A node that does not respond or takes no calls is passed over, as long as nothing has rung. */
export function createBreakOutDial({ attempts, branches, spokenRefusals, srf }: BreakOutDialNeeds): DialBreakOut {
  async function tryNode(call: Call, node: LiveNode, { site, digits }: DestinationOf<'break-out'>): Promise<Termination | Failure> {
    const plan = {
      branches: [branches.toSite(asDialled(call), node, digits)],
      ringMs,
      silenceMs: patienceWith(srf).silenceMs,
      target: `site ${site}`,
    }
    const result = await attempts.fork(call, plan)
    if (result.outcome === 'ended') return result.termination
    return result.outcome === 'missed' ? result.failure : { reason: 'no-answer' }
  }

  return async (call, to) => {
    for (const node of to.nodes) {
      const result = await tryNode(call, node, to)
      if ('result' in result) return result
      if (!isAway(result) || call.progress.ringing !== null) return spokenRefusals.refuse(call, result)
      const status = result.response?.status
      call.log.warn({ event: 'call.refused', peer: node.name, status }, `${node.name} does not take the break-out to ${to.site}`)
    }
    return spokenRefusals.refuse(call, { reason: 'site-away' })
  }
}

/** The other site judges the user who dials. For a call that was transferred there, that is the user who has transferred it. */
function asDialled(call: Call): Call {
  const user = call.transfer?.by.user
  return user ? { ...call, party: { ...call.party, name: user.name, number: user.extension, isAsserted: true } } : call
}

/** Reasons for which a node, rather than the number, refuses with 503. */
const nodeReasons: ReadonlySet<string> = new Set(['', 'stopping', 'store-lost'])

function isAway({ response }: Failure): boolean {
  if (response?.madeHere) return true
  return response?.status === 503 && nodeReasons.has(response.header(reasonCodeHeader))
}
