import type { Trunk } from '../../dialplan/dialplan.js'
import type { SipAnswer } from '../../srf/srf.js'
import { sessionDescription } from '../bridge/session-description.js'
import { type Call, refuse } from '../call.js'
import type { Termination } from '../failure.js'
import type { CallNeeds, TrunkInquiry } from '../needs.js'
import type { To } from '../routing/contract.js'
import { trunksInReach } from './address-family.js'
import { follow, outside, provisionalRelay } from './attempt.js'
import type { RingResult } from './fork.js'
import { nameOf, overTrunk, patienceWith, type TrunkCall } from './trunk-attempt.js'
import { type AskedTrunk, hunt, type TrunkCalling, type Verdict } from './trunk-hunt.js'

/** Calls a number outside through the site's trunks, until one takes the call. */
export function toOutside(call: Call, { number, trunks, callerId }: To<'outside'>, needs: CallNeeds): Promise<Termination> {
  const { targets, others } = trunksInReach(call, trunks)
  if (others.length > 0 && targets.length === 0) return Promise.resolve(refuseFamily(call, others))
  const party = callerId === null ? call.party : { ...call.party, number: callerId, isAsserted: true }
  return overTrunks(call, { number, trunks: targets, party, location: null }, needs)
}

function refuseFamily(call: Call, trunks: readonly Trunk[]): Termination {
  const names = trunks.map(({ name }) => name)
  const words = `the caller's media and ${names.join(', ')} have addresses of different families, IPv4 and IPv6: nothing relays between them`
  call.log.warn({ event: 'call.refused', status: 488, reason: 'other-family', trunks: names }, words)
  return refuse(call, { reason: 'other-family' })
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
  const { besideMs } = patienceWith(needs)
  const early = earlyMediaFor(call)
  const calling = hunt({
    trunks,
    besideMs,
    clock: needs.clock,
    ask: (asked) => askTrunk(call, { asked, early, ...what }, needs),
    judge: (answer) => verdictOn(call, answer),
  })
  const placed = await follow(call, calling, outside, needs)
  if (placed.outcome === 'ended') return placed.termination
  return refuse(call, placed.outcome === 'missed' ? placed.failure : { reason: 'no-trunk' })
}

function verdictOn({ kind }: Call, answer: SipAnswer): Verdict {
  if (isTrunkFault(answer)) return 'fault'
  // A carrier that names another place is not followed, since calls go to the trunks of the dial plan alone.
  if (answer.status < 400) return 'refused'
  return kind === 'emergency' ? 'refused' : 'final'
}

/** Early media of two trunks cannot be mixed: the caller hears the trunk that has sent the first. */
interface EarlyMedia {
  relay(trunk: Trunk, answer: SipAnswer): void
  /** The next trunk that sends any is heard. */
  release(trunk: Trunk): void
}

function earlyMediaFor(call: Call): EarlyMedia {
  const relay = provisionalRelay(call, 1)
  let heard: Trunk | null = null
  return {
    relay(trunk, answer) {
      if (heard !== null && heard !== trunk) return
      if (sessionDescription(answer) !== '') heard = trunk
      relay(answer)
    },
    release(trunk) {
      if (heard === trunk) heard = null
    },
  }
}

interface Asking extends Omit<OutsideCall, 'trunks'> {
  readonly asked: AskedTrunk
  readonly early: EarlyMedia
}

/** Calls over one trunk, and notes whether the trunk works. */
function askTrunk(call: Call, { asked: { trunk, isLast, onRinging }, early, ...what }: Asking, needs: CallNeeds): TrunkCalling {
  const { trunks, clock } = needs
  const { besideMs } = patienceWith(needs)
  const inquiry = trunks.asked(trunk)
  const began = clock.now()
  let hasResponded = false

  function onResponse(answer: SipAnswer): void {
    if (answer.madeHere || answer.status === 100) return
    hasResponded = true
    if (!isTrunkFault(answer)) inquiry.answered()
    if (answer.status >= 200) return
    onRinging()
    early.relay(trunk, answer)
  }

  function note(outcome: RingResult): RingResult {
    early.release(trunk)
    if (outcome.outcome === 'taken') call.course.reached = nameOf(trunk)
    if (outcome.outcome !== 'failed') return outcome
    if (isTrunkFault(outcome.answer)) noteFault(inquiry, outcome.answer)
    // A 487 that arrives is the trunk's own: a call that we have cancelled waits for no response.
    return outcome.answer.status === 487 ? { ...outcome, reason: 'upstream' } : outcome
  }

  const { result, cancel } = overTrunk(call, { trunk, isLast, onResponse, ...what }, needs)
  return {
    result: result.then(note),
    cancel,
    passOver(reason) {
      cancel(reason)
      const hadItsTime = besideMs !== null && clock.now() - began >= besideMs
      if (hadItsTime && !hasResponded) inquiry.passedOver()
    },
  }
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
