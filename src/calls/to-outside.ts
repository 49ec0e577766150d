import type { Trunk } from '../dialplan/dialplan.js'
import type { SipAnswer } from '../srf/srf.js'
import { type Call, refuse } from './call.js'
import type { To } from './decision/contract.js'
import type { Failure, Termination } from './failure.js'
import type { CallNeeds, TrunkInquiry } from './needs.js'
import { overTrunk, type TrunkCall } from './over-trunk.js'

/** Calls a number outside through the site's lines, one after the other until one takes the call. */
export function toOutside(call: Call, { number, trunks, callerId }: To<'outside'>, needs: CallNeeds): Promise<Termination> {
  const party = callerId === null ? call.party : { ...call.party, number: callerId, isAsserted: true }
  return overTrunks(call, { number, trunks, party, location: null }, needs)
}

export interface OutsideCall extends Omit<TrunkCall, 'trunk' | 'isLast' | 'onResponse'> {
  /** In the order in which they are tried. */
  readonly trunks: readonly Trunk[]
}

/**
 * An ordinary call tries the next trunk when one is at fault. An emergency call tries it after every refusal, 486 and 6xx included: a
 * carrier that does not want such calls may decline them, and a centre that is busy over one trunk may be free over another.
 */
export async function overTrunks(call: Call, { trunks, ...what }: OutsideCall, needs: CallNeeds): Promise<Termination> {
  let told: Failure = { reason: 'no-trunk' }
  for (const trunk of trunks) {
    const inquiry = needs.trunks.asked(trunk)
    const onResponse = (answer: SipAnswer): void => {
      if (!answer.madeHere && !isTrunkFault(answer)) inquiry.answered()
    }
    const placed = await overTrunk(call, { trunk, isLast: trunk === trunks.at(-1), onResponse, ...what }, needs)
    if (placed.outcome === 'ended') return placed.termination
    if (placed.outcome === 'withdrawn') continue
    const failure = refusalOf(placed.failure)
    // A fault of a trunk tells the caller less than a refusal by another one.
    if (failure.answer && isTrunkFault(failure.answer)) noteFault(inquiry, failure.answer)
    else told = failure
    if (call.invite.cancelled || !mayTryNext(call, failure)) break
  }
  return refuse(call, told)
}

function mayTryNext({ kind }: Call, { answer }: Failure): boolean {
  return answer !== undefined && (kind === 'emergency' || isTrunkFault(answer))
}

/** A 487 that arrives is the trunk's own: a call that we have cancelled waits for no response. */
function refusalOf(failure: Failure): Failure {
  return failure.answer?.status === 487 ? { ...failure, reason: 'upstream' } : failure
}

/** The trunk is at fault and not the number: the next one may do (RFC 3263 §4.3 names 503 and time-outs). */
function isTrunkFault({ status }: SipAnswer): boolean {
  return trunkFaults.has(status) || (status >= 500 && status < 600)
}

/** 430, 477 and 478: a proxy in front of the trunk does not reach it. */
const trunkFaults: ReadonlySet<number> = new Set([401, 407, 408, 430, 477, 478])

function noteFault(inquiry: TrunkInquiry, { status, madeHere }: SipAnswer): void {
  // It was never sent: that says nothing of the trunk.
  if (madeHere === 'link') return
  if (madeHere && status === 408) inquiry.silent()
  else inquiry.refused(status)
}
