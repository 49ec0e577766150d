import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Key, keyFrequencies, keys } from '../../../src/media/key.js'
import { decode, encode, type Law } from '../../../src/media/sound/g711.js'
import { createToneDetector } from '../../../src/media/sound/tone-detector.js'

interface Line {
  readonly soundMs?: number
  readonly pauseMs?: number
  /** Level relative to full scale, both tones together. */
  readonly dB?: number
  /** How much stronger the high tone is, in dB. */
  readonly twist?: number
  /** White noise, in dB below the tones. */
  readonly snr?: number
  readonly detune?: number
  /** Amplitudes relative to one of the tones: mains hum of 50 Hz, a dial tone of 425 Hz, an echo after 25 ms. */
  readonly hum?: number
  readonly dialTone?: number
  readonly echo?: number
  readonly law?: Law
  /** Samples of silence first: they shift the tones within the windows. */
  readonly lead?: number
}

/** The keys that the detector finds in the tones of these keys, encoded and decoded, in packets of 20 ms. */
function typed(text: readonly Key[], { soundMs = 60, pauseMs = 60, dB = -15, law = 'PCMU', lead = 0, ...line }: Line): string {
  const amplitude = (32_767 * 10 ** (dB / 20)) / 2
  const sound = [...silence(lead), ...text.flatMap((key) => [...tone(key, soundMs, amplitude, line), ...silence(pauseMs * 8)])]
  const noise = line.snr === undefined ? 0 : Math.sqrt(amplitude ** 2 / 10 ** (line.snr / 10))
  const random = gaussian()
  const { hum = 0, dialTone = 0, echo = 0 } = line
  const whole = [...sound, ...silence(800)].map((sample, at, all) => {
    const disturbance = hum * Math.sin((2 * Math.PI * 50 * at) / 8000) + dialTone * Math.sin((2 * Math.PI * 425 * at) / 8000)
    return sample + echo * (all[at - 200] ?? 0) + amplitude * disturbance + noise * random()
  })
  const coded = encode(law, Int16Array.from(whole, clip))
  return hear(decode(law, coded))
}

function tone(key: Key, ms: number, amplitude: number, { twist = 0, detune = 0 }: Line): number[] {
  const [low, high] = keyFrequencies(key).map((hertz) => (2 * Math.PI * hertz * (1 + detune)) / 8000)
  const tilt = 10 ** (twist / 40)
  return Array.from(
    { length: ms * 8 },
    (_, at) => (amplitude / tilt) * Math.sin(at * (low ?? 0)) + amplitude * tilt * Math.sin(at * (high ?? 0) + 1),
  )
}

const silence = (samples: number): number[] => Array.from({ length: samples }, () => 0)
const clip = (sample: number): number => Math.max(-32_768, Math.min(32_767, Math.round(sample)))

function hear(samples: Int16Array): string {
  const detector = createToneDetector()
  let heard = ''
  for (let at = 0; at < samples.length; at += 160) heard += detector.hear(samples.subarray(at, at + 160)).join('')
  return heard
}

