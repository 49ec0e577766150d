import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { isAppError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Clip } from '../media/media.js'
import { type LoadedClip, loadClip, type Tone, toneClip, withoutPath } from '../media/sound/clip.js'

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

/** Words of which sentences about sites and keys are made: `for`, `press`, the digits and the letters. A missing one is left out. */
const wordNames: readonly string[] = [
  'for',
  'press',
  ...Array.from('0123456789', (digit) => `digit-${digit}`),
  ...Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => `letter-${letter}`),
]

export interface Prompts {
  clip(name: PromptName): Clip
  /** An announcement that the dial plan names; tones if there is none. */
  announcement(name: string): Clip
  /** Null if there is none. */
  recording(name: string): Clip | null
}

export interface PromptNeeds {
  /** Contains a folder for each language. */
  readonly folder: string
  /** The first language that has a prompt provides it. */
  readonly languages: readonly string[]
  /** Names of announcements in the dial plan. */
  readonly announcements?: readonly string[]
  readonly log: Logger
}

/** Loads all prompts and announcements. Logs each one that is missing, unreadable or outdated. */
export async function loadPrompts({ folder, languages, announcements = [], log }: PromptNeeds): Promise<Prompts> {
  const clips = new Map<string, Clip>()
  const lists = await Promise.all(languages.map((language) => readList(join(folder, language), log)))
  const added = lists.flatMap(({ texts, files }) => [...Object.keys(texts), ...files])
  for (const name of new Set([...promptNames, ...wordNames, ...announcements, ...added])) {
    const clip = await firstClip(name, { lists, log })
    if (clip) clips.set(name, clip)
  }
  return {
    clip: (name) => clips.get(name) ?? tones(name, purposes[name]),
    announcement: (name) => clips.get(name) ?? tones(name, 'failed'),
    recording: (name) => clips.get(name) ?? null,
  }
}

interface PromptList {
  readonly folder: string
  readonly texts: Readonly<Record<string, string>>
  /** Names of the sound files. */
  readonly files: readonly string[]
}

const listForm = z.object({ texts: z.record(z.string(), z.string()) })

/** A language works without its list; only outdated prompts are not detected. */
async function readList(folder: string, log: Logger): Promise<PromptList> {
  const path = join(folder, 'prompts.yaml')
  const files = await soundFilesIn(folder)
  try {
    return { folder, files, texts: listForm.parse(parse(await readFile(path, 'utf8'))).texts }
  } catch (fault) {
    log.warn({ event: 'prompt.missing', prompt: 'prompts.yaml', path, reason: withoutPath(fault) }, 'the list of prompts cannot be read')
    return { folder, files, texts: {} }
  }
}

/** None if the folder cannot be read: each of its prompts is then reported as missing. */
async function soundFilesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => [])
  return files.filter((file) => file.endsWith('.wav')).map((file) => basename(file, '.wav'))
}

async function firstClip(name: string, { lists, log }: { lists: readonly PromptList[]; log: Logger }): Promise<Clip | null> {
  for (const { folder, texts } of lists) {
    const path = join(folder, `${name}.wav`)
    try {
      const loaded = await loadClip(path, name)
      if (isOutdated(loaded, texts[name]))
        log.warn(
          { event: 'prompt.outdated', prompt: name, path },
          'a prompt differs from its text in prompts.yaml; run `node prompts/make.mjs`',
        )
      return loaded.clip
    } catch (fault) {
      // The error itself repeats the path.
      const cause = isAppError(fault, 'PROMPT_UNREADABLE') ? fault.cause : fault
      log.warn({ event: 'prompt.missing', prompt: name, path, reason: withoutPath(cause) }, 'a prompt cannot be played')
    }
  }
  return null
}

/** A file without a comment is an operator's own recording, whose text is unknown. */
function isOutdated({ comment }: LoadedClip, text: string | undefined): boolean {
  return comment !== null && comment !== '' && text !== undefined && comment !== text
}

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
