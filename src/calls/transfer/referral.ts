import { parseExtension } from '../../base/identity.js'
import type { Registrar } from '../../registrar/registrar.js'
import type { IncomingRequest, SipHeaders } from '../../srf/srf.js'
import { type Conversations, type End, otherEnd } from '../bridge/conversations.js'
import type { Call, Callee } from '../call.js'
import { transferRuling } from '../entitlement/rules.js'
import { type Failure, responseOf } from '../failure.js'
import { unsupportedOptions } from '../inbound/required-options.js'
import { completeDigits } from '../routing/called-digits.js'
import type { Decision, Dialler, Knowledge } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { rightsRuling } from '../routing/rights-rules.js'
import { type Participant, participantAt } from './participant.js'
import { type ReferTarget, referTarget } from './refer-to.js'
import type { Replaces } from './replaces.js'
import { transferorNow } from './transferor.js'
import { hopsLeft } from './transferred-call.js'

/** A REFER that is accepted. */
export interface Referral {
  /** The end that transfers. */
  readonly by: End
  readonly dialler: Dialler
  /** The end that is transferred. */
  readonly from: Participant
  readonly to: ReferralTarget
}

/** A new call, or a call of the same phone or user that is taken over. */
export type ReferralTarget =
  | { readonly kind: 'new'; readonly uri: string; readonly decision: Decision }
  | { readonly kind: 'other'; readonly uri: string; readonly end: End; readonly participant: Participant }
  /** A call of the same phone or user that still rings. */
  | { readonly kind: 'ringing'; readonly uri: string; readonly call: Call }

/** The response to a REFER that is not accepted. */
export interface Refusal {
  readonly status: number
  readonly reason?: string
  readonly headers?: SipHeaders
}

export interface JudgeNeeds {
  /** The knowledge for a call that begins now. */
  readonly knowledge: Knowledge
  readonly registrar: Pick<Registrar, 'isCalled'>
  readonly conversations: Pick<Conversations, 'named' | 'ringing'>
  /** Reports a refusal by rights or limits. */
  readonly report: (decision: Decision, by: Dialler) => void
}

const declined: Refusal = { status: 603 }
/** RFC 3261 §21.4.27 */
const pending: Refusal = { status: 491 }
// Not 481, which would end the dialog of the REFER itself (RFC 5057 §5.1).
const notFound: Refusal = { status: 404 }

/**
 * Only phones of this node transfer: neither trunks nor other nodes, where the phone's own node acts. A call with an emergency centre stays
 * with the phone that made it. The rights are those that the user has now, whenever the call began.
 */
export function judgeRefer(request: IncomingRequest, by: End, needs: JudgeNeeds): Referral | Refusal {
  const { directory } = needs.knowledge
  const since = participantAt(by, directory)?.caller
  const from = participantAt(otherEnd(by), directory)
  if (since?.kind !== 'device' || !from) return declined
  const transferor = transferorNow(since, needs.knowledge)
  if (by.conversation.bridge.isKept) return pending
  const unsupported = unsupportedOptions(request, ['norefersub', 'replaces', 'tdialog', 'timer'])
  if (unsupported.length > 0) return { status: 420, headers: { Unsupported: unsupported.join(', ') } }
  const wanted = referTarget(request.header)
  if (typeof wanted === 'number') return { status: wanted }
  if (hopsLeft(by.conversation.call) < 1) return { status: 483 }
  const unentitled = wanted.replaces ? withoutRight(transferor, needs) : null
  if (unentitled) return unentitled
  const to = wanted.replaces ? otherCall(wanted, transferor, { own: by, from }, needs) : newCall(wanted, transferor, needs)
  return 'status' in to ? to : { by, dialler: transferor, from, to }
}

