import { splitList } from '../../sip/syntax/list.js'
import type { IncomingRefer } from '../../srf/srf.js'
import type { Conversations, End } from '../bridge/conversations.js'
import type { DeviceCaller } from '../inbound/caller.js'
import { participantAt } from './participant.js'
import type { JudgeNeeds, Refusal } from './referral.js'
import { parseTargetDialog } from './replaces.js'

export interface TargetNeeds extends Pick<JudgeNeeds, 'registrar'> {
  readonly directory: JudgeNeeds['knowledge']['directory']
  readonly conversations: Pick<Conversations, 'named'>
}

// Not in a dialog, so 481 ends none.
const notFound: Refusal = { status: 481 }

/**
 * The call that a REFER outside a dialog is about: Target-Dialog names it (RFC 4538 §4). Only the phone that has this dialog may transfer it;
 * to know its identifiers is not enough.
 */
export function targetOf(refer: IncomingRefer, by: DeviceCaller, { registrar, directory, conversations }: TargetNeeds): End | Refusal {
  // RFC 3261 §8.2.2.1, as for an INVITE.
  if (!registrar.isCalled(refer, by.device.id)) return { status: 404, reason: 'Domain Not Served Here' }
  const values = splitList(refer.header('Target-Dialog'))
  // RFC 3261 §21.4.16: a REFER without it asks for a new call, which phones make by INVITE.
  if (values.length === 0) return { status: 421, headers: { Require: 'tdialog' } }
  const name = values.length === 1 ? parseTargetDialog(values[0] ?? '') : null
  if (!name) return { status: 400 }
  const end = conversations.named(name)
  const holder = end && participantAt(end, directory)?.caller
  return end && holder?.kind === 'device' && holder.device.id === by.device.id ? end : notFound
}
