import type { Clock, Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Dialplan } from '../dialplan/dialplan.js'
import type { User } from '../directory/directory.js'
import type { CallKind } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { Party } from '../sip/identity/party.js'
import { callCapabilities, type IncomingInvite, type SipHeaders } from '../srf/srf.js'
import type { Trunks } from '../trunks/trunks.js'
import { passedHeaders, withoutTraces } from './bridge/passed-headers.js'
import { sessionDescription } from './bridge/session-description.js'
import { type CallControl, createCallControl } from './call-control.js'
import { type CallerSide, createCallerSide } from './caller-side.js'
import { type Failure, responseOf, type Termination, terminationOf } from './failure.js'
import { withoutNames } from './identity/anonymous-session.js'
import type { KnownNames } from './identity/known-names.js'
import { type Caller, partyOf } from './inbound/caller.js'
import type { Decision, Dialler, Knowledge } from './routing/contract.js'

/** The part of a call that is needed to end it. */
export interface OpenCall {
  readonly kind: CallKind
  readonly control: CallControl
}

/** One call: leg A, its caller, and what every leg B carries. */
export interface Call extends OpenCall {
  readonly id: string
  readonly invite: CallerSide
  /** Changes if the call is taken over while it rings. */
  readonly caller: Caller
  readonly party: Party
  /** In force when the call began, whatever is reloaded meanwhile. */
  readonly plan: Dialplan
  /** What routing reads, with that plan. */
  readonly knowledge: Knowledge
  readonly log: Logger
  /** The caller's session description; `''` for an INVITE without an offer. */
  readonly offer: string
  /** Headers of every leg B except the caller's identity, which depends on where the leg goes. */
  readonly headers: SipHeaders
  /** For the call record. */
  readonly progress: CallProgress
  /** Set if the call continues another one, whose other side has transferred it. */
  transfer: Transfer | null
  /** Another party takes the place of the caller while the call rings. */
  takeOver(heir: Heir): void
  /** Calls the listener when another party has taken over. */
  onTakenOver(listener: () => void): void
  readonly isTakenOver: boolean
  /** Resolves when the call has ended. */
  readonly ended: Promise<Termination>
  end(termination: Termination): void
}

/** A party that takes over a call which rings. */
export type Heir = Pick<Call, 'caller' | 'party' | 'transfer'> & { readonly invite: IncomingInvite }

/** Where a transferred call comes from. */
export interface Transfer {
  /** The id of the call that it continues. */
  readonly of: string
  /** The party that transferred it. */
  readonly by: Dialler
  /** The transferred party as a callee; absent if they cannot be called. */
  readonly whom?: Callee
}

/** Who is called. */
export interface Callee {
  readonly user: User | null
  /** The decision to call a number outside or with another site's plan; null for a user. */
  readonly outside: Decision | null
  /** As the other side sees them. */
  readonly party: Party
}

/** A SIP dialog of a call, with the far end. */
export interface CallLeg {
  readonly callId: string
  /** `HD0001`, `trunk paris-carrier`, `node london-1`. */
  readonly peer: string
  /** What the far end has dialled may contain a PIN. */
  readonly isDialledByPhone: boolean
}

/** How far a call has come; updated as it proceeds. */
interface CallProgress {
  readonly began: Milliseconds
  /** The first ringing or early media that was sent to the caller. */
  ringing: Milliseconds | null
  answered: Milliseconds | null
  /** The latest destination: `user 100`, `trunk paris-carrier`. */
  reached: string
  /** The phone, trunk or node that has answered: `HD0002`, `trunk paris-carrier`, `node london-1`. */
  answeredBy: string | null
  /** The Call-ID of the leg B that has answered. */
  legB: string | null
  /** Every leg B that was tried. */
  readonly legs: CallLeg[]
  /** Who was called last. */
  callee: Callee | null
  /** The user who picked up the call, and the user whose phones rang; null if the call was not picked up. */
  pickUp: { readonly by: Extension; readonly from: Extension } | null
  /** Users called, forwards included, and the phones where each was logged in. */
  readonly called: Map<Extension, readonly DeviceId[]>
  /** Users who have forwarded the call, and where to. */
  readonly forwarded: Map<Extension, string>
  /** How often the called user has moved to another phone while it rang. */
  moves: number
}

