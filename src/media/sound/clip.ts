import { readFile } from 'node:fs/promises'
// oxlint-disable-next-line import/default -- Node takes the CommonJS build, which has nothing but a default
import wavefile from 'wavefile'
import type { Milliseconds } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import { type Key, keyFrequencies } from '../key.js'
import { encode, sampleRate } from './g711.js'

/** 8 kHz mono audio, already encoded for both laws, so that playing is only copying. */
export interface Clip {
  readonly name: string
  readonly durationMs: Milliseconds
  readonly ulaw: Uint8Array
  readonly alaw: Uint8Array
}

/** A clip and the comment in its file. */
export interface LoadedClip {
  readonly clip: Clip
  /** RIFF INFO tag ICMT: the spoken text, if `prompts/make.mjs` made the file; null if absent. */
  readonly comment: string | null
}

/** @throws AppError PROMPT_UNREADABLE if the file is missing, is not a WAV file, or is empty */
export async function loadClip(path: string, name: string): Promise<LoadedClip> {
  try {
    const wave = new wavefile.WaveFile(await readFile(path))
    const comment = wave.getTag('ICMT') ?? null
    const clip = clipOf(name, samplesOf(wave))
    if (clip.durationMs === 0) throw new Error('it contains no audio')
    return { clip, comment }
  } catch (cause) {
    throw errors.PROMPT_UNREADABLE.clip({ path, reason: withoutPath(cause) }, cause)
  }
}

/** Why a file cannot be read, for a line that names it: the messages of the system (`ENOENT: …, open '/x.wav'`) end with the path. */
export function withoutPath(fault: unknown): string {
  const text = messageOf(fault)
  const end = fault instanceof Error && 'syscall' in fault ? text.indexOf(`, ${String(fault.syscall)}`) : -1
  return end === -1 ? text : text.slice(0, end)
}

function samplesOf(wave: wavefile.WaveFile): Int16Array {
  const own = wave.bitDepth === '16' && sampleRateOf(wave) === sampleRate ? monoSamples(wave) : null
  if (own) return own
  if (wave.bitDepth !== '16') wave.toBitDepth('16')
  if (sampleRateOf(wave) !== sampleRate) wave.toSampleRate(sampleRate)
  // Each channel is an array of its own; a prompt needs one.
  const samples: unknown = wave.getSamples(false, Int16Array)
  const first: unknown = Array.isArray(samples) ? samples[0] : samples
  if (!(first instanceof Int16Array)) throw new Error('unknown sample format')
  return first
}

/** The prompts of all languages are read at each start, and `getSamples` takes three times as long. Null if there are several channels. */
function monoSamples({ fmt, data }: wavefile.WaveFile): Int16Array | null {
  const isMono = 'numChannels' in fmt && fmt.numChannels === 1
  if (!isMono || !('samples' in data) || !(data.samples instanceof Uint8Array)) return null
  const bytes = new DataView(data.samples.buffer, data.samples.byteOffset, data.samples.byteLength)
  const samples = new Int16Array(bytes.byteLength >> 1)
  for (let at = 0; at < samples.length; at += 1) samples[at] = bytes.getInt16(2 * at, true)
  return samples
}

function sampleRateOf(wave: wavefile.WaveFile): number {
  return 'sampleRate' in wave.fmt && typeof wave.fmt.sampleRate === 'number' ? wave.fmt.sampleRate : 0
}

export function clipOf(name: string, samples: Int16Array): Clip {
  return {
    name,
    durationMs: (samples.length * 1000) / sampleRate,
    ulaw: encode('PCMU', samples),
    alaw: encode('PCMA', samples),
  }
}

export interface Tone {
  /** Frequencies that sound together; none for a pause. */
  readonly hertz: readonly number[]
  readonly ms: Milliseconds
}

/** A sequence of tones of equal loudness. Ramps of 5 ms prevent clicks. */
export function toneClip(name: string, tones: readonly Tone[]): Clip {
  return clipOf(name, Int16Array.from(tones.flatMap(toneSamples)))
}

const loudness = 6000
const rampSamples = 40

function toneSamples({ hertz, ms }: Tone): number[] {
  const length = Math.round((ms * sampleRate) / 1000)
  return Array.from({ length }, (_, at) => {
    const ramp = Math.min(1, at / rampSamples, (length - 1 - at) / rampSamples)
    const sum = hertz.reduce((total, frequency) => total + Math.sin((2 * Math.PI * frequency * at) / sampleRate), 0)
    return Math.round((loudness * ramp * sum) / Math.max(1, hertz.length))
  })
}

/** The two tones of a key (ITU-T Q.23), then a pause, as a phone without events sends it. */
export function keyClip(key: Key, soundMs: Milliseconds, pauseMs: Milliseconds): Clip {
  return toneClip(`key ${key}`, [
    { hertz: keyFrequencies(key), ms: soundMs },
    { hertz: [], ms: pauseMs },
  ])
}
