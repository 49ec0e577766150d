import type { Clock } from '../../base/clock.js'
import type { SiteName } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { SiteChoice } from '../../dialplan/dialplan.js'
import type { CallKind } from '../../hotdesk/hotdesk.js'
import type { IncomingInvite } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { DialEmergency } from '../emergency/emergency-call.js'
import { type Termination, terminationOf } from '../failure.js'
import type { Caller } from '../inbound/caller.js'
import type { RecordCall } from '../records/record-call.js'
import type { Decision, DestinationOf } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { answeredInvite, type WaitingCaller } from './answered-invite.js'
import { emergencyTyped, type JudgeTyped, judgeTyped } from './emergency-behind-codes.js'

/** Answers a call and asks for a site and a number. */
export interface SiteMenuPort {
  /** Null: the call has ended without a choice. */
  askForSite(invite: IncomingInvite, question: SiteQuestion): Promise<SiteAnswer | null>
}

interface SiteQuestion {
  readonly site: SiteName | null
  readonly choices: readonly SiteChoice[]
  readonly digits: string
  readonly judge: JudgeTyped
  readonly language: Language | null
  readonly ended: AbortSignal
}

interface SiteAnswer {
  readonly choice:
    | { readonly kind: 'site'; readonly site: SiteName; readonly digits: string }
    | { readonly kind: 'emergency'; readonly site: SiteName | null; readonly digits: string }
  readonly caller: WaitingCaller
}

export interface BreakOutMenuNeeds {
  readonly ivr: SiteMenuPort
  readonly newCall: (invite: IncomingInvite, caller: Caller, kind: CallKind) => Call
  readonly record: RecordCall
  readonly dialEmergency: DialEmergency
  readonly clock: Clock
}

/** Asks the caller for a site and a number, and dials it there. Resolves when the call has ended. */
export type BreakOutMenu = (
  call: Call,
  to: DestinationOf<'break-out-menu'>,
  dial: (call: Call, decision: Decision) => Promise<Termination> | Termination,
) => Promise<Termination>

export function createBreakOutMenu({ ivr, newCall, record, dialEmergency, clock }: BreakOutMenuNeeds): BreakOutMenu {
  /** A call of its own, which the end of this one does not end. */
  async function callForHelp(call: Call, invite: IncomingInvite, typed: { digits: string; site: SiteName | null }): Promise<Termination> {
    const { caller, knowledge } = call
    const to = caller.kind === 'device' ? emergencyTyped(typed, caller.user, knowledge) : null
    if (to === null || caller.kind !== 'device') throw new Error('the menu has found an emergency number that is not one')
    const { device } = caller
    const emergency = newCall(invite, { kind: 'device', device, user: null }, 'emergency')
    call.control.endBy(() => undefined)
    await record(emergency, () => dialEmergency(emergency, { ...to, device }))
    return { result: 'success', reason: 'emergency call' }
  }

  return async (call, { site, choices, digits, user }, dial) => {
    const ended = new AbortController()
    call.control.endBy(() => ended.abort())
    const judge = judgeTyped(user, call.knowledge)
    const answer = await ivr.askForSite(call.invite, {
      site,
      choices,
      digits,
      judge,
      language: user?.language ?? null,
      ended: ended.signal,
    })
    if (answer === null)
      return call.invite.cancelled ? terminationOf({ reason: 'cancelled' }) : { result: 'client', reason: 'no site chosen' }
    const { choice, caller } = answer
    const invite = answeredInvite(call.invite, caller, clock)
    if (choice.kind === 'emergency') return callForHelp(call, invite, choice)
    call.log.info({ event: 'call.routed', to: `site ${choice.site}` }, `the caller has chosen ${choice.site}`)
    call.invite.answerAs(invite, caller)
    return dial(call, decide({ kind: 'break-out', site: choice.site, digits: choice.digits, user }, call.knowledge))
  }
}
