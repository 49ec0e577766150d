// Makes the sound files of a language from its list: `node prompts/make.mjs en`.
// Needs espeak-ng and sox: `apt-get install espeak-ng sox`.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// oxlint-disable-next-line import/default -- Node takes the CommonJS build, which has nothing but a default
import wavefile from 'wavefile'
import { parse } from 'yaml'

const folder = join(fileURLToPath(new URL('.', import.meta.url)), process.argv[2] ?? 'en')
const { voice, said = {}, texts } = parse(readFileSync(join(folder, 'prompts.yaml'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'prompts-'))

try {
  for (const [name, text] of Object.entries(texts)) make(name, text)
} finally {
  rmSync(work, { recursive: true })
}

function make(name, text) {
  const spoken = join(work, `${name}-spoken.wav`)
  const levelled = join(work, `${name}.wav`)
  execFileSync('espeak-ng', ['-v', voice.name, '-s', String(voice.speed), '-p', String(voice.pitch), '-w', spoken, asSaid(text)])
  // Telephone band, a level of about -16 dBm0, a moment of silence in front: phones swallow the first syllable of an answered call.
  const trim = ['silence', '1', '0.01', '0.1%', 'reverse', 'silence', '1', '0.01', '0.1%', 'reverse']
  const shape = ['highpass', '200', 'norm', '-4', 'rate', '-v', '8000', 'pad', '0.2', '0.1']
  execFileSync('sox', [spoken, '-b', '16', '-c', '1', '-D', levelled, ...trim, ...shape])
  const wave = new wavefile.WaveFile(readFileSync(levelled))
  // The node compares it with the list at its start, and so finds a file that does not say what the list says.
  wave.setTag('ICMT', text)
  writeFileSync(join(folder, `${name}.wav`), wave.toBuffer())
}

function asSaid(text) {
  return Object.entries(said).reduce((so, [written, word]) => so.replaceAll(written, word), text)
}
