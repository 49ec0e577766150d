import { dialled } from '../../sip/uri/dialled.js'
import type { Trunks } from '../../trunks/trunks.js'
import { type Call, reject } from '../call.js'
import type { OutsideCalls } from '../dial/outside-call.js'
import type { PsapCallbacks } from '../emergency/psap-callback.js'
import { reportedDiversions } from '../identity/diversions.js'
import type { RecordCall } from '../records/record-call.js'
import type { TrunkHandover } from './trunk-handover.js'

export interface SisterCallNeeds {
  readonly outsideCalls: Pick<OutsideCalls, 'overTrunks'>
  readonly record: RecordCall
  readonly trunks: Pick<Trunks, 'isRegistered'>
  readonly psapCallbacks: Pick<PsapCallbacks, 'remember'>
}

/** Calls a trunk for another node of the site. Resolves when the call has ended. */
export type SisterCall = (call: Call, handover: TrunkHandover) => Promise<void>

/**
 * That node has judged and counted the call, and has reported an emergency call. It tries other ways itself, so the call goes over this trunk
 * from this node, or nowhere.
 */
export function createSisterCall({ outsideCalls, record, trunks, psapCallbacks }: SisterCallNeeds): SisterCall {
  return (call, { trunk: name, location, device, mailbox }) => {
    const { invite, caller, party, plan, knowledge } = call
    const trunk = plan.trunks.find((each) => each.name === name)
    // A node that has lost Redis has no heartbeat. Its token has proved that it is of the network.
    const isOfSite = caller.kind === 'node' && (knowledge.directory.node(caller.node.name)?.site ?? plan.site) === plan.site
    if (!trunk || !isOfSite || !trunks.isRegistered(trunk)) return record(call, () => reject(call, { reason: 'no-trunk' }))
    if (device) psapCallbacks.remember(party.number, device)
    const diversions = reportedDiversions(invite, caller, knowledge, party)
    const details = { number: dialled(invite.uri), e164: null, party, location, diversions, ...(mailbox && { mailbox }) }
    return record(call, () => outsideCalls.overTrunks(call, { trunks: [trunk], ...details }))
  }
}
