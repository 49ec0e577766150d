import type { Clock } from '../../base/clock.js'
import { splitList } from '../../sip/syntax/list.js'
import type { IncomingInvite, InviteResult } from '../../srf/srf.js'
import type { Connect } from '../bridge/connect.js'
import { type Conversations, dialogOf, type End, otherEnd } from '../bridge/conversations.js'
import { joinLeg } from '../bridge/joined-leg.js'
import { type MovedLeg, moveLeg } from '../bridge/moved-leg.js'
import { type Call, reject } from '../call.js'
import type { Dial } from '../dial/dial.js'
import type { Termination } from '../failure.js'
import type { PickUp } from '../features/pick-up.js'
import type { RingingCalls } from '../features/ringing-calls.js'
import type { DeviceCaller } from '../inbound/caller.js'
import type { Limits } from '../limits/limits.js'
import { decide } from '../routing/decide.js'
import { participantAt } from './participant.js'
import { isSame } from './referral.js'
import { parseReplaces, type Replaces, userOfLamp } from './replaces.js'

export interface ReplaceCallNeeds {
  readonly conversations: Pick<Conversations, 'named'>
  readonly ringingCalls: Pick<RingingCalls, 'named'>
  readonly pickUp: PickUp
  readonly dial: Dial
  readonly connect: Connect
  readonly limits: Pick<Limits, 'counted' | 'report'>
  readonly clock: Clock
}

/**
 * By INVITE with Replaces (RFC 3891 §3), a phone takes over a call that is up at another phone of its user, or picks up one that rings for a
 * colleague. Resolves when the call has ended.
 */
export type ReplaceCall = (call: Call, by: DeviceCaller) => Promise<Termination>

/** Whether an INVITE names a call to take over. A malformed Replaces is ignored like any header that the call does not need, unless Require names it. */
export function asksToReplace({ header }: Pick<IncomingInvite, 'header'>): boolean {
  const values = splitList(header('Replaces'))
  const isRequired = splitList(header('Require')).some((tag) => tag.trim().toLowerCase() === 'replaces')
  return values.length > 0 && (isRequired || values.some((value) => parseReplaces(value) !== null))
}

export function createReplaceCall(needs: ReplaceCallNeeds): ReplaceCall {
  const { conversations, ringingCalls, pickUp, dial, connect, limits, clock } = needs

  /** Judged like a pick-up by code. Of calls that ring at other nodes, this node does not know the dialogs, but the name that lamps give them. */
  function takeRinging(call: Call, { dialog }: Replaces, by: DeviceCaller): Promise<Termination> | Termination {
    const found = ringingCalls.named(dialog)
    const user = found?.user ?? userOfLamp(dialog)
    if (user === null) return reject(call, { reason: 'no-such-call' })
    const decision = decide({ kind: 'replaced', extension: user, by }, call.knowledge)
    if (decision.to.kind === 'please-log-in') return reject(call, { reason: 'not-logged-in' })
    if (decision.to.kind !== 'feature') return dial(call, decision)
    call.log.debug({ event: 'call.routed', steps: decision.steps }, 'routing steps')
    limits.report(call, decision)
    return found ? pickUp.named(call, found.ringing) : pickUp.dialled(call, user)
  }

  async function takeOver(call: Call, end: End, by: DeviceCaller): Promise<Termination> {
    const kept = otherEnd(end)
    const participant = participantAt(kept, call.knowledge.directory)
    if (!participant) return reject(call, { reason: 'declined' })
    const { bridge } = end.conversation
    call.transfer = { of: end.conversation.call.id, by, whom: participant.callee }
    call.progress.callee = participant.callee
    call.progress.reached = `call ${end.conversation.call.id}`
    const run = async (): Promise<Termination> => {
      const leg = await legTo(call, end)
      if (leg.outcome === 'failed') return reject(call, { reason: 'upstream', response: leg.reply })
      const connected = await connect(call, participant.branch, leg)
      return connected.outcome === 'ended' ? connected.termination : reject(call, connected.failure)
    }
    bridge.keep(kept.side)
    const { outside } = participant.callee
    // A call outside still counts at its user's next phone.
    return (outside ? limits.counted(call, outside, run) : run()).finally(bridge.release)
  }

  /**
   * The far end gets the offer of the INVITE; without one, its own is asked for. The call that is replaced ends with the ACK: until then the
   * INVITE may fail or be cancelled, which leaves that call unchanged (RFC 3891 §3).
   */
  function legTo({ offer, invite }: Call, end: End): Promise<InviteResult | MovedLeg> {
    const dialog = dialogOf(otherEnd(end))
    const parted = (): void => {
      end.conversation.bridge.part()
      void dialogOf(end).bye({ Reason: 'SIP;cause=200;text="Call completed elsewhere"' })
    }
    if (offer === '') return joinLeg({ dialog, headers: {}, clock, onJoined: parted })
    return moveLeg({ dialog, offer, clock, isWanted: () => !invite.cancelled, onTaken: parted })
  }

  return async (call, by) => {
    const values = splitList(call.invite.header('Replaces'))
    const replaces = values.length === 1 ? parseReplaces(values[0] ?? '') : null
    if (!replaces) return reject(call, { reason: 'no-such-call', status: 400 })
    const end = conversations.named(replaces.dialog)
    if (!end) return takeRinging(call, replaces, by)
    // The call was answered while the phone was picking it up.
    if (replaces.isEarlyOnly) return reject(call, { reason: 'busy' })
    const holder = participantAt(end, call.knowledge.directory)?.caller
    // A call of somebody else does not exist for this phone.
    if (holder?.kind !== 'device' || !isSame(holder, by)) return reject(call, { reason: 'no-such-call' })
    // A call that is being transferred has no room for another change.
    if (end.conversation.bridge.isKept) return reject(call, { reason: 'busy' })
    return call.invite.cancelled ? reject(call, { reason: 'cancelled' }) : takeOver(call, end, by)
  }
}
