import type { Clock, Milliseconds } from '../../base/clock.js'
import { type Extension, parseExtension } from '../../base/identity.js'
import type { LiveNode } from '../../directory/directory.js'
import {
  callCapabilities,
  type IncomingInvite,
  type SipApplication,
  type SipDialog,
  type SipHeaders,
  type SipReply,
} from '../../srf/srf.js'
import type { Call } from '../call.js'
import { createCallerSide } from '../caller-side.js'
import type { Attempts } from '../dial/attempt.js'
import type { Branch } from '../dial/fork.js'
import { patienceWith } from '../dial/trunk-attempt.js'
import type { UserBranches } from '../dial/user-branches.js'
import { type Failure, type Termination, terminationOf } from '../failure.js'
import { nodeIdentity } from '../identity/identity-headers.js'
import { ourReason } from '../reason-header.js'
import type { Knowledge } from '../routing/contract.js'
import type { SpokenRefusals } from '../spoken-refusal.js'
import { isSame } from '../transfer/referral.js'
import { type ParkPort, parkedInvite } from './parked-invite.js'
import { notePickUp } from './picked-up.js'
import type { RingingCall, RingingCalls } from './ringing-calls.js'

export interface PickUpNeeds {
  readonly ringingCalls: Pick<RingingCalls, 'of' | 'all'>
  readonly attempts: Pick<Attempts, 'fork'>
  readonly branches: Pick<UserBranches, 'toColleague'>
  readonly spokenRefusals: Pick<SpokenRefusals, 'refuse'>
  readonly ivr: ParkPort
  readonly srf: Pick<SipApplication, 'reportsTrying'>
  readonly domain: string
  readonly clock: Clock
}

/** Takes over a call that rings for a colleague. Resolves when the call has ended. */
export interface PickUp {
  /** The call that rings longest for that extension; without digits, for any user at a phone of this site, through this node. */
  dialled(call: Call, digits: string): Promise<Termination> | Termination
  /** That call, which the Replaces of the INVITE names. */
  named(call: Call, ringing: RingingCall): Promise<Termination> | Termination
}

/** The other node answers at once. */
const answerMs: Milliseconds = 10_000

const nothing: Failure = { reason: 'nothing-to-pick-up' }

/**
 * The picker is joined to the caller by the caller's offer, and the phones that ring get CANCEL with the reason that the call was completed
 * elsewhere, like the early dialog that Replaces names in RFC 3891 §3. A node does not know the dialogs of another, so the extension stands
 * for them between nodes.
 */
