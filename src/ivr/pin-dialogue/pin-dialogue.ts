import type { Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { DeviceId, Extension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Secret } from '../../base/secret.js'
import type { Hotdesk, LoginOutcome } from '../../hotdesk/hotdesk.js'
import type { IvrCall } from '../ivr-call.js'
import type { Prompts } from '../prompts.js'
import { createDialogue } from './dialogue.js'
import type { DialogueTiming } from './dialogue-steps.js'
import { type Spoken, spokenLogin, spokenLogoutEverywhere } from './spoken-outcome.js'

export interface PinDialogueNeeds {
  readonly device: DeviceId
  /** Null: the caller has to enter it. */
  readonly extension: Extension | null
  readonly hotdesk: Pick<Hotdesk, 'login' | 'logoutEverywhere' | 'abandoned'>
  readonly voice: {
    readonly prompts: Prompts
    /** For a user who has proved who they are. */
    readonly promptsOf: (user: Extension) => Prompts
  }
  readonly timing: DialogueTiming
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** What a PIN is asked for. */
interface Purpose {
  attempt(entry: Entry): Promise<{ readonly spoken: Spoken; readonly isPinRight: boolean }>
  abandoned(extension: Extension | null): void
}

interface Entry {
  readonly extension: Extension
  readonly pin: Secret
  readonly lastKeyAt: Milliseconds
}

/** Runs the PIN dialogue of a login in this call. */
export function runLoginDialogue(call: IvrCall, needs: PinDialogueNeeds): void {
  const { device, hotdesk, metrics, clock } = needs
  runPinDialogue(call, needs, {
    async attempt({ extension, pin, lastKeyAt }) {
      const outcome = await hotdesk.login({ extension, device, pin })
      const spoken = spokenLogin(outcome)
      if (spoken.input === 'granted') metrics.loginSeconds.observe((clock.now() - lastKeyAt) / 1000)
      return { spoken, isPinRight: isPinRight(outcome) }
    },
    abandoned: (extension) => hotdesk.abandoned(device, extension),
  })
}

/** The same for a logout at every phone. */
export function runLogoutEverywhere(call: IvrCall, needs: PinDialogueNeeds): void {
  runPinDialogue(call, needs, {
    async attempt({ extension, pin }) {
      const spoken = spokenLogoutEverywhere(await needs.hotdesk.logoutEverywhere({ extension, device: needs.device, pin }))
      return { spoken, isPinRight: spoken.input === 'granted' }
    },
    abandoned: () => undefined,
  })
}

function runPinDialogue(call: IvrCall, { extension: dialled, voice, timing, clock, log }: PinDialogueNeeds, purpose: Purpose): void {
  let { prompts } = voice
  const dialogue = createDialogue({
    extension: dialled,
    timing,
    clock,
    play: (names) => call.session.play(names.map((name) => prompts.clip(name))),
    async attempt(extension, pin, lastKeyAt) {
      const { spoken, isPinRight } = await purpose.attempt({ extension, pin, lastKeyAt })
      if (isPinRight) prompts = voice.promptsOf(extension)
      return spoken
    },
    onFault: (fault) => log.error({ event: 'call.fault', reason: messageOf(fault) }, 'the PIN could not be used'),
    abandoned: purpose.abandoned,
    hangUp: () => call.hangUp(),
  })
  call.onKey(dialogue.press)
  call.onEnd((by) => (by === 'caller' ? dialogue.callerGone() : dialogue.cutOff()))
}

function isPinRight(login: LoginOutcome): boolean {
  return spokenLogin(login).input === 'granted' || login.outcome === 'ELSEWHERE' || login.outcome === 'NOT_ENTITLED'
}
