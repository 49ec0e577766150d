import type { Language } from '../base/language.js'
import type { IncomingInvite, ResponseParts } from '../srf/srf.js'
import { type Call, reject } from './call.js'
import { type Failure, type RefusalReason, responseOf, type Termination, terminationOf } from './failure.js'
import { languageOf } from './inbound/caller.js'

/** Plays a prompt as early media, then sends the final response. `ended` cuts it short. */
export interface AnnouncementPort {
  announce(
    invite: IncomingInvite,
    spoken: { readonly prompt: string; readonly language: Language | null },
    after: { status: number; parts: ResponseParts },
    ended: AbortSignal,
  ): Promise<void>
}

/** Refuses calls with words. */
export interface SpokenRefusals {
  /** A caller of this node whose phone has not heard anything yet hears why, if there is a prompt for the reason. */
  refuse(call: Call, failure: Failure): Promise<Termination> | Termination
  /** An announcement of the dial plan. */
  announce(call: Call, prompt: string): Promise<Termination>
}

/** Reasons that an ordinary phone could not show in other words. */
const prompts: Readonly<Partial<Record<RefusalReason, string>>> = {
  barred: 'barred',
  'not-entitled': 'not-entitled',
  'site-missing': 'site-missing',
  'site-away': 'site-away',
  'nothing-to-pick-up': 'nothing-to-pick-up',
  'nothing-parked': 'park-empty',
}

/** A caller who has been answered gets no response that the phone could show. */
const answeredPrompts: Readonly<Partial<Record<RefusalReason, string>>> = {
  'unknown-number': 'number-unknown',
  'not-from-here': 'number-unknown',
  'over-limit': 'try-later',
}

/** The node that the phone is at speaks; others only give it the reason. */
export function createSpokenRefusals(ivr: AnnouncementPort): SpokenRefusals {
  async function speak(call: Call, prompt: string, failure: Failure): Promise<Termination> {
    const { voice } = call.invite
    if (voice) {
      await voice.say(prompt)
      return reject(call, failure)
    }
    const ended = new AbortController()
    call.control.endBy(() => ended.abort())
    await ivr.announce(call.invite, { prompt, language: languageOf(call.caller) }, responseOf(failure), ended.signal)
    return terminationOf(call.invite.cancelled ? { reason: 'cancelled' } : failure)
  }

  return {
    refuse(call, failure) {
      const { voice } = call.invite
      const prompt = prompts[failure.reason] ?? (voice ? answeredPrompts[failure.reason] : undefined)
      const isDialled = call.caller.kind === 'device' && call.transfer === null
      const canSpeak = voice ? call.control.endReason === null && !call.invite.cancelled : call.progress.ringing === null
      const isSpoken = prompt !== undefined && isDialled && canSpeak
      return isSpoken ? speak(call, prompt, failure) : reject(call, failure)
    },
    announce: (call, prompt) => speak(call, prompt, { reason: 'announced' }),
  }
}