function newCall({ uri }: ReferTarget, by: Dialler, { knowledge, registrar, report }: JudgeNeeds): ReferralTarget | Refusal {
  if (!registrar.isCalled({ uri, receivedOn: '' }, by.device.id)) return { status: 404, reason: 'Domain Not Served Here' }
  const decision = decide({ kind: 'transferred', digits: completeDigits(uri, knowledge.dialplan), by }, knowledge)
  if (decision.to.kind !== 'refused') return { kind: 'new', uri, decision }
  report(decision, by)
  return refusal(decision.to)
}

function refusal(failure: Failure): Refusal {
  const { status, parts } = responseOf(failure)
  return { status, ...(parts.reason === undefined ? {} : { reason: parts.reason }) }
}

/** The call of the REFER: the end that transfers, and the one that is transferred. */
interface OwnCall {
  readonly own: End
  readonly from: Participant
}

function otherCall({ uri, replaces }: ReferTarget, by: Dialler, { own, from }: OwnCall, needs: JudgeNeeds): ReferralTarget | Refusal {
  const named = replaces && needs.conversations.named(replaces.dialog)
  if (replaces && !named) return ringingCall(uri, replaces, by, needs)
  const holder = named && participantAt(named, needs.knowledge.directory)?.caller
  // RFC 3891 §3
  if (named && replaces.isEarlyOnly) return { status: 486 }
  if (!named || named.conversation === own.conversation || holder?.kind !== 'device' || !isSame(holder, by)) return notFound
  const participant = participantAt(otherEnd(named), needs.knowledge.directory)
  if (!participant) return declined
  if (named.conversation.bridge.isKept) return pending
  // A phone names either of its two calls, so the one outside may be the one that is transferred.
  const outsideCalls = isInside(participant, needs.knowledge) ? [participant] : [participant, from]
  for (const { callee } of outsideCalls) {
    const refused = barred(callee, by, needs)
    if (refused) return refused
  }
  return { kind: 'other', uri, end: named, participant }
}

function ringingCall(uri: string, { dialog }: Replaces, by: Dialler, needs: JudgeNeeds): ReferralTarget | Refusal {
  const call = needs.conversations.ringing(dialog)
  if (call?.caller.kind !== 'device' || !isSame(call.caller, by)) return notFound
  const { callee } = call.progress
  if (callee === null) return declined
  return barred(callee, by, needs) ?? { kind: 'ringing', uri, call }
}

/** A phone, or a user at another node. */
function isInside({ caller, callee }: Participant, { directory }: Knowledge): boolean {
  if (callee.outside !== null) return false
  if (caller.kind === 'device' || callee.user !== null) return true
  const extension = caller.kind === 'node' ? parseExtension(callee.party.number) : null
  return extension !== null && directory.user(extension) !== null
}

/** A blind transfer is judged with its number. */
function withoutRight(by: Dialler, { knowledge, report }: JudgeNeeds): Refusal | null {
  const ruling = transferRuling(by, knowledge)
  if (!ruling?.to) return null
  report({ to: ruling.to, steps: [], questions: [], counted: [], notices: ruling.notices }, by)
  return refusal(ruling.to)
}

/** A number outside, or at another site, that the phone may call is not always one to which it may transfer. */
function barred({ outside }: Callee, by: Dialler, { knowledge, report }: JudgeNeeds): Refusal | null {
  if (outside?.to.kind !== 'outside' && outside?.to.kind !== 'break-out') return null
  const question = { kind: 'transferred', digits: outside.to.kind === 'outside' ? outside.to.number : outside.to.digits, by } as const
  const ruling = rightsRuling(question, { words: '', to: outside.to }, knowledge)
  if (!ruling?.to) return null
  report({ ...outside, to: ruling.to, notices: ruling.notices }, by)
  return refusal(ruling.to)
}

/** A phone names its own calls, or those of its user at another phone. */
export function isSame(one: Dialler, other: Dialler): boolean {
  return one.device.id === other.device.id || (one.user !== null && one.user.extension === other.user?.extension)
}
