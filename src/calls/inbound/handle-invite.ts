import type { Device, User } from '../../directory/directory.js'
import { dialled, isEmergencyService } from '../../sip/dialled.js'
import { isToken } from '../../sip/syntax/characters.js'
import type { IncomingInvite } from '../../srf/srf.js'
import { type Call, forwardsLeft, newCall, refuse } from '../call.js'
import { carryOut } from '../dial/dial.js'
import { callForHelp, helpFor, helpHanded } from '../emergency/emergency-caller.js'
import type { Failure } from '../failure.js'
import type { CallNeeds } from '../needs.js'
import { recorded } from '../records/record-call.js'
import type { Question } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { emergencyOf } from '../routing/number-rules.js'
import { type Caller, callingDevice, callingNode, callingTrunk, claimedPhone, diallerOn } from './caller.js'
import { passportHeader } from './hop-token.js'

type DeviceCaller = Extract<Caller, { kind: 'device' }>

/** Takes an INVITE from its arrival to the end of its call. */
export async function answerCall(invite: IncomingInvite, needs: CallNeeds): Promise<void> {
  const signed = callingNode(invite, needs) ?? callingTrunk(invite, needs)
  const emergency = emergencyOf(digitsOf(invite), () => userSeemingly(invite, needs), needs)
  // Before everything else: no emergency call waits for a check that may fail.
  if (emergency !== null && signed?.kind === 'node') return helpHanded(invite, emergency, signed, needs)
  if (emergency !== null && signed === null) return callForHelp(invite, emergency, needs)
  const caller = signed ?? (isForged(invite) ? null : callingDevice(invite, needs))
  if (caller?.kind === 'device') {
    // Who hides the own number is known only now.
    const help = emergencyOf(digitsOf(invite), () => caller.user, needs)
    // RFC 3261 §8.2.2.1. A call that another party has made a phone place elsewhere is not ours to carry out, and does not prove the phone.
    const isCalled = needs.registrar.isCalled(invite, caller.device.id)
    if (help !== null) return isCalled ? helpFor(invite, help, caller.device, needs) : callForHelp(invite, help, needs)
    if (!isCalled) return invite.respond(404, { reason: 'Domain Not Served Here' })
  }
  // It hears of no reason, so that the node that asked, or the phone, tries another node.
  if (caller && !(await isAdmitted(invite, caller, needs))) return invite.respond(503, { headers: { 'Retry-After': '5' } })
  if (caller) return follow(newCall(invite, caller, 'ordinary', needs), caller, needs)
  // Without an answer yet it was a passport that is not ours.
  if (!invite.answered) invite.respond(403)
}

/** A call back from the emergency centre is taken in every state, like the call that it answers. */
function isAdmitted(invite: IncomingInvite, { kind }: Caller, { admission, callBacks, trunks }: CallNeeds): boolean | Promise<boolean> {
  const isCallBack = kind === 'trunk' && callBacks.deviceOf(trunks.called(invite)) !== null
  return isCallBack || admission.isOpen || admission.opens()
}

/** A phone may ask for the service instead of a number: it gets what 112 gets here. */
function digitsOf({ uri }: IncomingInvite): string {
  return isEmergencyService(uri) ? '112' : dialled(uri)
}

/** Nothing is proved yet. Taking the caller for this user brings help and nothing else. */
function userSeemingly(invite: IncomingInvite, needs: CallNeeds): User | null {
  const phone = claimedPhone(invite, needs)
  return phone && diallerOn(phone, needs).user
}

function isForged(invite: IncomingInvite): boolean {
  return invite.header(passportHeader) !== ''
}

function follow(call: Call, caller: Caller, needs: CallNeeds): Promise<void> | undefined {
  const failure = impossible(call)
  if (failure) return recorded(call, needs, () => refuse(call, failure))
  const put = (question: Question): Promise<void> => recorded(call, needs, () => carryOut(call, decide(question, needs), needs))
  switch (caller.kind) {
    case 'device':
      return fromDevice(call, caller, needs)
    case 'trunk':
      return put({ kind: 'delivered', number: needs.trunks.called(call.invite) })
    case 'node':
      return put({ kind: 'handed', digits: dialled(call.invite.uri), hops: caller.hops })
    case 'unknown':
      return recorded(call, needs, () => refuse(call, { reason: 'not-allowed' }))
  }
}

/** What no destination could mend. */
function impossible({ invite }: Call): Failure | null {
  if (forwardsLeft(invite) === 0) return { reason: 'too-many-hops' }
  // RFC 3261 §8.2.2.3. What is no option tag asks for nothing.
  const unsupported = invite
    .header('Require')
    .split(',')
    .map((tag) => tag.split(';', 1)[0]?.trim() ?? '')
    .filter((tag) => isToken(tag) && !['100rel', 'timer'].includes(tag.toLowerCase()))
  return unsupported.length === 0 ? null : { reason: 'bad-extension', headers: { Unsupported: unsupported.join(', ') } }
}

/** A phone of ours has dialled something. */
function fromDevice(call: Call, caller: DeviceCaller, needs: CallNeeds): Promise<void> {
  const { invite } = call
  const { device } = caller
  const decision = decide({ kind: 'dialled', digits: digitsOf(invite), by: caller }, needs)
  const { to } = decision
  switch (to.kind) {
    case 'login':
      return speak(call, { device, what: 'login' }, needs, () => needs.features.login(invite, device.id, to.extension))
    case 'logout':
      return speak(call, { device, what: 'logout' }, needs, () => needs.features.logout(invite, device.id))
    case 'please-log-in':
      return speak(call, { device, what: 'please-log-in' }, needs, () => needs.features.pleaseLogIn(invite))
    default:
      return recorded(call, needs, () => carryOut(call, decision, needs))
  }
}

interface Speech {
  readonly device: Device
  readonly what: 'login' | 'logout' | 'please-log-in'
}

/** A dial code, or what an idle phone hears: the phone is busy with it, but no logout waits for its end. */
async function speak(call: Call, { device, what }: Speech, { activity }: CallNeeds, run: () => Promise<void>): Promise<void> {
  const over = activity.began({ device: device.id, kind: 'feature', hangUp: () => undefined })
  try {
    await run()
  } catch (fault) {
    call.log.error({ event: 'call.fault', err: fault }, 'the dial code failed')
    call.invite.respond(500)
  } finally {
    over()
    call.log.info({ event: 'call.ended', device: device.id, reason: what }, `ended: ${what}`)
  }
}
