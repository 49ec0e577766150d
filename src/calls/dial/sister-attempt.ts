import type { Clock, Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import type { Party } from '../../sip/identity/party.js'
import type { SipApplication, SipReply } from '../../srf/srf.js'
import type { NodeLegs } from '../bridge/node-legs.js'
import type { Call } from '../call.js'
import { noteLeg } from '../call-legs.js'
import { type RefusalReason, reasonCodeHeader } from '../failure.js'
import { type Attempt, fork } from './fork.js'
import { patienceWith, patienceWithoutProgress, type TrunkCall, targetName } from './trunk-attempt.js'
import type { TrunkWay } from './trunk-ways.js'
import type { UserBranches } from './user-branches.js'

export interface SisterAttemptNeeds {
  readonly srf: SipApplication
  readonly clock: Clock
  readonly branches: Pick<UserBranches, 'toSister'>
  readonly nodeLegs: Pick<NodeLegs, 'watchSetUp'>
}

/** A living node of the same site sends 100 within milliseconds. This leaves time for two retransmissions (RFC 3261 §17.1.1.2). */
const silenceMs: Milliseconds = 2_000

/** Hands the call to the node that is registered at the trunk. */
export function trySister(
  call: Call,
  { node }: Extract<TrunkWay, { kind: 'sister' }>,
  { trunk, number, party, diversions, mailbox, location, isLast, onResponse }: TrunkCall,
  { srf, clock, branches, nodeLegs }: SisterAttemptNeeds,
): Attempt {
  const device = calledBack(call, party)
  const handover = { trunk: trunk.name, kind: call.kind, location, ...(device && { device }), ...(mailbox && { mailbox }) }
  const branch = branches.toSister(call, node, { number, party, diversions, handover })
  const attempt = fork({
    srf,
    clock,
    branches: [branch],
    sdp: call.offer || null,
    ...patienceWithoutProgress(isLast),
    silenceMs: srf.reportsTrying ? silenceMs : patienceWith(srf).silenceMs,
    onProvisional: onResponse,
    onFinal: onResponse,
  })
  attempt.onSent((sent, callId) => noteLeg(call, sent, callId))
  const target = targetName(trunk)
  call.progress.reached = target
  call.log.info(
    { event: 'call.routed', to: target, peer: node.name, branches: 1 },
    `to ${target} by ${node.name}, which is registered there`,
  )
  const stop = branch.node ? nodeLegs.watchSetUp(branch.node, () => attempt.fail(branch)) : () => undefined
  void attempt.result.then(stop)
  return attempt
}

/** The registered node gets the call back as well, and must know the phone even while Redis is away. */
function calledBack({ kind, caller, plan }: Call, { number }: Party): DeviceId | null {
  if (kind !== 'emergency' || caller.kind !== 'device') return null
  return number === (caller.device.elin ?? plan.elin) ? caller.device.id : null
}

/** Reasons for which that node, rather than the trunk or the number, refuses. */
const nodeReasons: ReadonlySet<string> = new Set<RefusalReason | ''>([
  '',
  'no-trunk',
  'trunk-full',
  'stopping',
  'store-lost',
  'not-allowed',
  'bad-extension',
  'fault',
])

/** Another way to the trunk may work. */
export function isSisterFault(response: SipReply): boolean {
  return response.madeHere !== undefined || nodeReasons.has(response.header(reasonCodeHeader))
}
