import { parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Registrar } from '../../registrar/registrar.js'
import { unmetPrivacy } from '../../sip/identity/caller.js'
import { isToken } from '../../sip/syntax/characters.js'
import { dialled } from '../../sip/uri/dialled.js'
import type { IncomingInvite } from '../../srf/srf.js'
import type { Trunks } from '../../trunks/trunks.js'
import type { Activity } from '../activity.js'
import type { Admission } from '../admission.js'
import { type Call, forwardsLeft, reject } from '../call.js'
import type { Dial } from '../dial/dial.js'
import type { EmergencyCallers } from '../emergency/emergency-caller.js'
import type { Failure } from '../failure.js'
import { reportedDiversions } from '../identity/diversions.js'
import type { Lifecycle } from '../lifecycle.js'
import { calledDigits, completeDigits } from '../routing/called-digits.js'
import type { Knowledge, Question } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { callbackDevice, emergencyOf, handedEmergencyOf } from '../routing/number-rules.js'
import { asksToReplace, type ReplaceCall } from '../transfer/replace-call.js'
import type { Caller, Callers, DeviceCaller, TrunkCaller } from './caller.js'
import type { FeatureCalls } from './feature-call.js'
import { type HopPurpose, hopTokenHeader } from './hop-token.js'
import { unsupportedOptions } from './required-options.js'
import type { SisterCall } from './sister-call.js'
import { parseHandover, trunkHandoverHeader } from './trunk-handover.js'

export interface InviteNeeds {
  readonly callers: Callers
  readonly admission: Pick<Admission, 'isOpen' | 'isPaused' | 'opens'>
  readonly activity: Pick<Activity, 'count'>
  readonly emergencyCallers: EmergencyCallers
  readonly lifecycle: Pick<Lifecycle, 'newCall' | 'record'>
  readonly onward: Onward
  /** The knowledge for a call that begins now. */
  readonly knowledge: () => Knowledge
  readonly registrar: Pick<Registrar, 'isCalled'>
  readonly trunks: Pick<Trunks, 'calledNumber' | 'enter'>
}

/** What takes a call once its caller is known. */
interface Onward {
  readonly dial: Dial
  readonly featureCalls: FeatureCalls
  readonly sisterCall: SisterCall
  /** Handles an INVITE with Replaces. */
  readonly replaceCall: ReplaceCall
}

/** Handles an INVITE from its arrival to the end of its call. */
export async function handleInvite(invite: IncomingInvite, needs: InviteNeeds): Promise<void> {
  const { callers, emergencyCallers, registrar } = needs
  const peer = callers.node(invite) ?? callers.trunk(invite)
  const handover = peer?.kind === 'node' && peer.purpose === 'trunk' ? parseHandover(invite.header(trunkHandoverHeader)) : null
  if (peer && handover?.kind === 'emergency') return needs.onward.sisterCall(needs.lifecycle.newCall(invite, peer, 'emergency'), handover)
  // Before everything else, because an emergency call waits for no check that may fail. Whether the digits are an emergency number can depend on
  // the user, and a claim is enough for that: an authenticated phone is always the one that it claims to be.
  const judge = peer?.kind === 'node' && peer.purpose === 'call' ? handedEmergencyOf : emergencyOf
  const emergency = handover ? null : judge(calledDigits(invite.uri), () => callers.claimedUser(invite), needs.knowledge())
  if (emergency !== null && peer?.kind === 'node') return emergencyCallers.fromNode(invite, emergency, peer)
  if (emergency !== null && peer === null) return emergencyCallers.fromAnyone(invite, emergency)
  const caller = peer ?? (isForged(invite) ? null : callers.device(invite))
  if (caller === null) {
    // Without a response yet, the hop token was not valid.
    if (!invite.responded) invite.respond(403)
    return
  }
  // RFC 3261 §8.2.2.1. A third party has made the phone call another domain: we do not carry that call, and it does not authenticate the phone.
  if (caller.kind === 'device' && !registrar.isCalled(invite, caller.device.id)) {
    invite.respond(404, { reason: 'Domain Not Served Here' })
    return
  }
  // Without a reason, so that the node or phone that asked tries another node.
  if (!(await isAdmitted(invite, caller, needs))) return invite.respond(503, { headers: { 'Retry-After': '5' } })
  return proceed(needs.lifecycle.newCall(invite, caller, 'ordinary'), caller, needs)
}

/**
 * A PSAP callback is taken in every state, like the emergency call before it. A draining node takes what no other node can: calls for the phones
 * that are still registered here, and those of a phone that has a call here, because only this node can join the two.
 */
function isAdmitted(invite: IncomingInvite, caller: Caller, needs: InviteNeeds): boolean | Promise<boolean> {
  const { admission, activity, knowledge, trunks } = needs
  if (admission.isOpen) return true
  const { kind } = caller
  const known = knowledge()
  const isCallback =
    (caller.kind === 'node' && caller.purpose === 'psap-callback') ||
    (kind === 'trunk' && callbackDevice(trunks.calledNumber(invite, known.dialplan), known) !== null)
  const isForPhone = caller.kind === 'node' && caller.purpose !== 'break-out'
  const isOfCall = caller.kind === 'device' && (activity.count(caller.device.id) > 0 || asksToReplace(invite))
  return isCallback || (admission.isPaused && (isForPhone || isOfCall)) || admission.opens()
}

function isForged(invite: IncomingInvite): boolean {
  return invite.header(hopTokenHeader) !== ''
}