/** Reproducible noise. */
function gaussian(): () => number {
  let seed = 4711
  const uniform = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
    return (seed + 1) / 0x80000000
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

const all = [...keys]
const leads = [0, 27, 53]

function expectEvery(line: Line): void {
  for (const law of ['PCMU', 'PCMA'] as const) for (const lead of leads) expect(typed(all, { ...line, law, lead })).toBe(all.join(''))
}

test.each([100, 70, 50, 40])('Tones and pauses of %i ms are recognized from -6 to -36 dB below full scale (ITU-T Q.24: 40 ms)', (ms) => {
  for (const dB of [-6, -20, -36]) expectEvery({ soundMs: ms, pauseMs: ms, dB })
})

test('Noise 10 dB below the tones hides none of them', () => {
  for (const snr of [30, 20, 15, 10]) expectEvery({ snr })
  expectEvery({ snr: 10, soundMs: 40, pauseMs: 40 })
})

test('A high tone 4 dB stronger and a low tone 8 dB stronger are accepted (ITU-T Q.24)', () => {
  for (const twist of [6, 4, -3, -8]) expectEvery({ twist })
})

test.each([6, -6])(
  'Twist of %i dB and noise 15 dB below the tones, together, hide none of them, also off by 1.5 % and of 40 ms',
  (twist) => {
    for (const detune of [0, 0.015, -0.015]) expectEvery({ twist, snr: 15, detune, soundMs: 40, pauseMs: 40 })
  },
)

test('Mains hum, an echo and a dial tone that goes on hide none of them', () => {
  for (const line of [{ hum: 0.3 }, { echo: 0.3 }, { dialTone: 0.5 }, { hum: 0.2, echo: 0.2, dialTone: 0.2, snr: 20, twist: 4 }])
    expectEvery(line)
})

test('Frequencies off by 1.5 % are accepted, off by 3.5 % are not (ITU-T Q.24)', () => {
  for (const detune of [0.015, -0.015]) expectEvery({ detune })
  for (const detune of [0.035, -0.035]) for (const lead of leads) expect(typed(all, { detune, lead })).toBe('')
})

test('A press of any length counts once', () => {
  expect(typed(['5'], { soundMs: 3_000 })).toBe('5')
})

test('A click of 20 ms is almost never a press', () => {
  const slipped = leads.map((lead) => typed(all, { soundMs: 20, lead }).length).reduce((sum, count) => sum + count, 0)
  expect(slipped).toBeLessThan(leads.length * all.length * 0.05)
})

test('Speech is not a key: all prompts of every language, at three levels', () => {
  const folder = new URL('../../../prompts/', import.meta.url)
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.wav'))) {
    const bytes = readFileSync(new URL(file, folder))
    const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length - (bytes.length % 2)))
    for (const gain of [0.25, 1, 2]) expect(hear(samples.map((sample) => clip(sample * gain))), file).toBe('')
  }
})

test('White noise, single tones and dial tone are not keys', () => {
  const random = gaussian()
  expect(hear(Int16Array.from({ length: 8000 * 60 }, () => clip(3000 * random())))).toBe('')
  const sines = (...hertz: number[]): Int16Array =>
    Int16Array.from({ length: 8000 * 3 }, (_, at) => hertz.reduce((sum, one) => sum + 5000 * Math.sin((2 * Math.PI * one * at) / 8000), 0))
  for (const tones of [[697], [1336], [425], [350, 440], [440, 480], [770, 852], [1209, 1477]]) expect(hear(sines(...tones))).toBe('')
})

test('Chords of music on hold and whistling are not keys', () => {
  // Three notes of equal strength, and their octaves, from A3 to A6.
  for (let note = 0; note < 36; note += 1) {
    const root = 220 * 2 ** (note / 12)
    const chord = [root, root * 1.26, root * 1.498].flatMap((hertz) => [hertz, hertz * 2]).filter((hertz) => hertz < 3_400)
    const heard = hear(
      Int16Array.from({ length: 4000 }, (_, at) =>
        chord.reduce((sum, hertz) => sum + 2500 * Math.sin((2 * Math.PI * hertz * at) / 8000), 0),
      ),
    )
    expect(heard, `chord at ${root} Hz`).toBe('')
  }
  const whistle = Int16Array.from(
    { length: 16_000 },
    (_, at) => 9000 * Math.sin(2 * Math.PI * (600 * (at / 8000) + 300 * (at / 8000) ** 2)),
  )
  expect(hear(whistle)).toBe('')
})

test('The size of the packets does not matter', () => {
  const samples = Int16Array.from(keys.flatMap((key) => [...tone(key, 60, 4000, {}), ...silence(480)]))
  const detector = createToneDetector()
  let heard = ''
  for (let at = 0, size = 1; at < samples.length; at += size, size = ((size * 7) % 480) + 1)
    heard += detector.hear(samples.subarray(at, at + size)).join('')
  expect(heard).toBe(keys.join(''))
})
