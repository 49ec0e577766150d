// Makes the sound files of a language from its prompts.yaml: `node prompts/make.mjs en`, or only some of them: `… en wrong goodbye`.
// Needs espeak-ng and sox: `apt-get install espeak-ng sox`.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// oxlint-disable-next-line import/default -- Node takes the CommonJS build, which has nothing but a default
import wavefile from 'wavefile'
import { parse } from 'yaml'

const [language = 'en', ...wanted] = process.argv.slice(2)
const folder = join(fileURLToPath(new URL('.', import.meta.url)), language)
const { voice, pronounced = {}, texts } = parse(readFileSync(join(folder, 'prompts.yaml'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'prompts-'))

try {
  for (const [name, text] of Object.entries(texts)) if (wanted.length === 0 || wanted.includes(name)) make(name, text)
} finally {
  rmSync(work, { recursive: true })
}

function make(name, text) {
  const spoken = join(work, `${name}-spoken.wav`)
  const levelled = join(work, `${name}.wav`)
  execFileSync('espeak-ng', ['-v', voice.name, '-s', String(voice.speed), '-p', String(voice.pitch), '-w', spoken, spelled(text)])
  // Telephone band, about -16 dBm0, and 0.2 s of silence first: phones often lose the first syllable after they have answered.
  const pad = isWord(name) ? ['pad', '0.02', '0.08'] : ['pad', '0.2', '0.1']
  const trim = ['silence', '1', '0.01', '0.1%', 'reverse', 'silence', '1', '0.01', '0.1%', 'reverse']
  const shape = ['gain', '-4', 'highpass', '200', 'norm', '-4', 'rate', '-v', '8000', ...pad]
  execFileSync('sox', [spoken, '-b', '16', '-c', '1', '-D', levelled, ...trim, ...shape])
  const wave = new wavefile.WaveFile(readFileSync(levelled))
  // At start, the node compares this comment with prompts.yaml, and reports outdated files.
  wave.setTag('ICMT', text)
  writeFileSync(join(folder, `${name}.wav`), wave.toBuffer())
}

/** Words that are put together into sentences. */
function isWord(name) {
  return /^(for|press|(digit|number|letter|site|user)-.+)$/.test(name)
}

function spelled(text) {
  return Object.entries(pronounced).reduce((result, [word, sound]) => result.replaceAll(word, sound), text)
}
