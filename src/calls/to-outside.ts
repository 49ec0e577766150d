import type { Trunk } from '../dialplan/dialplan.js'
import { type Call, refuse } from './call.js'
import type { To } from './decision/contract.js'
import type { Failure, Termination } from './failure.js'
import type { CallNeeds } from './needs.js'
import { isLastWord, overTrunk, type TrunkCall } from './over-trunk.js'

/** Calls a number outside through the site's lines, one after the other until one takes the call. */
export function toOutside(call: Call, { number, trunks, callerId }: To<'outside'>, needs: CallNeeds): Promise<Termination> {
  const party = callerId === null ? call.party : { ...call.party, number: callerId }
  return overTrunks(call, { number, trunks, party, location: null }, needs)
}

export interface OutsideCall extends Omit<TrunkCall, 'trunk' | 'isLast'> {
  /** In the order in which they are tried. */
  readonly trunks: readonly Trunk[]
}

/** A call for help tries the next line also where the first one does not want such calls. */
export async function overTrunks(call: Call, { trunks, ...what }: OutsideCall, needs: CallNeeds): Promise<Termination> {
  let last: Failure = { reason: 'no-trunk' }
  for (const trunk of trunks) {
    const placed = await overTrunk(call, { trunk, isLast: trunk === trunks.at(-1), ...what }, needs)
    if (placed.outcome === 'ended') {
      needs.trunks.worked(trunk)
      return placed.termination
    }
    if (placed.outcome === 'withdrawn') continue
    last = placed.failure
    if (isLineFault(last)) {
      needs.trunks.failed(trunk, last.answer?.status ?? 408)
      if (!call.invite.cancelled) last = { reason: 'no-trunk' }
    } else if (call.kind === 'ordinary' || isLastWord(last)) break
    if (call.invite.cancelled) break
  }
  return refuse(call, last)
}

/** The line is at fault and not the number: the next one may do (RFC 3263 §4.3 names 503 and time-outs). */
function isLineFault({ answer }: Failure): boolean {
  if (!answer) return false
  return answer.status === 408 || answer.status === 401 || answer.status === 407 || (answer.status >= 500 && answer.status < 600)
}
