import { join } from 'node:path'
import { type Language, languages } from '../base/language.js'
import type { Logger } from '../base/logger.js'
import type { Clip } from '../media/media.js'
import { type Tone, toneClip } from '../media/sound/clip.js'
import { readPromptFolder } from './prompt-folder.js'

/** The purpose of each prompt: if it cannot be played, tones with this meaning replace it. */
const purposes = {
  'ask-extension': 'ask',
  'ask-pin': 'ask',
  'logged-in': 'done',
  'already-logged-in': 'done',
  'logged-out': 'done',
  'logged-out-pending': 'done',
  wrong: 'failed',
  locked: 'failed',
  elsewhere: 'failed',
  'emergency-busy': 'failed',
  'not-a-hotdesk-phone': 'failed',
  'please-log-in': 'failed',
  'forward-on': 'done',
  'forward-off': 'done',
  'do-not-disturb-on': 'done',
  'do-not-disturb-off': 'done',
  'number-wrong': 'failed',
  barred: 'failed',
  'not-entitled': 'failed',
  'site-missing': 'failed',
  'choose-site': 'ask',
  'ask-number': 'ask',
  'no-such-choice': 'failed',
  'number-unknown': 'failed',
  'site-away': 'failed',
  'nothing-to-pick-up': 'failed',
  'try-later': 'failed',
  unconfirmed: 'failed',
  'test-call': 'done',
  'logged-out-everywhere': 'done',
  'logged-in-nowhere': 'done',
  'logged-in-here': 'done',
  'messages-none': 'done',
  'messages-unknown': 'failed',
  'messages-waiting': 'done',
  'messages-new': 'done',
  'messages-old': 'done',
  parked: 'done',
  'park-empty': 'failed',
  'desk-emergency': 'failed',
  'desk-phone': 'done',
  'desk-unknown-phone': 'done',
  'desk-extension': 'done',
  'desk-callback': 'done',
  goodbye: 'done',
} as const

export type PromptName = keyof typeof purposes

/** All prompts of a node. */
export const promptNames = Object.keys(purposes).filter((name): name is PromptName => name in purposes)

/** Larger numbers are spoken digit by digit. */
export const largestNumber = 20

/** Words of which sentences are made: `for`, `press`, the digits, numbers of two digits and the letters. A missing one is left out. */
const wordNames: readonly string[] = [
  'for',
  'press',
  ...Array.from('0123456789', (digit) => `digit-${digit}`),
  ...Array.from({ length: largestNumber - 9 }, (_, index) => `number-${index + 10}`),
  ...Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => `letter-${letter}`),
]

/** What a caller hears, in their language. */
export interface Prompts {
  clip(name: PromptName): Clip
  /** An announcement that the dial plan names; tones if there is none. */
  announcement(name: string): Clip
  /** Null if there is none. */
  recording(name: string): Clip | null
}

/** The prompts of all languages. */
export interface SpokenLanguages {
  /** Each prompt in the first of these languages that has it, else in English; tones if none has it. */
  in(preferred: readonly (Language | null)[]): Prompts
}

export interface PromptNeeds {
  /** Contains a folder for each language. */
  readonly folder: string
  /** Names of announcements in the dial plan. */
  readonly announcements?: readonly string[]
  readonly log: Logger
}

/** Of a prompt that its language lacks. */
const lastResort: Language = 'en'

/** Loads all prompts and announcements. Logs each one that is missing, unreadable or outdated. */
export async function loadPrompts({ folder, announcements = [], log }: PromptNeeds): Promise<SpokenLanguages> {
  const required = [...promptNames, ...wordNames]
  const folders = await Promise.all(
    languages.map(async (language) => [language, await readPromptFolder(join(folder, language), required, log)] as const),
  )
  const clips = new Map(folders)
  for (const name of announcements)
    if (!folders.some(([, found]) => found.has(name)))
      log.warn(
        { event: 'prompt.missing', prompt: name, path: join(folder, lastResort, `${name}.wav`), reason: 'no language has it' },
        unplayable,
      )

  function choose(preferred: readonly (Language | null)[]): Prompts {
    const order = [...new Set([...preferred.filter((language) => language !== null), lastResort])]
    const find = (name: string): Clip | null => order.map((language) => clips.get(language)?.get(name)).find((clip) => clip) ?? null
    return {
      clip: (name) => find(name) ?? tones(name, purposes[name]),
      announcement: (name) => find(name) ?? tones(name, 'failed'),
      recording: find,
    }
  }

  return { in: choose }
}

const unplayable = 'a prompt cannot be played'

const lead: Tone = { hertz: [], ms: 200 }
const gap: Tone = { hertz: [], ms: 150 }
const toneSequences: Readonly<Record<(typeof purposes)[PromptName], readonly Tone[]>> = {
  ask: [lead, { hertz: [950], ms: 300 }],
  done: [lead, { hertz: [950], ms: 150 }, gap, { hertz: [950], ms: 150 }],
  failed: [lead, { hertz: [330], ms: 250 }, gap, { hertz: [330], ms: 250 }, gap, { hertz: [330], ms: 250 }],
}

/** One beep asks for input, two confirm, three low beeps report a failure. */
function tones(name: string, purpose: keyof typeof toneSequences): Clip {
  return toneClip(name, toneSequences[purpose])
}
