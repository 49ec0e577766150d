import type { Clock, Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Media } from '../media/media.js'
import type { IncomingInvite } from '../srf/srf.js'
import { announceRefusal } from './announcement.js'
import { beginConversation, type IvrCall, type IvrCallNeeds } from './ivr-call.js'
import type { PromptName, Prompts } from './prompts.js'
import { watchSilence } from './silence-timeout.js'

/** Takes calls, keeps them from hanging, and knows which are up. */
export interface IvrDispatch {
  /** Answers and lets `speak` have the caller; resolves when the call has ended. */
  converse(invite: IncomingInvite, speak: (conversation: IvrCall, log: Logger) => void): Promise<void>
  /** Answers, says what `decide` comes to, ends the call. */
  say(invite: IncomingInvite, decide: () => PromptName | Promise<PromptName>): Promise<void>
  /** Says it before the call is answered, then refuses the call. */
  announce(invite: IncomingInvite, prompt: PromptName): Promise<void>
  close(): Promise<void>
}

export interface IvrDispatchNeeds {
  readonly media: Media
  readonly prompts: Prompts
  /** Without a packet from the phone for so long the call is ended. */
  readonly silentMs: Milliseconds
  readonly clock: Clock
  readonly log: Logger
}

export function createIvrDispatch({ media, prompts, silentMs, clock, log }: IvrDispatchNeeds): IvrDispatch {
  const up = new Set<IvrCall>()
  const closing = new AbortController()

  const callNeeds = (invite: IncomingInvite): IvrCallNeeds => ({ invite, media, log: log.child({ callId: invite.callId }) })

  function watch(conversation: IvrCall, callLog: Logger): void {
    const alarm = watchSilence(conversation.session, silentMs, clock, () => {
      callLog.warn({ event: 'media.silent', packets: conversation.session.heard.packets }, 'nothing is heard of the phone')
      conversation.hangUp({ Reason: 'SIP;cause=408;text="No RTP"' })
    })
    conversation.onEnd(() => {
      alarm.cancel()
      up.delete(conversation)
    })
  }

  async function converse(invite: IncomingInvite, speak: (conversation: IvrCall, log: Logger) => void): Promise<void> {
    const needs = callNeeds(invite)
    const conversation = await beginConversation(needs)
    if (!conversation) return
    up.add(conversation)
    watch(conversation, needs.log)
    speak(conversation, needs.log)
    if (closing.signal.aborted) conversation.hangUp()
    await conversation.over
  }

  return {
    converse,
    say: (invite, decide) =>
      converse(invite, (conversation, callLog) => {
        void decided(decide, callLog).then((prompt) => sayLast(conversation, prompts, prompt))
      }),
    announce: (invite, prompt) => announceRefusal(prompts.clip(prompt), { ...callNeeds(invite), closing: closing.signal }),
    async close() {
      closing.abort()
      const ending = [...up].map((conversation) => {
        conversation.hangUp()
        return conversation.over
      })
      await Promise.all(ending)
    },
  }
}

/** A fault of ours is told as well: nobody is left with silence. */
async function decided(decide: () => PromptName | Promise<PromptName>, log: Logger): Promise<PromptName> {
  try {
    return await decide()
  } catch (fault) {
    log.error({ event: 'call.fault', reason: messageOf(fault) }, 'a dial code failed')
    return 'try-later'
  }
}

async function sayLast(conversation: IvrCall, prompts: Prompts, prompt: PromptName): Promise<void> {
  await conversation.session.play([prompts.clip(prompt)]).finished
  conversation.hangUp()
}
