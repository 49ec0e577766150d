import { readFile } from 'node:fs/promises'
// oxlint-disable-next-line import/default -- Node takes the CommonJS build, which has nothing but a default
import wavefile from 'wavefile'
import type { Milliseconds } from '../../base/clock.js'
import { AppError, messageOf } from '../../base/errors.js'
import { type Key, keyFrequencies } from '../key.js'
import { encode, sampleRate } from './g711.js'

/** 8 kHz, 16 bit, mono; already coded for both laws, so that playing costs no more than a copy. */
export interface Clip {
  readonly name: string
  readonly durationMs: Milliseconds
  readonly ulaw: Uint8Array
  readonly alaw: Uint8Array
}

/** A clip and what its file says about itself. */
export interface LoadedClip {
  readonly clip: Clip
  /** The comment in the file (RIFF INFO tag ICMT): the spoken text, where `prompts/make.mjs` made it; null without. */
  readonly comment: string | null
}

/** @throws AppError PROMPT_UNREADABLE when there is no such file, or it is no sound file, or it has no sound in it */
export async function loadClip(path: string, name: string): Promise<LoadedClip> {
  try {
    const wave = new wavefile.WaveFile(await readFile(path))
    const comment = wave.getTag('ICMT') ?? null
    const clip = clipOf(name, samplesOf(wave))
    if (clip.durationMs === 0) throw new Error('there is no sound in it')
    return { clip, comment }
  } catch (cause) {
    throw new AppError('PROMPT_UNREADABLE', `${path} cannot be played (${messageOf(cause)}); give it as a WAV file`, cause)
  }
}

function samplesOf(wave: wavefile.WaveFile): Int16Array {
  if (wave.bitDepth !== '16') wave.toBitDepth('16')
  if (sampleRateOf(wave) !== sampleRate) wave.toSampleRate(sampleRate)
  // Several channels come one after the other as arrays; a prompt needs one.
  const samples: unknown = wave.getSamples(false, Int16Array)
  const first: unknown = Array.isArray(samples) ? samples[0] : samples
  if (!(first instanceof Int16Array)) throw new Error('its samples are in no known form')
  return first
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
  /** Hertz; several sound together; none is a pause. */
  readonly hertz: readonly number[]
  readonly ms: Milliseconds
}

/** Each tone of a sequence at the same loudness; 5 ms ramps keep it from clicking. */
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

/** A key's two tones (ITU-T Q.23), then a pause: what a phone without key events sends. */
export function keyClip(key: Key, soundMs: Milliseconds, pauseMs: Milliseconds): Clip {
  return toneClip(`key ${key}`, [
    { hertz: keyFrequencies(key), ms: soundMs },
    { hertz: [], ms: pauseMs },
  ])
}
