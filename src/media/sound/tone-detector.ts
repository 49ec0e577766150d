import { highTones, type Key, keyAt, lowTones } from '../key.js'
import { sampleRate } from './g711.js'

/** Detects keys by their tones in an audio stream. */
export interface ToneDetector {
  /** Takes the next samples, in any number; returns the keys that they complete. */
  hear(samples: Int16Array): readonly Key[]
}

// A window of 20 ms every 10 ms: the shortest key (40 ms, ITU-T Q.24) fills two windows, a click of 20 ms does not.
const hopSamples = 80
const windowSamples = 2 * hopSamples
/** Windows that must agree on a key, and windows without the key before it counts again. */
const hitsForPress = 2
const missesForRelease = 2
/** Mean square of about -42 dBm0; quieter windows are skipped. */
const quietest = 130 ** 2
/** The share of the window's power that the two tones must have together. */
const pureEnough = 0.72
/** The power of each tone relative to the second strongest in its group (6 dB). */
const dominance = 4
/** ITU-T Q.24: the high tone is at most 4 dB stronger, the low one at most 8 dB; plus a margin for uneven lines. */
const twistHighOverLow = 6.3
const twistLowOverHigh = 12.6
/** Offset of the outer frequencies: a tone that is off by 3.5 % is closer to them than to the nominal one, a tone off by 1.5 % is not. */
const beside = 0.05
/** Offset of the inner frequencies, which measure a tone that is off by 1.5 %. */
const near = 0.011

export function createToneDetector(): ToneDetector {
  const window = new Float64Array(windowSamples)
  let filled = hopSamples
  let candidate: Key | null = null
  let hits = 0
  let pressed: Key | null = null
  let misses = 0

  function hearWindow(): Key | null {
    const key = keyIn(window)
    hits = key !== null && key === candidate ? hits + 1 : 1
    candidate = key
    if (pressed !== null) {
      misses = key === pressed ? 0 : misses + 1
      if (misses >= missesForRelease) pressed = null
    }
    if (key === null || hits < hitsForPress || key === pressed) return null
    pressed = key
    misses = 0
    return key
  }

  return {
    hear(samples) {
      const found: Key[] = []
      for (let at = 0; at < samples.length; ) {
        const piece = samples.subarray(at, at + windowSamples - filled)
        window.set(piece, filled)
        filled += piece.length
        at += piece.length
        if (filled < windowSamples) break
        const key = hearWindow()
        if (key !== null) found.push(key)
        window.copyWithin(0, hopSamples)
        filled = hopSamples
      }
      return found
    },
  }
}

function keyIn(window: Float64Array): Key | null {
  let total = 0
  for (let index = 0; index < windowSamples; index += 1) total += (window[index] ?? 0) ** 2
  if (total < quietest * windowSamples) return null
  const low = strongest(window, lowGroup)
  if (low === null) return null
  const high = strongest(window, highGroup)
  if (high === null) return null
  if (high.power > low.power * twistHighOverLow || low.power > high.power * twistLowOverHigh) return null
  if (truePower(window, low) + truePower(window, high) < pureEnough * total) return null
  return keyAt(low.index, high.index)
}

interface Peak {
  readonly index: number
  readonly power: number
  readonly around: Group
}

/** The dominant tone of the group; null if there is none. */
function strongest(window: Float64Array, group: readonly [Group, readonly Group[]]): Peak | null {
  const powers = powersAt(window, group[0])
  let index = 0
  let power = 0
  let second = 0
  for (let at = 0; at < powers.length; at += 1) {
    const one = powers[at] ?? 0
    second = Math.max(second, Math.min(one, power))
    if (one > power) index = at
    power = Math.max(power, one)
  }
  const around = group[1][index]
  return around && power > second * dominance ? { index, power, around } : null
}

/** The power of the tone, corrected for a small offset; 0 if the offset is too large. */
function truePower(window: Float64Array, { power, around }: Peak): number {
  const [wayBelow, below, above, wayAbove] = powersAt(window, around)
  return power > wayBelow && power > wayAbove ? Math.max(power, below, above) : 0
}

/** Twice the cosine of the angle from sample to sample, for four frequencies. */
type Group = readonly [number, number, number, number]

function groupOf(hertz: readonly number[]): Group {
  const [a, b, c, d] = hertz.map((frequency) => 2 * Math.cos((2 * Math.PI * frequency) / sampleRate))
  return [a ?? 0, b ?? 0, c ?? 0, d ?? 0]
}

function withSurroundings(hertz: readonly number[]): readonly [Group, readonly Group[]] {
  return [groupOf(hertz), hertz.map((tone) => groupOf([1 - beside, 1 - near, 1 + near, 1 + beside].map((factor) => factor * tone)))]
}

/** Goertzel's algorithm, scaled so that a pure tone yields the sum of squares of the window. Four frequencies at once use the CPU better. */
function powersAt(window: Float64Array, [a, b, c, d]: Group): Group {
  let [a1, a2, b1, b2, c1, c2, d1, d2] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let index = 0; index < windowSamples; index += 1) {
    const sample = window[index] ?? 0
    const a0 = sample + a * a1 - a2
    const b0 = sample + b * b1 - b2
    const c0 = sample + c * c1 - c2
    const d0 = sample + d * d1 - d2
    a2 = a1
    b2 = b1
    c2 = c1
    d2 = d1
    a1 = a0
    b1 = b0
    c1 = c0
    d1 = d0
  }
  return [powerOf(a, a1, a2), powerOf(b, b1, b2), powerOf(c, c1, c2), powerOf(d, d1, d2)]
}

function powerOf(coefficient: number, last: number, beforeLast: number): number {
  return (2 * (last * last + beforeLast * beforeLast - coefficient * last * beforeLast)) / windowSamples
}

const lowGroup = withSurroundings(lowTones)
const highGroup = withSurroundings(highTones)