export interface NewCallNeeds {
  readonly registrar: Pick<Registrar, 'followCaller'>
  readonly trunks: Pick<Trunks, 'credentials' | 'callerOf'>
  /** The knowledge for a call that begins now. */
  readonly knowledge: () => Knowledge
  readonly knownNames: Pick<KnownNames, 'resembles'>
  readonly clock: Clock
  readonly log: Logger
}

export function newCall(invite: IncomingInvite, caller: Caller, kind: CallKind, needs: NewCallNeeds): Call {
  const knowledge = needs.knowledge()
  const { dialplan: plan } = knowledge
  const id = crypto.randomUUID().slice(0, 8)
  if (caller.kind === 'device') invite.follow(needs.registrar.followCaller(caller.device.id, invite))
  const credentials = caller.kind === 'trunk' ? needs.trunks.credentials(caller.trunk) : null
  if (credentials) invite.answerChallenges(credentials)
  const party = partyFor(kind, partyOf(caller, invite, { ...needs, dialplan: plan }))
  const log = needs.log.child({ call: id, legA: invite.callId })
  log.info({ event: 'call.arrived', from: caller.kind, caller: party.number }, `call from ${party.number}`)
  return createCall({
    id,
    kind,
    invite,
    caller,
    party,
    knowledge,
    log,
    clock: needs.clock,
    offer: party.isPrivate ? withoutNames(sessionDescription(invite)) : sessionDescription(invite),
    headers: legHeaders({ invite, caller, party, kind, plan }),
    transfer: null,
  })
}

export interface CallParts extends Pick<Call, 'id' | 'kind' | 'caller' | 'party' | 'knowledge' | 'log' | 'offer' | 'headers' | 'transfer'> {
  readonly invite: IncomingInvite
  readonly clock: Clock
}

export function createCall({ invite: first, caller, party, clock, ...parts }: CallParts): Call {
  const invite = createCallerSide(first)
  const listeners: (() => void)[] = []
  let owner = { caller, party }
  let isTakenOver = false
  let end: (termination: Termination) => void = () => undefined
  const ended = new Promise<Termination>((resolve) => {
    end = resolve
  })
  return {
    ...parts,
    invite,
    get caller() {
      return owner.caller
    },
    get party() {
      return owner.party
    },
    plan: parts.knowledge.dialplan,
    control: createCallControl(parts.kind === 'emergency'),
    progress: {
      began: clock.now(),
      ringing: null,
      answered: null,
      answeredBy: null,
      legB: null,
      legs: [],
      reached: '',
      callee: null,
      pickUp: null,
      called: new Map(),
      forwarded: new Map(),
      moves: 0,
    },
    takeOver(heir) {
      owner = heir
      isTakenOver = true
      this.transfer = heir.transfer
      invite.replace(heir.invite)
      for (const listener of listeners) listener()
    },
    onTakenOver: (listener) => void listeners.push(listener),
    get isTakenOver() {
      return isTakenOver
    },
    ended,
    end: (termination) => end(termination),
  }
}

/** Emergency callers are never anonymous: a trunk that honours Privacy would withhold the number from the emergency centre. */
function partyFor(kind: CallKind, party: Party): Party {
  return kind === 'emergency' ? { ...party, isPrivate: false } : party
}

interface LegHeaderParts extends Pick<Call, 'caller' | 'party' | 'kind' | 'plan'> {
  readonly invite: IncomingInvite
}

function legHeaders({ invite, caller, party, kind, plan }: LegHeaderParts): SipHeaders {
  // Nothing stops an emergency call, not even exhausted hops.
  const left = kind === 'emergency' ? maxForwards : forwardsLeft(invite) - 1
  const passed = passedHeaders(invite, caller, plan)
  return { ...(party.isPrivate ? withoutTraces(passed) : passed), ...callCapabilities, 'Max-Forwards': String(left) }
}

/** RFC 3261 §8.1.1.6. */
const maxForwards = 70

/** A B2BUA decrements Max-Forwards like a proxy (RFC 3261 §16.6 step 3), which ends loops (RFC 7332 §5). */
export function forwardsLeft(invite: IncomingInvite): number {
  const value = invite.header('Max-Forwards')
  return /^\d{1,3}$/.test(value) ? Math.min(Number(value), maxForwards) : maxForwards
}

/** Rejects a call that was never answered. */
export function reject(call: Call, failure: Failure): Termination {
  const { status, parts } = responseOf(failure)
  call.invite.respond(status, parts)
  return call.invite.cancelled ? terminationOf({ reason: 'cancelled' }) : terminationOf(failure)
}
