import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { isAppError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Clip } from '../media/media.js'
import { type LoadedClip, loadClip, withoutPath } from '../media/sound/clip.js'

/**
 * The clips of one language by name. Logs each one that is required or listed but missing, and each one that is unreadable or outdated. A
 * language whose folder an operator has removed is one line of the log.
 */
export async function readPromptFolder(folder: string, required: readonly string[], log: Logger): Promise<ReadonlyMap<string, Clip>> {
  const files = await soundFilesIn(folder)
  const texts = await readTexts(folder, log)
  if (files.length === 0 && texts === null) return new Map()
  const names = [...new Set([...required, ...Object.keys(texts ?? {}), ...files])]
  const clips = await Promise.all(names.map(async (name) => [name, await clipOf(name, { folder, text: texts?.[name], log })] as const))
  return new Map(clips.flatMap(([name, clip]) => (clip ? [[name, clip]] : [])))
}

/** Names of the sound files; none if the folder cannot be read. */
async function soundFilesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => [])
  return files.filter((file) => file.endsWith('.wav')).map((file) => basename(file, '.wav'))
}

const listForm = z.object({ texts: z.record(z.string(), z.string()) })

/** A language works without its list; only outdated prompts are not detected. */
async function readTexts(folder: string, log: Logger): Promise<Readonly<Record<string, string>> | null> {
  const path = join(folder, 'prompts.yaml')
  try {
    return listForm.parse(parse(await readFile(path, 'utf8'))).texts
  } catch (fault) {
    log.warn({ event: 'prompt.missing', prompt: 'prompts.yaml', path, reason: withoutPath(fault) }, 'the list of prompts cannot be read')
    return null
  }
}

interface Place {
  readonly folder: string
  /** In the list of the language. */
  readonly text: string | undefined
  readonly log: Logger
}

async function clipOf(name: string, { folder, text, log }: Place): Promise<Clip | null> {
  const path = join(folder, `${name}.wav`)
  try {
    const loaded = await loadClip(path, name)
    if (isOutdated(loaded, text))
      log.warn(
        { event: 'prompt.outdated', prompt: name, path },
        'a prompt differs from its text in prompts.yaml; run `node prompts/make.mjs`',
      )
    return loaded.clip
  } catch (fault) {
    // The error itself repeats the path.
    const cause = isAppError(fault, 'PROMPT_UNREADABLE') ? fault.cause : fault
    log.warn({ event: 'prompt.missing', prompt: name, path, reason: withoutPath(cause) }, 'a prompt cannot be played')
    return null
  }
}

/** A file without a comment is an operator's own recording, whose text is unknown. */
function isOutdated({ comment }: LoadedClip, text: string | undefined): boolean {
  return comment !== null && comment !== '' && text !== undefined && comment !== text
}
