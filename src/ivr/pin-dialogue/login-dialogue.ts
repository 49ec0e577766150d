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
import { spokenLogin } from './spoken-outcome.js'

export interface LoginDialogueNeeds {
  readonly device: DeviceId
  readonly extension: Extension | null
  readonly hotdesk: Pick<Hotdesk, 'login' | 'abandoned'>
  readonly prompts: Prompts
  readonly timing: DialogueTiming
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Runs the PIN dialogue in this call. */
export function runLoginDialogue(call: IvrCall, needs: LoginDialogueNeeds): void {
  const { device, hotdesk, prompts, log } = needs
  const dialogue = createDialogue({
    extension: needs.extension,
    timing: needs.timing,
    clock: needs.clock,
    play: (names) => call.session.play(names.map(prompts.clip)),
    login: (extension, pin, lastKeyAt) => timedLogin(needs, { extension, pin, lastKeyAt }),
    onFault: (fault) => log.error({ event: 'call.fault', reason: messageOf(fault) }, 'the login failed'),
    abandoned: (extension) => hotdesk.abandoned(device, extension),
    hangUp: () => call.hangUp(),
  })
  call.onKey(dialogue.press)
  call.onEnd((by) => (by === 'caller' ? dialogue.callerGone() : dialogue.cutOff()))
}

interface Entry {
  readonly extension: Extension
  readonly pin: Secret
  readonly lastKeyAt: Milliseconds
}

async function timedLogin(needs: LoginDialogueNeeds, { extension, pin, lastKeyAt }: Entry): Promise<LoginOutcome> {
  const outcome = await needs.hotdesk.login({ extension, device: needs.device, pin })
  if (spokenLogin(outcome).input === 'granted') needs.metrics.loginSeconds.observe((needs.clock.now() - lastKeyAt) / 1000)
  return outcome
}
