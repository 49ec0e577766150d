import type { Clock, Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { AudioSession, Clip, Media } from '../media/media.js'
import type { IncomingInvite } from '../srf/srf.js'
import type { RefusalAfter } from './announcement.js'
import type { IvrCall } from './ivr-call.js'
import { createIvrDispatch } from './ivr-dispatch.js'
import { type ParkedCall, parkCall } from './parked-call.js'
import type { DialogueTiming } from './pin-dialogue/dialogue-steps.js'
import { runLoginDialogue } from './pin-dialogue/login-dialogue.js'
import { spokenLogout } from './pin-dialogue/spoken-outcome.js'
import { loadPrompts, type PromptName, type Prompts } from './prompts.js'
import { runSiteMenu, type SiteAnswer, type SiteQuestion } from './site-menu/ask-for-site.js'

export { loadPrompts } from './prompts.js'

/** Calls to the feature codes. Each method resolves when its call has ended; a fault in one call does not affect others. */
export interface Ivr {
  /** Runs the PIN dialogue; with `extension` null it asks for the extension first. A phone that is not a hot-desk phone hears an announcement. */
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  /** For an idle phone that dials a number: plays an announcement, then sends 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
  /** Answers the call, plays the prompt that `decide` chooses, and ends the call. */
  say(invite: IncomingInvite, decide: () => Promise<PromptName>): Promise<void>
  /** Answers the call silently, until the phone gets another session description. Null if it has been refused or the caller is gone. */
  park(invite: IncomingInvite): Promise<ParkedCall | null>
  /** Answers the call and asks for a site and a number. Null: the call has ended without a choice. */
  askForSite(invite: IncomingInvite, question: SiteQuestion): Promise<SiteAnswer | null>
  /** Plays a prompt or an announcement of the dial plan as early media, then refuses the call. `ended` cuts it short. */
  announce(invite: IncomingInvite, prompt: string, after: RefusalAfter, ended: AbortSignal): Promise<void>
  /** Audio for a call of the node itself. Null if no port is free. */
  offerAudio(): Promise<AudioSession | null>
  /** A prompt; tones if it is missing. */
  clip(prompt: string): Clip
  /** Null if there is no recording. */
  recording(prompt: string): Clip | null
  /**
   * Reads the prompts again, and the announcements of another dial plan. The function that it answers puts them in force; calls in progress
   * may hear old and new ones.
   */
  readPrompts(announcements: readonly string[]): Promise<() => void>
  /** Ends all calls except those of callers who wait for help; resolves when these have ended too, and each BYE has a response. */
  close(): Promise<void>
}

export interface IvrNeeds {
  readonly media: Media
  readonly hotdesk: Pick<Hotdesk, 'login' | 'logout' | 'abandoned'>
  readonly directory: Pick<Directory, 'device'>
  /** Contains a folder of prompts for each language. */
  readonly promptsFolder: string
  /** The prompts that the dial plan names. */
  readonly announcements: readonly string[]
  /** Asked for each call. */
  readonly timing: () => IvrTiming
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
  const load = (announcements: readonly string[]): Promise<Prompts> =>
    loadPrompts({ folder: needs.promptsFolder, languages: ['en'], announcements, log })
  let loaded = await load(needs.announcements)
  const prompts: Prompts = {
    clip: (name) => loaded.clip(name),
    announcement: (name) => loaded.announcement(name),
    recording: (name) => loaded.recording(name),
  }
  const dispatch = createIvrDispatch({ media, prompts, silentMs: () => timing().silentMs, clock, log })

  return {
    login(invite, device, extension) {
      if (directory.device(device)?.hotdesk === false) return dispatch.say(invite, () => 'not-a-hotdesk-phone')
      return dispatch.answer(invite, (call, callLog) =>
        runLoginDialogue(call, { device, extension, hotdesk, prompts, timing: timing(), clock, log: callLog, metrics }),
      )
    },
    logout: (invite, device) => dispatch.say(invite, async () => spokenLogout(await hotdesk.logout(device, 'drain', 'dial-code'))),
    // Not 403: Linphone would then ask for the password of the account.
    pleaseLogIn: (invite) => dispatch.announce(invite, prompts.clip('please-log-in'), { status: 480, parts: { reason: 'Log In First' } }),
    say: dispatch.say,
    park: (invite) => parkCall({ invite, media, log: log.child({ callId: invite.callId }) }),
    askForSite: (invite, question) =>
      new Promise((resolve, reject) => {
        const begin = (call: IvrCall): void => runSiteMenu(call, question, { prompts, timing: timing(), clock, answered: resolve })
        dispatch.answer(invite, begin).then(() => resolve(null), reject)
      }),
    announce: (invite, prompt, after, ended) => dispatch.announce(invite, prompts.announcement(prompt), after, ended),
    offerAudio: () => media.offer(),
    clip: prompts.announcement,
    recording: prompts.recording,
    async readPrompts(announcements) {
      const read = await load(announcements)
      return () => {
        loaded = read
      }
    },
    close: dispatch.close,
  }
}
