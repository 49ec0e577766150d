import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Language, languages } from '../../../src/base/language.js'
import { loadPrompts, type PromptName, type Prompts, promptNames } from '../../../src/ivr/prompts.js'
import { promptsFolder } from '../../support/media/ivr-stage.js'
import { keepLog } from '../../support/node/kept-log.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function copyOfPrompts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-'))
  folders.push(folder)
  cpSync(promptsFolder, folder, { recursive: true })
  return folder
}

async function load(folder: string, preferred: readonly Language[] = [], announcements: readonly string[] = []) {
  const { log, lines } = keepLog()
  const prompts = (await loadPrompts({ folder, announcements, log })).in(preferred)
  const logged = lines.map((line) => JSON.parse(line) as { event: string; prompt: string })
  return { prompts, lines: logged.map(({ event, prompt }) => `${event} ${prompt}`) }
}

const characters = (name: string, all: string) => Array.from(all, (character) => `${name}-${character}`)
const words = [
  'for',
  'press',
  ...characters('digit', '0123456789'),
  ...Array.from({ length: 11 }, (_, index) => `number-${index + 10}`),
  ...characters('letter', 'abcdefghijklmnopqrstuvwxyz'),
]

/** Milliseconds: one beep, two, three. */
const toneDurations = [500, 650, 1_250]

/** The prompts that tones stand in for. */
function tonesIn(prompts: Prompts): readonly PromptName[] {
  return promptNames.filter((name) => toneDurations.includes(prompts.clip(name).durationMs))
}

test.each(languages)('The prompts of the repository are complete and up to date in %s', async (language) => {
  const { prompts, lines } = await load(promptsFolder, [language])
  expect(lines).toEqual([])
  expect(tonesIn(prompts)).toEqual([])
  for (const name of promptNames) {
    expect(prompts.clip(name).durationMs).toBeGreaterThan(650)
    expect(prompts.clip(name).durationMs).toBeLessThan(6_500)
  }
})

test.each(languages)('prompts.yaml lists exactly the prompts of a node in %s, and each file is small, 8 kHz, 16 bit, mono', (language) => {
  const folder = join(promptsFolder, language)
  const list = parse(readFileSync(join(folder, 'prompts.yaml'), 'utf8')) as { language: string; texts: Record<string, string> }
  expect(list.language).toBe(language)
  expect(Object.keys(list.texts).sort()).toEqual([...promptNames, ...words].sort())
  const files = readdirSync(folder).filter((name) => name.endsWith('.wav'))
  expect(files.sort()).toEqual([...promptNames, ...words].map((name) => `${name}.wav`).sort())
  for (const file of files) {
    const bytes = readFileSync(join(folder, file))
    expect([bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34)]).toEqual([1, 8000, 16])
    expect(bytes.length).toBeLessThan(110_000)
  }
})

test('Each missing or unreadable prompt is logged', async () => {
  const folder = copyOfPrompts()
  rmSync(join(folder, 'en/ask-pin.wav'))
  writeFileSync(join(folder, 'en/wrong.wav'), 'no sound')
  writeFileSync(join(folder, 'en/goodbye.wav'), readFileSync(join(folder, 'en/logged-in.wav')).subarray(0, 44))
  const { prompts, lines } = await load(folder)
  expect(lines.sort()).toEqual(['prompt.missing ask-pin', 'prompt.missing goodbye', 'prompt.missing wrong'])
  expect([...tonesIn(prompts)].sort()).toEqual(['ask-pin', 'goodbye', 'wrong'])
})

test('Tones replace missing prompts: one beep asks, two confirm, three low ones report a failure', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-'))
  folders.push(folder)
  const { prompts } = await load(folder)
  expect(tonesIn(prompts)).toEqual(promptNames)
  expect(beeps(prompts.clip('ask-pin').ulaw)).toBe(1)
  expect(beeps(prompts.clip('logged-in').ulaw)).toBe(2)
  expect(beeps(prompts.clip('wrong').ulaw)).toBe(3)
})

/** The number of sounds after at least 100 ms of silence. */
function beeps(codes: Uint8Array): number {
  let count = 0
  let silent = 800
  for (const code of codes) {
    const isSilent = (code & 0x7f) > 0x70
    if (!isSilent && silent >= 800) count += 1
    silent = isSilent ? silent + 1 : 0
  }
  return count
}

test('A prompt that differs from its text in the list is played, and logged', async () => {
  const folder = copyOfPrompts()
  const list = join(folder, 'en/prompts.yaml')
  writeFileSync(list, readFileSync(list, 'utf8').replace('Goodbye.', 'Until next time.'))
  const { prompts, lines } = await load(folder)
  expect(lines).toEqual(['prompt.outdated goodbye'])
  expect(tonesIn(prompts)).toEqual([])
})

test('A prompt that is missing in one language is taken from the next, then from English, then tones replace it', async () => {
  const folder = copyOfPrompts()
  for (const file of ['fr/wrong', 'fr/locked', 'de/locked', 'fr/goodbye', 'de/goodbye', 'en/goodbye']) rmSync(join(folder, `${file}.wav`))
  const whole = (await loadPrompts({ folder: promptsFolder, log: keepLog().log })).in
  const { prompts, lines } = await load(folder, ['fr', 'de'])
  const missing = ['goodbye', 'goodbye', 'goodbye', 'locked', 'locked', 'wrong']
  expect(lines.sort()).toEqual(missing.map((name) => `prompt.missing ${name}`))
  expect(prompts.clip('logged-in')).toEqual(whole(['fr']).clip('logged-in'))
  expect(prompts.clip('wrong')).toEqual(whole(['de']).clip('wrong'))
  expect(prompts.clip('locked')).toEqual(whole(['en']).clip('locked'))
  expect(tonesIn(prompts)).toEqual(['goodbye'])
  expect(prompts.clip('logged-in')).not.toEqual(whole(['de']).clip('logged-in'))
})

test('A language that an operator has removed is one line of the log, and English replaces it', async () => {
  const folder = copyOfPrompts()
  rmSync(join(folder, 'es'), { recursive: true })
  const { prompts, lines } = await load(folder, ['es'])
  expect(lines).toEqual(['prompt.missing prompts.yaml'])
  expect(tonesIn(prompts)).toEqual([])
})

test('An announcement needs to be recorded in one language only', async () => {
  const folder = copyOfPrompts()
  cpSync(join(folder, 'de/goodbye.wav'), join(folder, 'de/closed.wav'))
  const { lines } = await load(folder, [], ['closed', 'moved'])
  expect(lines).toEqual(['prompt.missing moved'])
})

test('A recording that the operator has added is an announcement by its name', async () => {
  const folder = copyOfPrompts()
  cpSync(join(folder, 'en/goodbye.wav'), join(folder, 'en/closed.wav'))
  const { prompts, lines } = await load(folder)
  expect(lines).toEqual([])
  expect(prompts.announcement('closed').ulaw).toEqual(prompts.clip('goodbye').ulaw)
})

test('An announcement whose text is listed, but that was not made, is logged, and tones replace it', async () => {
  const folder = copyOfPrompts()
  const list = join(folder, 'en/prompts.yaml')
  writeFileSync(list, `${readFileSync(list, 'utf8')}  closed: We are closed.\n`)
  const { prompts, lines } = await load(folder)
  expect(lines).toEqual(['prompt.missing closed'])
  expect(beeps(prompts.announcement('closed').ulaw)).toBe(3)
})
