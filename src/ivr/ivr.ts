import type { Clock, Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Media } from '../media/media.js'
import type { IncomingInvite } from '../srf/srf.js'
import { createIvrDispatch } from './ivr-dispatch.js'
import type { DialogueTiming } from './pin-dialogue/dialogue-steps.js'
import { runLoginDialogue } from './pin-dialogue/login-dialogue.js'
import { spokenLogout } from './pin-dialogue/spoken-outcome.js'
import { loadPrompts } from './prompts.js'

export { loadPrompts } from './prompts.js'

/** Calls to the feature codes. Each method resolves when its call has ended; a fault in one call does not affect others. */
export interface Ivr {
  /** Runs the PIN dialogue; with `extension` null it asks for the extension first. A phone that is not a hot-desk phone hears an announcement. */
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  /** For an idle phone that dials a number: plays an announcement, then sends 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
  /** Ends all calls; resolves when each BYE has a response. */
  close(): Promise<void>
}

export interface IvrNeeds {
  readonly media: Media
  readonly hotdesk: Pick<Hotdesk, 'login' | 'logout' | 'abandoned'>
  readonly directory: Pick<Directory, 'device'>
  /** Contains a folder of prompts for each language. */
  readonly promptsFolder: string
  readonly timing: IvrTiming
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface IvrTiming extends DialogueTiming {
  /** Ends a call after this time without a packet from the phone. */
  readonly silentMs: Milliseconds
}

/** A prompt that cannot be played is logged and replaced by tones; it does not prevent the start. */
export async function createIvr(needs: IvrNeeds): Promise<Ivr> {
  const { media, hotdesk, directory, timing, clock, log, metrics } = needs
  const prompts = await loadPrompts({ folder: needs.promptsFolder, languages: ['en'], log })
  const dispatch = createIvrDispatch({ media, prompts, silentMs: timing.silentMs, clock, log })

  return {
    login(invite, device, extension) {
      if (directory.device(device)?.hotdesk === false) return dispatch.say(invite, () => 'not-a-hotdesk-phone')
      return dispatch.answer(invite, (call, callLog) =>
        runLoginDialogue(call, { device, extension, hotdesk, prompts, timing, clock, log: callLog, metrics }),
      )
    },
    logout: (invite, device) => dispatch.say(invite, async () => spokenLogout(await hotdesk.logout(device, 'drain', 'dial-code'))),
    pleaseLogIn: (invite) => dispatch.announce(invite, 'please-log-in'),
    close: dispatch.close,
  }
}
