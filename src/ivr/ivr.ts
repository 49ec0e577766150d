import type { Clock, Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension } from '../base/identity.js'
import type { Language } from '../base/language.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { AudioSession, Clip, Media } from '../media/media.js'
import type { IncomingInvite } from '../srf/srf.js'
import type { RefusalAfter } from './announcement.js'
import { type HeldCaller, holdCaller } from './held-caller.js'
import type { IvrCall } from './ivr-call.js'
import { createIvrDispatch } from './ivr-dispatch.js'
import { type ParkedCall, parkCall } from './parked-call.js'
import type { DialogueTiming } from './pin-dialogue/dialogue-steps.js'
import { type PinDialogueNeeds, runLoginDialogue, runLogoutEverywhere } from './pin-dialogue/pin-dialogue.js'
import { spokenLogout } from './pin-dialogue/spoken-outcome.js'
import { loadPrompts, type Prompts, type SpokenLanguages } from './prompts.js'
import { runSiteMenu, type SiteAnswer, type SiteQuestion } from './site-menu/ask-for-site.js'
import type { Answer } from './spoken-answer.js'

export { loadPrompts } from './prompts.js'

/**
 * Calls to the feature codes. Each method resolves when its call has ended; a fault in one call does not affect others. `language` is that of the
 * user who listens; null: that of the site.
 */
export interface Ivr {
  /** Runs the PIN dialogue; with `extension` null it asks for the extension first. A phone that is not a hot-desk phone hears an announcement. */
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  /** Runs the PIN dialogue, and logs the user out at every phone. With `extension` null it is the user of the phone; nobody: it asks. */
  logoutEverywhere(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  /** For an idle phone that dials a number: plays an announcement, then sends 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
  /** Answers the call, says what `decide` finds, and ends the call. */
  say(invite: IncomingInvite, language: Language | null, decide: () => Promise<Answer>): Promise<void>
  /** Answers the call silently, until the phone gets another session description. Null if it has been refused or the caller is gone. */
  park(invite: IncomingInvite): Promise<ParkedCall | null>
  /** Answers the call; its caller waits. Null: it has been refused, or the caller is gone. */
  hold(invite: IncomingInvite, language: Language | null): Promise<HeldCaller | null>
  /** Answers the call and asks for a site and a number. Null: the call has ended without a choice. */
  askForSite(invite: IncomingInvite, question: SiteQuestion & { readonly language: Language | null }): Promise<SiteAnswer | null>
  /** Plays a prompt or an announcement of the dial plan as early media, then refuses the call. `ended` cuts it short. */
  announce(
    invite: IncomingInvite,
    spoken: { readonly prompt: string; readonly language: Language | null },
    after: RefusalAfter,
    ended: AbortSignal,
  ): Promise<void>
  /** Audio for a call of the node itself. Null if no port is free. */
  offerAudio(): Promise<AudioSession | null>
  /** A prompt; tones if it is missing. */
  clip(prompt: string, language: Language | null): Clip
  /** Null if there is no recording. */
  recording(prompt: string, language: Language | null): Clip | null
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
  readonly hotdesk: Pick<Hotdesk, 'login' | 'logout' | 'logoutEverywhere' | 'abandoned' | 'userOn'>
  readonly directory: Pick<Directory, 'device' | 'user'>
  /** That of the site, asked for each call; null: English. */
  readonly language: () => Language | null
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
  const load = (announcements: readonly string[]): Promise<SpokenLanguages> =>
    loadPrompts({ folder: needs.promptsFolder, announcements, log })
  let loaded = await load(needs.announcements)
  const promptsIn = (language: Language | null): Prompts => loaded.in([language, needs.language()])
  const languageOf = (extension: Extension | null): Language | null =>
    extension === null ? null : (directory.user(extension)?.language ?? null)
  const userAt = (device: DeviceId): Extension | null => hotdesk.userOn(device) ?? directory.device(device)?.owner ?? null
  const dispatch = createIvrDispatch({ media, silentMs: () => timing().silentMs, clock, log })

  function pinNeeds(device: DeviceId, extension: Extension | null, callLog: Logger): PinDialogueNeeds {
    // The language of a user would tell whether an extension exists: they hear it after their PIN.
    const voice = { prompts: promptsIn(null), promptsOf: (user: Extension) => promptsIn(languageOf(user)) }
    return { device, extension, hotdesk, voice, timing: timing(), clock, log: callLog, metrics }
  }

  return {
    login(invite, device, extension) {
      const { hotdesk: isHotdeskPhone } = directory.device(device) ?? {}
      if (isHotdeskPhone === false) return dispatch.say(invite, promptsIn(null), () => 'not-a-hotdesk-phone')
      return dispatch.answer(invite, (call, callLog) => runLoginDialogue(call, pinNeeds(device, extension, callLog)))
    },
    logout: (invite, device) =>
      dispatch.say(invite, promptsIn(languageOf(userAt(device))), async () =>
        spokenLogout(await hotdesk.logout(device, 'drain', 'dial-code')),
      ),
    logoutEverywhere: (invite, device, extension) =>
      dispatch.answer(invite, (call, callLog) => runLogoutEverywhere(call, pinNeeds(device, extension ?? userAt(device), callLog))),
    // Not 403: Linphone would then ask for the password of the account.
    pleaseLogIn: (invite) =>
      dispatch.announce(invite, promptsIn(null).clip('please-log-in'), { status: 480, parts: { reason: 'Log In First' } }),
    say: (invite, language, decide) => dispatch.say(invite, promptsIn(language), decide),
    park: (invite) => parkCall({ invite, media, log: log.child({ callId: invite.callId }) }),
    hold: (invite, language) =>
      new Promise((resolve, reject) => {
        const begin = (call: IvrCall): void => resolve(holdCaller(call, promptsIn(language)))
        dispatch.answer(invite, begin).then(() => resolve(null), reject)
      }),
    askForSite: (invite, { language, ...question }) =>
      new Promise((resolve, reject) => {
        const prompts = promptsIn(language)
        const begin = (call: IvrCall): void => runSiteMenu(call, question, { prompts, timing: timing(), clock, answered: resolve })
        dispatch.answer(invite, begin).then(() => resolve(null), reject)
      }),
    announce: (invite, { prompt, language }, after, ended) =>
      dispatch.announce(invite, promptsIn(language).announcement(prompt), after, ended),
    offerAudio: () => media.offer(),
    clip: (prompt, language) => promptsIn(language).announcement(prompt),
    recording: (prompt, language) => promptsIn(language).recording(prompt),
    async readPrompts(announcements) {
      const read = await load(announcements)
      return () => {
        loaded = read
      }
    },
    close: dispatch.close,
  }
}
