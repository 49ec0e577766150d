import type { Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { CallKind } from '../hotdesk/hotdesk.js'
import { dialogCapabilities, type IncomingInvite, type SipHeaders } from '../srf/srf.js'
import { passedHeaders, withoutTraces } from './bridge/passed-headers.js'
import { sessionDescription } from './bridge/session-description.js'
import { createCallControl } from './call-control.js'
import { type Failure, responseOf, type Termination, terminationOf } from './failure.js'
import { withoutNames } from './identity/anonymous-session.js'
import type { Party } from './identity/party.js'
import { type Caller, partyOf } from './inbound/caller.js'
import type { CallNeeds, OpenCall } from './needs.js'

/** One call: leg A, who is behind it, and what its legs B shall carry. */
export interface Call extends OpenCall {
  readonly id: string
  readonly invite: IncomingInvite
  readonly caller: Caller
  readonly party: Party
  readonly log: Logger
  /** The caller's session description, `''` without. */
  readonly offer: string
  /** Of every leg B, without the caller: who is told what depends on where the leg goes. */
  readonly headers: SipHeaders
  /** What becomes of it, for its record. */
  readonly course: Course
}

/** How far a call has come; written as it goes on. */
export interface Course {
  readonly began: Milliseconds
  answered: Milliseconds | null
  /** `user 100`, `trunk paris-carrier`; the last one tried. */
  reached: string
  /** Users who were called, forwards included, and where each of them sat. */
  readonly called: Map<Extension, readonly DeviceId[]>
  /** How often the user has moved while it rang. */
  moves: number
}

export function newCall(invite: IncomingInvite, caller: Caller, kind: CallKind, needs: CallNeeds): Call {
  const id = crypto.randomUUID().slice(0, 8)
  if (caller.kind === 'device') invite.follow(needs.registrar.followCaller(caller.device.id, invite))
  const credentials = caller.kind === 'trunk' ? needs.trunks.credentials(caller.trunk) : null
  if (credentials) invite.answerChallenges(credentials)
  const party = shownParty(caller, kind, invite, needs)
  const log = needs.log.child({ call: id, legA: invite.callId })
  log.info({ event: 'call.arrived', from: caller.kind, caller: party.number }, `call from ${party.number}`)
  return {
    id,
    kind,
    invite,
    caller,
    party,
    log,
    offer: party.isPrivate ? withoutNames(sessionDescription(invite)) : sessionDescription(invite),
    headers: legHeaders({ invite, caller, party, kind }, needs),
    control: createCallControl(kind === 'emergency'),
    course: newCourse(needs),
  }
}

/** Whoever asks for help wants to be found: a carrier that is told of privacy would keep the number from the emergency centre. */
function shownParty(caller: Caller, kind: CallKind, invite: IncomingInvite, needs: CallNeeds): Party {
  const party = partyOf(caller, invite, needs)
  return kind === 'emergency' ? { ...party, isPrivate: false } : party
}

function newCourse({ clock }: CallNeeds): Course {
  return { began: clock.now(), answered: null, reached: '', called: new Map(), moves: 0 }
}

function legHeaders({ invite, caller, party, kind }: Pick<Call, 'invite' | 'caller' | 'party' | 'kind'>, needs: CallNeeds): SipHeaders {
  // An emergency call is refused for nothing, used-up hops included.
  const left = kind === 'emergency' ? mostForwards : forwardsLeft(invite) - 1
  const passed = passedHeaders(invite, caller, needs.dialplan)
  return { ...(party.isPrivate ? withoutTraces(passed) : passed), ...dialogCapabilities, 'Max-Forwards': String(left) }
}

/** RFC 3261 §8.1.1.6. */
const mostForwards = 70

/** RFC 3261 §16.6 step 3, which a B2BUA does as well so that a loop ends somewhere (RFC 7332 §4). */
export function forwardsLeft(invite: IncomingInvite): number {
  const value = invite.header('Max-Forwards')
  return /^\d{1,3}$/.test(value) ? Math.min(Number(value), mostForwards) : mostForwards
}

/** Ends a call that was never answered. */
export function refuse(call: Call, failure: Failure): Termination {
  const { status, parts } = responseOf(failure)
  call.invite.respond(status, parts)
  return call.invite.cancelled ? terminationOf({ reason: 'cancelled' }) : terminationOf(failure)
}
