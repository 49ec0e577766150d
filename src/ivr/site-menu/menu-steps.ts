import type { Clock, Milliseconds } from '../../base/clock.js'
import type { SiteName } from '../../base/identity.js'
import type { Clip, Key, Playback } from '../../media/media.js'
import { createSpeech, createWaiting } from '../speech.js'
import type { Action, Input } from './menu-table.js'

/** What the caller wants: a number at a site, or help. */
export type MenuChoice =
  | { readonly kind: 'site'; readonly site: SiteName; readonly digits: string }
  | { readonly kind: 'emergency'; readonly site: SiteName | null; readonly digits: string }

/** The prompts of one menu, in the language of the node. */
export interface MenuClips {
  readonly sites: readonly Clip[]
  readonly askNumber: Clip
  readonly noSuchChoice: Clip
  readonly goodbye: Clip
}

export interface MenuTiming {
  readonly firstDigitMs: Milliseconds
  readonly nextDigitMs: Milliseconds
  readonly tries: number
}

/** `so far`: other digits may follow. `beginning`: they may become an emergency number. */
export type Judge = (digits: string, site: SiteName | null, extent: 'so far' | 'complete') => 'emergency' | 'beginning' | 'ordinary'

export interface MenuNeeds {
  /** Key → site. */
  readonly sites: ReadonlyMap<string, SiteName>
  /** Null: the caller chooses one. */
  readonly site: SiteName | null
  /** Dialled with the code; `''`: the caller has to enter the number. */
  readonly digits: string
  readonly judge: Judge
  readonly timing: MenuTiming
  readonly clock: Clock
  readonly clips: MenuClips
  play(clips: readonly Clip[]): Playback
  chosen(choice: MenuChoice): void
  hangUp(): void
}

export type Steps = { readonly [action in Action]: (machine: unknown, key: Key | undefined) => void }

/** No longer number is dialled. */
const maxDigits = 32

/** The side effects of the dialogue: one function for each action of the table. */
export function createSteps(needs: MenuNeeds, post: (input: Input) => void): Steps {
  const { sites, timing, judge, clips, clock, chosen } = needs
  const speech = createSpeech(needs.play, () => post('prompt over'))
  const waiting = createWaiting(clock, () => post('time is up'))
  let site = needs.site
  let digits = ''
  let tries = 0

  function keep(_machine: unknown, key: Key | undefined): void {
    digits += key ?? ''
    const found = judge(digits, site, 'so far')
    if (found !== 'beginning') post(found)
    if (digits.length >= maxDigits) post('full')
  }

  const isEmergency = (): boolean => judge(digits, site, 'complete') === 'emergency'

  function spendTry(): void {
    tries += 1
    if (tries >= timing.tries) post('no tries left')
    else post(site === null ? 'try site' : 'try number')
  }

  return {
    'say sites': () => speech.say(...clips.sites),
    'say ask-number': () => speech.say(clips.askNumber),
    'say no-such-choice': () => speech.say(clips.noSuchChoice),
    'say goodbye': () => speech.say(clips.goodbye),
    speak: speech.speak,
    hush: speech.hush,
    'take site': (_machine, key) => {
      site = sites.get(key ?? '') ?? null
      digits = needs.digits
      if (digits === '') post('number wanted')
      else post(isEmergency() ? 'emergency' : 'number known')
    },
    'keep digit': keep,
    judge: () => post(isEmergency() ? 'emergency' : 'ordinary'),
    'forget digits': () => {
      digits = ''
    },
    'await first digit': () => waiting.begin(timing.firstDigitMs),
    'await next digit': () => waiting.begin(timing.nextDigitMs),
    'stop waiting': waiting.stop,
    'spend a try': spendTry,
    'call for help': () => chosen({ kind: 'emergency', site, digits }),
    connect: () => {
      if (site !== null) chosen({ kind: 'site', site, digits })
    },
    'hang up': needs.hangUp,
  }
}
