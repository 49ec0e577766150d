import type { Clock, Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Clip, Media } from '../media/media.js'
import type { IncomingInvite } from '../srf/srf.js'
import { announceRefusal, type RefusalAfter } from './announcement.js'
import { answerCall, type IvrCall, type IvrCallNeeds } from './ivr-call.js'
import type { Prompts } from './prompts.js'
import { watchSilence } from './silence-timeout.js'
import { type Answer, answerClips } from './spoken-answer.js'

/** Answers calls to the IVR, and ends those that fall silent. */
export interface IvrDispatch {
  /** Answers the call and passes it to `begin`; resolves when it has ended. */
  answer(invite: IncomingInvite, begin: (call: IvrCall, log: Logger) => void): Promise<void>
  /** Answers the call, says what `decide` finds, and ends the call. */
  say(invite: IncomingInvite, prompts: Prompts, decide: () => Answer | Promise<Answer>): Promise<void>
  /** Plays the clip before the call is answered, then refuses the call. `ended` cuts the clip short. */
  announce(invite: IncomingInvite, clip: Clip, after: RefusalAfter, ended?: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface IvrDispatchNeeds {
  readonly media: Media
  /** Ends a call after this time without a packet from the phone. */
  readonly silentMs: () => Milliseconds
  readonly clock: Clock
  readonly log: Logger
}

export function createIvrDispatch({ media, silentMs, clock, log }: IvrDispatchNeeds): IvrDispatch {
  const calls = new Set<IvrCall>()
  const closing = new AbortController()

  const callNeeds = (invite: IncomingInvite): IvrCallNeeds => ({ invite, media, log: log.child({ callId: invite.callId }) })

  function watch(call: IvrCall, callLog: Logger): void {
    const alarm = watchSilence(call.session, silentMs(), clock, () => {
      if (call.isWaiting) return
      callLog.warn({ event: 'media.silent', packets: call.session.heard.packets }, 'no audio from the phone')
      call.hangUp({ Reason: 'SIP;cause=408;text="No RTP"' })
    })
    call.onEnd(() => {
      alarm.cancel()
      calls.delete(call)
    })
  }

  async function answer(invite: IncomingInvite, begin: (call: IvrCall, log: Logger) => void): Promise<void> {
    const needs = callNeeds(invite)
    const call = await answerCall(needs)
    if (!call) return
    calls.add(call)
    watch(call, needs.log)
    begin(call, needs.log)
    if (closing.signal.aborted) call.hangUp()
    await call.over
  }

  return {
    answer,
    say: (invite, prompts, decide) =>
      answer(invite, (call, callLog) => {
        void decided(decide, callLog).then((answer) => playLast(call, prompts, answer))
      }),
    announce(invite, clip, after, ended) {
      const ends = ended ? AbortSignal.any([closing.signal, ended]) : closing.signal
      return announceRefusal(clip, after, { ...callNeeds(invite), closing: ends })
    },
    async close() {
      closing.abort()
      const ending = [...calls].map((call) => {
        if (!call.isUrgent) call.hangUp()
        return call.over
      })
      await Promise.all(ending)
    },
  }
}

/** After a fault of ours the caller hears a prompt too. */
async function decided(decide: () => Answer | Promise<Answer>, log: Logger): Promise<Answer> {
  try {
    return await decide()
  } catch (fault) {
    log.error({ event: 'call.fault', reason: messageOf(fault) }, 'a dial code failed')
    return 'try-later'
  }
}

async function playLast(call: IvrCall, prompts: Prompts, answer: Answer): Promise<void> {
  await call.session.play(answerClips(answer, prompts)).finished
  call.hangUp()
}
