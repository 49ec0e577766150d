import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Language } from '../../base/language.js'
import { orbitLamp } from '../../dialplan/dialplan.js'
import type { LiveNode } from '../../directory/directory.js'
import type { IncomingInvite, SipApplication } from '../../srf/srf.js'
import { answeredInvite, type WaitingCaller } from '../breakout/answered-invite.js'
import type { Connect } from '../bridge/connect.js'
import { joinLeg } from '../bridge/joined-leg.js'
import { moveLeg } from '../bridge/moved-leg.js'
import { type Call, reject, type Transfer } from '../call.js'
import type { Attempts } from '../dial/attempt.js'
import { patienceWith } from '../dial/trunk-attempt.js'
import type { UserBranches } from '../dial/user-branches.js'
import { type Failure, type Termination, terminationOf } from '../failure.js'
import { languageOf } from '../inbound/caller.js'
import type { WritableUserCalls } from '../lamps/user-calls.js'
import type { Limits } from '../limits/limits.js'
import { ourReason } from '../reason-header.js'
import type { Decision, Knowledge } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import type { SpokenRefusals } from '../spoken-refusal.js'
import { branchOf } from '../transfer/participant.js'

/** Answers a call, and keeps the caller company. */
export interface HoldPort {
  /** Null: the call has been refused, or its caller is gone. */
  hold(invite: IncomingInvite, language: Language | null): Promise<HeldParty | null>
}

interface HeldParty extends WaitingCaller {
  /** Plays the prompt, then a tone now and then. */
  wait(prompt: string): void
}

export interface ParkNeeds {
  readonly ivr: HoldPort
  readonly srf: Pick<SipApplication, 'reportsTrying'>
  readonly attempts: Pick<Attempts, 'fork'>
  readonly branches: Pick<UserBranches, 'toOrbit'>
  readonly connect: Connect
  readonly limits: Pick<Limits, 'counted'>
  readonly spokenRefusals: Pick<SpokenRefusals, 'refuse'>
  readonly userCalls: Pick<WritableUserCalls, 'park'>
  readonly clock: Clock
}

type DialOn = (call: Call, decision: Decision) => Promise<Termination> | Termination

/** Calls that wait at an orbit of the site until a phone there takes them. */
export interface Park {
  /** A call that is transferred to the code is parked; any other takes the one that is parked there. Resolves when the call has ended. */
  dialled(call: Call, orbit: string, dial: DialOn): Promise<Termination> | Termination
}

interface Parked {
  readonly call: Call
  readonly transfer: Transfer
  readonly held: HeldParty
  /** Ends the stay at the orbit. */
  readonly leave: (why: 'taken' | 'gone' | 'time') => void
}

/** The other node answers at once. */
const answerMs: Milliseconds = 10_000
const takingMs: Milliseconds = 1_000
const nothing: Failure = { reason: 'nothing-parked' }

