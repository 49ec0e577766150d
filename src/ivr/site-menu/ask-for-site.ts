import type { Clock } from '../../base/clock.js'
import type { SiteName } from '../../base/identity.js'
import { type HeldCaller, holdCaller } from '../held-caller.js'
import type { IvrCall } from '../ivr-call.js'
import type { Prompts } from '../prompts.js'
import type { Judge, MenuChoice, MenuTiming } from './menu-steps.js'
import { createSiteMenu } from './site-menu.js'
import { type SiteKey, spokenSites } from './spoken-sites.js'

/** What a caller is asked. */
export interface SiteQuestion {
  /** Null: the caller chooses one. */
  readonly site: SiteName | null
  readonly choices: readonly SiteKey[]
  /** Dialled with the code; `''`: the caller has to enter the number. */
  readonly digits: string
  readonly judge: Judge
  /** Aborted when the call has to end. */
  readonly ended: AbortSignal
}

/** What the caller has chosen. The call is up, and the caller waits. */
export interface SiteAnswer {
  readonly choice: MenuChoice
  readonly caller: HeldCaller
}

export interface AskNeeds {
  readonly prompts: Prompts
  readonly timing: MenuTiming
  readonly clock: Clock
}

/** Runs the dialogue in this call. */
export function runSiteMenu(
  call: IvrCall,
  { site, choices, digits, judge, ended }: SiteQuestion,
  { prompts, timing, clock, answered }: AskNeeds & { readonly answered: (answer: SiteAnswer) => void },
): void {
  const menu = createSiteMenu({
    sites: new Map<string, SiteName>(choices.map(({ key, site }) => [key, site])),
    site,
    digits,
    judge,
    timing,
    clock,
    clips: {
      sites: spokenSites(choices, prompts),
      askNumber: prompts.clip('ask-number'),
      noSuchChoice: prompts.clip('no-such-choice'),
      goodbye: prompts.clip('goodbye'),
    },
    play: call.session.play,
    chosen(choice) {
      call.isUrgent = choice.kind === 'emergency'
      answered({ choice, caller: holdCaller(call, prompts) })
    },
    hangUp: () => call.hangUp(),
  })
  call.onKey(menu.press)
  call.onEnd((by) => (by === 'caller' ? menu.callerGone() : menu.cutOff()))
  ended.addEventListener('abort', menu.cutOff)
  if (ended.aborted) menu.cutOff()
}
