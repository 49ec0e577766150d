import { parseExtension } from '../base/identity.js'
import type { Route } from '../dialplan/dialplan.js'
import type { Device } from '../directory/directory.js'
import { dialled } from '../sip/dialled.js'
import type { IncomingInvite } from '../srf/srf.js'
import { type Call, forwardsLeft, newCall, refuse } from './call.js'
import { callBackDevice, toEmergency } from './emergency.js'
import type { Failure, Termination } from './failure.js'
import { place } from './legs/place.js'
import type { CallNeeds } from './needs.js'
import { type Caller, callingDevice, callingNode, callingTrunk, phoneInDistress } from './parties/caller.js'
import { passportHeader } from './parties/node-passport.js'
import { recorded } from './recorded.js'
import { toOutside } from './to-outside.js'
import { toUser } from './to-user.js'
import { phoneBranch } from './whereabouts.js'

type DeviceCaller = Extract<Caller, { kind: 'device' }>

/** Takes an INVITE from its arrival to the end of its call. */
export async function answerCall(invite: IncomingInvite, needs: CallNeeds): Promise<void> {
  const emergency = needs.dialplan.emergency(dialled(invite.uri))
  // Before everything else: no emergency call waits for a check that may fail.
  if (emergency !== null && !isFromOutside(invite, needs)) return callForHelp(invite, emergency, needs)
  const caller = callingNode(invite, needs) ?? callingTrunk(invite, needs) ?? (isForged(invite) ? null : callingDevice(invite, needs))
  if (caller) return follow(newCall(invite, caller, 'ordinary', needs), caller, needs)
  // Without an answer yet it was a passport that is not ours.
  if (!invite.answered) invite.respond(403)
}

function isForged(invite: IncomingInvite): boolean {
  return invite.header(passportHeader) !== ''
}

function isFromOutside(invite: IncomingInvite, needs: CallNeeds): boolean {
  return isForged(invite) || needs.trunks.trunkOf(invite.source) !== null
}

/** A phone that answers the challenge wrongly gets through as well: only a caller that gives no sign of being ours is challenged. */
function callForHelp(invite: IncomingInvite, number: string, needs: CallNeeds): Promise<void> | undefined {
  const phone = phoneInDistress(invite, needs)
  if (phone === 'stranger') {
    needs.registrar.authenticate(invite)
    return
  }
  const device = phone === 'unknown' ? null : phone
  const call = newCall(invite, device ? { kind: 'device', device, user: null } : { kind: 'unknown' }, 'emergency', needs)
  return recorded(call, needs, () => toEmergency(call, { number, trunks: needs.dialplan.trunks, device }, needs))
}

function follow(call: Call, caller: Caller, needs: CallNeeds): Promise<void> | undefined {
  const failure = impossible(call)
  if (failure) return recorded(call, needs, () => refuse(call, failure))
  switch (caller.kind) {
    case 'device':
      return fromDevice(call, caller, needs)
    case 'trunk':
      return recorded(call, needs, () => fromTrunk(call, needs))
    case 'node':
      return recorded(call, needs, () => fromNode(call, needs))
    case 'unknown':
      return recorded(call, needs, () => refuse(call, { reason: 'not-allowed' }))
  }
}

/** What no destination could mend. */
function impossible({ invite }: Call): Failure | null {
  if (forwardsLeft(invite) === 0) return { reason: 'too-many-hops' }
  // RFC 3261 §8.2.2.3
  const unsupported = invite
    .header('Require')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '' && tag !== '100rel' && tag !== 'timer')
  return unsupported.length === 0 ? null : { reason: 'bad-extension', headers: { Unsupported: unsupported.join(', ') } }
}

/** A phone of ours has dialled something. */
function fromDevice(call: Call, caller: DeviceCaller, needs: CallNeeds): Promise<void> {
  const { device, user } = caller
  const route = needs.dialplan.route(dialled(call.invite.uri))
  if (route.kind === 'login') return speak(call, caller, needs, () => needs.features.login(call.invite, device.id, route.extension))
  if (route.kind === 'logout') return speak(call, caller, needs, () => needs.features.logout(call.invite, device.id))
  if (user === null) return speak(call, caller, needs, () => needs.features.pleaseLogIn(call.invite))
  return recorded(call, needs, () =>
    needs.hotdesk.isDraining(device.id) ? refuse(call, { reason: 'draining' }) : toRoute(call, route, needs),
  )
}

/** A dial code: the phone is busy with it, but no logout waits for its end. */
async function speak(call: Call, { device }: DeviceCaller, { activity }: CallNeeds, run: () => Promise<void>): Promise<void> {
  const over = activity.began({ device: device.id, kind: 'feature', hangUp: () => undefined })
  try {
    await run()
  } catch (fault) {
    call.log.error({ event: 'call.fault', err: fault }, 'the dial code failed')
    call.invite.respond(500)
  } finally {
    over()
  }
}

function toRoute(call: Call, route: Route, needs: CallNeeds): Promise<Termination> | Termination {
  switch (route.kind) {
    case 'user':
      return toUser(call, route.extension, [], needs)
    case 'outside':
      return toOutside(call, route, needs)
    default:
      return refuse(call, { reason: 'unknown-number' })
  }
}

/** A carrier delivers a number: a user's, or the one that a phone in distress has shown. */
function fromTrunk(call: Call, needs: CallNeeds): Promise<Termination> | Termination {
  const number = needs.trunks.called(call.invite)
  const device = callBackDevice(number, needs)
  if (device !== null) return toDevice(call, needs.directory.device(device), needs)
  const extension = needs.dialplan.did(number)
  return extension === null ? refuse(call, { reason: 'unknown-number' }) : toUser(call, extension, [number], needs)
}

/** RFC 7090: a call back from the emergency centre is neither forwarded nor refused. */
async function toDevice(call: Call, device: Device | null, needs: CallNeeds): Promise<Termination> {
  const bindings = device ? needs.registrar.bindingsOf(device.id) : []
  if (bindings.length === 0) return refuse(call, { reason: 'not-reachable' })
  const branches = bindings.map((binding) => phoneBranch(binding, call.headers))
  const placed = await place(call, { branches, ringMs: 120_000, silenceMs: 32_000, to: `phone ${device?.id}` }, needs)
  if (placed.outcome === 'ended') return placed.termination
  return refuse(call, placed.outcome === 'missed' ? placed.failure : { reason: 'no-answer' })
}

/** Another node says that the user is here. */
function fromNode(call: Call, needs: CallNeeds): Promise<Termination> | Termination {
  const extension = parseExtension(dialled(call.invite.uri))
  return extension === null ? refuse(call, { reason: 'unknown-number' }) : toUser(call, extension, [], needs)
}
