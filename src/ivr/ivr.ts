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
import { holdLoginDialogue } from './pin-dialogue/login-dialogue.js'
import { spokenLogout } from './pin-dialogue/spoken-outcome.js'
import { loadPrompts } from './prompts.js'

export { loadPrompts } from './prompts.js'

/** The dial codes, spoken. Each call resolves when it has ended; what goes wrong in one stays in it. */
export interface Ivr {
  /** The PIN dialogue; `extension` null asks for it first. A phone that is no hot-desk phone hears so. */
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  /** For an idle phone that dials a number: announcement, then 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
  /** Ends all calls; resolves when their BYEs are answered. */
  close(): Promise<void>
}

export interface IvrNeeds {
  readonly media: Media
  readonly hotdesk: Pick<Hotdesk, 'login' | 'logout' | 'abandoned'>
  readonly directory: Pick<Directory, 'device'>
  /** The folder with one folder of prompts a language. */
  readonly promptsFolder: string
  readonly timing: IvrTiming
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface IvrTiming extends DialogueTiming {
  /** Without a packet from the phone for so long the call is ended. */
  readonly silentMs: Milliseconds
}

/** Prompts that cannot be played are named in the log and replaced by tones; they keep nothing from starting. */
export async function createIvr(needs: IvrNeeds): Promise<Ivr> {
  const { media, hotdesk, directory, timing, clock, log, metrics } = needs
  const prompts = await loadPrompts({ folder: needs.promptsFolder, languages: ['en'], log })
  const switchboard = createIvrDispatch({ media, prompts, silentMs: timing.silentMs, clock, log })

  return {
    login(invite, device, extension) {
      if (directory.device(device)?.hotdesk === false) return switchboard.say(invite, () => 'not-a-hotdesk-phone')
      return switchboard.converse(invite, (conversation, callLog) =>
        holdLoginDialogue(conversation, { device, extension, hotdesk, prompts, timing, clock, log: callLog, metrics }),
      )
    },
    logout: (invite, device) => switchboard.say(invite, async () => spokenLogout(await hotdesk.logout(device, 'drain', 'dial-code'))),
    pleaseLogIn: (invite) => switchboard.announce(invite, 'please-log-in'),
    close: switchboard.close,
  }
}