function proceed(call: Call, caller: Caller, needs: InviteNeeds): Promise<void> {
  const { record } = needs.lifecycle
  const { dial, sisterCall } = needs.onward
  const failure = unacceptable(call, needs)
  if (failure) return record(call, () => reject(call, failure))
  const route = (question: Question): Promise<void> => record(call, () => dial(call, decide(question, call.knowledge)))
  switch (caller.kind) {
    case 'device':
      return fromDevice(call, caller, needs)
    case 'trunk':
      return fromTrunk(call, caller, needs)
    case 'node':
      if (caller.purpose === 'trunk') return sisterCall(call, parseHandover(call.invite.header(trunkHandoverHeader)))
      if (caller.purpose === 'psap-callback') return toPhone(call, needs)
      if (caller.purpose !== 'call') return fromUserElsewhere(call, caller.purpose, needs)
      return route({
        kind: 'handed',
        digits: dialled(call.invite.uri),
        hops: caller.hops,
        diversions: reportedDiversions(call.invite, caller, call.knowledge, call.party),
      })
    case 'own':
    case 'unknown':
      return record(call, () => reject(call, { reason: 'not-allowed' }))
  }
}

/** The node that the emergency centre has called back hands the call over, because the phone is registered here. */
function toPhone(call: Call, { lifecycle: { record }, onward: { dial } }: InviteNeeds): Promise<void> {
  const device = parseDeviceId(dialled(call.invite.uri))
  if (device === null) return record(call, () => reject(call, { reason: 'not-reachable' }))
  return record(call, () => dial(call, decide({ kind: 'called-back', device }, call.knowledge)))
}

/** A user at another node dials by the plan of this site, or picks up a call here. That node has signed who it is. */
function fromUserElsewhere(
  call: Call,
  purpose: Exclude<HopPurpose, 'call' | 'trunk' | 'psap-callback'>,
  { lifecycle: { record }, onward: { dial } }: InviteNeeds,
): Promise<void> {
  const extension = parseExtension(call.party.number)
  const user = extension && call.knowledge.directory.user(extension)
  if (!user) return record(call, () => reject(call, { reason: 'not-allowed' }))
  const digits = dialled(call.invite.uri)
  const question: Question =
    purpose === 'break-out' ? { kind: 'broken-out', digits, user, use: 'break-out' } : { kind: 'picked-up', digits, user }
  return record(call, () => dial(call, decide(question, call.knowledge)))
}

/** RFC 3323 §5: a call whose caller wants privacy or no call fails with 500 if we cannot provide it. Emergency calls are not asked. */
function privacyFailure({ invite }: Call): Failure | null {
  const unmet = unmetPrivacy(invite.header)
  const shown = unmet
    .filter((value) => isToken(value))
    .slice(0, 5)
    .join(' ')
  return unmet.length === 0 ? null : { reason: 'no-privacy', headers: { Warning: `399 hotdesk "Privacy not supported: ${shown}"` } }
}

const supported = ['100rel', 'timer', 'replaces'] as const

/** The options that this caller may require. RFC 3891 §3: a trunk cannot take over a call. A PSAP callback is not refused for it. */
function supportedFor({ invite, caller, plan, knowledge }: Call, { trunks }: InviteNeeds): readonly string[] {
  if (caller.kind !== 'trunk' || invite.header('Require') === '') return supported
  const isCallback = callbackDevice(trunks.calledNumber(invite, plan), knowledge) !== null
  return isCallback ? supported : supported.filter((option) => option !== 'replaces')
}

/** Reasons to refuse the INVITE whatever its destination. */
function unacceptable(call: Call, needs: InviteNeeds): Failure | null {
  const { invite } = call
  if (forwardsLeft(invite) === 0) return { reason: 'too-many-hops' }
  const unsupported = unsupportedOptions(invite, supportedFor(call, needs))
  return unsupported.length === 0 ? null : { reason: 'bad-extension', headers: { Unsupported: unsupported.join(', ') } }
}

/** A trunk at its limit gets 503 with the time after which it may try again, but a PSAP callback is always taken. */
async function fromTrunk(call: Call, caller: TrunkCaller, { lifecycle: { record }, onward: { dial }, trunks }: InviteNeeds): Promise<void> {
  const number = trunks.calledNumber(call.invite, call.plan)
  const isCallback = callbackDevice(number, call.knowledge) !== null
  const unmet = isCallback ? null : privacyFailure(call)
  if (unmet) return record(call, () => reject(call, unmet))
  const place = trunks.enter(caller.trunk, isCallback ? 'urgent' : 'ordinary')
  if (place.outcome === 'full') {
    const headers = { 'Retry-After': String(place.retryAfterSeconds) }
    return record(call, () => reject(call, { reason: 'trunk-full', headers }))
  }
  const diversions = reportedDiversions(call.invite, caller, call.knowledge, call.party)
  await record(call, () => dial(call, decide({ kind: 'delivered', number, diversions }, call.knowledge))).finally(place.leave)
}

function fromDevice(call: Call, caller: DeviceCaller, { lifecycle: { record }, onward }: InviteNeeds): Promise<void> {
  const { dial, featureCalls, replaceCall } = onward
  if (asksToReplace(call.invite)) return record(call, () => replaceCall(call, caller))
  const decision = decide({ kind: 'dialled', digits: completeDigits(call.invite.uri, call.plan), by: caller }, call.knowledge)
  const { to } = decision
  switch (to.kind) {
    case 'login':
    case 'logout':
    case 'logout-everywhere':
    case 'please-log-in':
      return featureCalls(call, caller, to)
    case 'feature':
      return to.feature === 'pick-up' || to.feature === 'park' ? record(call, () => dial(call, decision)) : featureCalls(call, caller, to)
    default: {
      const unmet = privacyFailure(call)
      return record(call, () => (unmet ? reject(call, unmet) : dial(call, decision)))
    }
  }
}