export function createPark(needs: ParkNeeds): Park {
  const { ivr, srf, attempts, branches, connect, limits, spokenRefusals, userCalls, clock } = needs
  /** By orbit. Null while a call is being answered there. */
  const orbits = new Map<string, Parked | null>()

  async function park(call: Call, orbit: string, { transfer, dial }: { transfer: Transfer; dial: DialOn }): Promise<Termination> {
    // The transfer fails, and the call goes on where it was.
    if (orbits.has(orbit)) return reject(call, { reason: 'busy' })
    orbits.set(orbit, null)
    call.progress.reached = `park ${orbit}`
    const held = await ivr.hold(call.invite, languageOf(call.caller))
    if (!held) {
      orbits.delete(orbit)
      return terminationOf({ reason: call.invite.cancelled ? 'cancelled' : 'fault' })
    }
    call.progress.answered = clock.now()
    call.log.info({ event: 'call.feature', feature: 'park', outcome: 'parked' }, `parked at ${orbit}`)
    const lampOff = userCalls.park(call, orbitLamp(call.plan.site, orbit))
    const why = await stay(orbit, { call, transfer, held })
    lampOff()
    orbits.delete(orbit)
    call.log.info({ event: 'call.feature', feature: 'park', outcome: why }, `no longer parked at ${orbit}: ${why}`)
    if (why === 'time') return ringBack(call, { held, transfer, dial })
    return { result: 'success', reason: why === 'taken' ? 'taken from the orbit' : 'hung up while parked' }
  }

  function stay(orbit: string, { call, transfer, held }: Omit<Parked, 'leave'>): Promise<'taken' | 'gone' | 'time'> {
    return new Promise((resolve) => {
      let alarm = clock.after(call.plan.parkMs, onTime)
      /** A call that is being taken stays at its orbit until that succeeds or fails. */
      function onTime(): void {
        if (orbits.get(orbit) === parked) leave('time')
        else alarm = clock.after(takingMs, onTime)
      }
      function leave(why: 'taken' | 'gone' | 'time'): void {
        alarm.cancel()
        resolve(why)
      }
      const parked = { call, transfer, held, leave }
      orbits.set(orbit, parked)
      held.onEnd(() => leave('gone'))
      call.control.endBy((text) => held.hangUp({ Reason: ourReason(text) }))
      held.wait('parked')
    })
  }

  /** The park time is over: calls the user who parked the call. */
  function ringBack(call: Call, { held, transfer, dial }: { held: HeldParty; transfer: Transfer; dial: DialOn }) {
    const invite = answeredInvite(call.invite, held, clock)
    call.invite.answerAs(invite, held)
    const extension = transfer.by.user?.extension
    if (extension === undefined) return reject(call, { reason: 'no-answer' })
    return dial(call, decide({ kind: 'extension', extension, history: { hops: 0, trail: [], diversions: [] } }, call.knowledge))
  }

  /** The parked side gets the offer of the INVITE by re-INVITE; without one, its own is asked for. */
  async function take(call: Call, orbit: string, parked: Parked): Promise<Termination> {
    const { transfer, held } = parked
    let isTaken = false
    const taken = (): void => {
      isTaken = true
      parked.leave('taken')
      held.release()
    }
    const { offer, invite } = call
    const { dialog } = held
    const callee = transfer.whom ?? { user: null, outside: null, party: parked.call.party }
    if (call.caller.kind === 'device') call.transfer = { of: parked.call.id, by: call.caller, whom: callee }
    call.progress.callee = callee
    call.progress.reached = `call ${parked.call.id}`
    const run = async (): Promise<Termination> => {
      const leg =
        offer === ''
          ? await joinLeg({ dialog, headers: {}, clock, onJoined: taken })
          : await moveLeg({ dialog, offer, clock, isWanted: () => !invite.cancelled, onTaken: taken })
      if (leg.outcome === 'failed') return reject(call, { reason: 'upstream', response: leg.reply })
      const connected = await connect(call, branchOf(parked.call.caller), leg)
      return connected.outcome === 'ended' ? connected.termination : reject(call, connected.failure)
    }
    // Only one user can take the call. If that fails, the call waits at the orbit again.
    orbits.set(orbit, null)
    const back = (): void => {
      if (!isTaken && !held.dialog.ended) orbits.set(orbit, parked)
    }
    const ended = callee.outside ? limits.counted(call, callee.outside, run) : run()
    return ended.finally(back)
  }

  /** Parked at another node of this site. */
  async function elsewhere(call: Call, orbit: string): Promise<Termination | Failure> {
    for (const node of nodesHere(call.knowledge)) {
      const plan = { branches: [branches.toOrbit(call, node, orbit)], ringMs: answerMs, silenceMs: patienceWith(srf).silenceMs }
      const result = await attempts.fork(call, { ...plan, target: `park ${orbit}` })
      if (result.outcome === 'ended') return result.termination
      if (call.invite.responded || call.invite.cancelled || call.control.endReason !== null) return { reason: 'cancelled' }
    }
    return nothing
  }

  return {
    async dialled(call, orbit, dial) {
      const { transfer } = call
      if (transfer) return park(call, orbit, { transfer, dial })
      const parked = orbits.get(orbit)
      if (parked) return take(call, orbit, parked)
      const result = call.caller.kind === 'device' && parked === undefined ? await elsewhere(call, orbit) : nothing
      return 'result' in result ? result : spokenRefusals.refuse(call, result)
    },
  }
}

/** The other nodes of this site. */
function nodesHere({ directory, dialplan, node }: Knowledge): readonly LiveNode[] {
  return directory.nodes().filter(({ name, site, takes }) => name !== node && site === dialplan.site && takes.includes('pick-up'))
}