export function createPickUp(needs: PickUpNeeds): PickUp {
  const { ringingCalls, attempts, branches, spokenRefusals, ivr, srf, domain, clock } = needs

  /** Null: no call rings for that user through this node. */
  async function here(call: Call, invite: IncomingInvite, extension: Extension): Promise<Termination | null> {
    const ringing = ringingCalls.of(extension).find((each) => mayTake(call, each))
    return ringing ? taken(call, invite, ringing) : null
  }

  /** Null: no call rings for a user at a phone of this site. */
  async function anybodys(call: Call): Promise<Termination | null> {
    const found = ringingCalls.all().find(({ user, ringing }) => isAtSite(user, call) && mayTake(call, ringing))
    return found ? taken(call, parkedInvite(call.invite, ivr), found.ringing) : null
  }

  async function taken(call: Call, invite: IncomingInvite, ringing: RingingCall): Promise<Termination> {
    const dialog = await accepted(invite, ringing.call)
    if (!dialog) return terminationOf({ reason: 'cancelled' })
    const body = await answerOn(dialog)
    const isTaken = body !== '' && ringing.take(branchOf(call), { outcome: 'answered', dialog, reply: replyWith(body) })
    if (!isTaken) {
      await dialog.bye({ Reason: ourReason('Nothing to pick up') })
      return terminationOf(nothing)
    }
    return follow(call, ringing)
  }

  function accepted(invite: IncomingInvite, { offer, party }: Call): Promise<SipDialog | null> {
    const { 'P-Asserted-Identity': identity = '' } = nodeIdentity(party, domain)
    const shown: SipHeaders = party.isPrivate || identity === '' ? {} : { 'P-Asserted-Identity': identity }
    // The picker was gone, or did not accept the caller's offer. The call rings on.
    return invite.accept({ sdp: offer, headers: { ...callCapabilities, ...shown } }).catch(() => null)
  }

  /** The call that was picked up goes on as its caller's; this one lasts as long. */
  async function follow(call: Call, { call: taken, ended }: RingingCall): Promise<Termination> {
    call.control.endBy(() => taken.control.hangUp(call.control.endReason ?? 'stopping'))
    call.progress.answered = clock.now()
    const by = parseExtension(call.party.number)
    if (by !== null) notePickUp(taken, by)
    taken.progress.reached = `user ${call.party.number}`
    taken.progress.callee = { user: call.caller.kind === 'device' ? call.caller.user : null, outside: null, party: call.party }
    taken.log.info({ event: 'call.feature', feature: 'pick-up', user: call.party.number }, `picked up by ${call.party.number}`)
    return (await ended) ?? terminationOf({ reason: 'cancelled' })
  }

  async function elsewhere(call: Call, invite: IncomingInvite, extension: Extension): Promise<Termination | Failure> {
    const offerless: Call = { ...call, invite: createCallerSide(invite), offer: '' }
    for (const node of nodesOf(extension, call.knowledge)) {
      const plan = {
        branches: [branches.toColleague(offerless, node, extension)],
        ringMs: answerMs,
        silenceMs: patienceWith(srf).silenceMs,
      }
      const result = await attempts.fork(offerless, { ...plan, target: `pick-up ${extension}` })
      if (result.outcome === 'ended') return result.termination
      // Answered already: the picker did not accept the offer, and has been hung up.
      if (invite.responded || invite.cancelled || call.control.endReason !== null) return { reason: 'cancelled' }
    }
    return nothing
  }

  /** A call that rings through this node, or through the nodes where the colleague's phones are. */
  async function fromPhone(call: Call, extension: Extension): Promise<Termination | Failure> {
    const invite = parkedInvite(call.invite, ivr)
    return (await here(call, invite, extension)) ?? elsewhere(call, invite, extension)
  }

  return {
    async dialled(call, digits) {
      const extension = parseExtension(digits)
      const isAnybodys = digits === '' && call.caller.kind === 'device'
      if (isAnybodys) return (await anybodys(call)) ?? spokenRefusals.refuse(call, nothing)
      if (extension === null) return spokenRefusals.refuse(call, nothing)
      const isOurs = call.caller.kind === 'device'
      const result = isOurs ? await fromPhone(call, extension) : ((await here(call, call.invite, extension)) ?? nothing)
      return 'result' in result ? result : spokenRefusals.refuse(call, result)
    },
    named(call, ringing) {
      return mayTake(call, ringing) ? taken(call, parkedInvite(call.invite, ivr), ringing) : spokenRefusals.refuse(call, nothing)
    },
  }
}

/** Not a call without an offer, nor the picker's own: a user would talk to themselves. */
function mayTake(picker: Call, { call }: RingingCall): boolean {
  return call.offer !== '' && !isOwnCall(picker, call)
}

/** Another node names the user of its phone, and signs that. */
function isOwnCall(picker: Call, { caller, party }: Call): boolean {
  if (caller.kind === 'device' && picker.caller.kind === 'device') return isSame(caller, picker.caller)
  return (caller.kind === 'device' || caller.kind === 'node') && party.number === picker.party.number
}

function branchOf({ caller }: Call): Branch {
  const branch = { uri: '', parts: {}, device: caller.kind === 'device' ? caller.device.id : null }
  return caller.kind === 'node' ? { ...branch, node: caller.node } : branch
}

/** `''` if the picker has hung up. */
function answerOn(dialog: SipDialog): Promise<string> {
  return new Promise((resolve) => {
    dialog.onAck(resolve)
    dialog.onEnd(() => resolve(''))
  })
}

function replyWith(body: string): SipReply {
  return { status: 200, reason: 'OK', header: () => '', body }
}

function isAtSite(extension: Extension, { knowledge: { hotdesk, directory, dialplan } }: Call): boolean {
  const devices = [...hotdesk.devicesOf(extension).map((id) => directory.device(id)), ...directory.ownedBy(extension)]
  return devices.some((device) => device?.site === dialplan.site)
}

/** Other nodes at which phones of the user are registered. */
function nodesOf(extension: Extension, { hotdesk, directory, registrar, node }: Knowledge): readonly LiveNode[] {
  const devices = [...hotdesk.devicesOf(extension), ...directory.ownedBy(extension).map(({ id }) => id)]
  const names = new Set(devices.flatMap((device) => registrar.bindingsOf(device).map((binding) => binding.node)))
  names.delete(node)
  return [...names].flatMap((name) => directory.node(name) ?? []).filter(({ takes }) => takes.includes('pick-up'))
}
