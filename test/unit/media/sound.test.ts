import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
// oxlint-disable-next-line import/default -- Node takes the CommonJS build, which has nothing but a default
import wavefile from 'wavefile'
import { clipOf, loadClip, toneClip } from '../../../src/media/sound/clip.js'
import { decode, encode, isLouderThan } from '../../../src/media/sound/g711.js'
import { createPlayer } from '../../../src/media/sound/player.js'

const folder = mkdtempSync(join(tmpdir(), 'clips-'))
afterAll(() => rmSync(folder, { recursive: true }))

function sine(count: number, amplitude: number): Int16Array {
  return Int16Array.from({ length: count }, (_, at) => Math.round(amplitude * Math.sin((2 * Math.PI * 1000 * at) / 8000)))
}

function written(name: string, ...shape: Parameters<wavefile.WaveFile['fromScratch']>): string {
  const wave = new wavefile.WaveFile()
  wave.fromScratch(...shape)
  const path = join(folder, name)
  writeFileSync(path, wave.toBuffer())
  return path
}

test.each(['PCMU', 'PCMA'] as const)('%s: every code encodes its own sample (ITU-T G.711), except -0 of µ-law', (law) => {
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
  const again = [...encode(law, decode(law, codes))]
  expect(again.filter((code, index) => code !== codes[index])).toEqual(law === 'PCMU' ? [0xff] : [])
})

test('0 dBm0 is 3.17 dB below the loudest sine (ITU-T G.711 table 2)', () => {
  const loudest = sine(8000, 32_635)
  expect(isLouderThan(3.1, loudest)).toBe(true)
  expect(isLouderThan(3.3, loudest)).toBe(false)
  expect(isLouderThan(-50, new Int16Array(160))).toBe(false)
  expect(isLouderThan(-50, new Int16Array(0))).toBe(false)
})

test('A file of 8 kHz, 16 bit, mono is used unchanged', async () => {
  const samples = sine(1600, 8000)
  const { clip, comment } = await loadClip(written('plain.wav', 1, 8000, '16', samples), 'plain')
  expect(clip).toEqual(clipOf('plain', samples))
  expect(clip.durationMs).toBe(200)
  expect(comment).toBeNull()
})

test.each([
  ['44.1 kHz', 1, 44_100, '16'],
  ['24 bit', 1, 8000, '24'],
  ['stereo', 2, 8000, '16'],
] as const)('A file in another format (%s) is converted', async (form, channels, rate, depth) => {
  const loud = depth === '24' ? 2 ** 20 : 4096
  const one = Array.from({ length: rate / 5 }, (_, at) => Math.round(loud * Math.sin((2 * Math.PI * 440 * at) / rate)))
  const { clip } = await loadClip(written(`${form}.wav`, channels, rate, depth, channels === 2 ? [one, one] : one), form)
  expect(clip.durationMs).toBeCloseTo(200, -1)
  expect(isLouderThan(-20, decode('PCMA', clip.alaw))).toBe(true)
})

test.each([
  ['no file', () => join(folder, 'absent.wav')],
  [
    'no sound file',
    () => {
      writeFileSync(join(folder, 'text.wav'), 'file not found')
      return join(folder, 'text.wav')
    },
  ],
  ['nothing in it', () => written('empty.wav', 1, 8000, '16', [])],
] as const)('A file that cannot be played (%s) is an error that names it once', async (_, path) => {
  const file = path()
  const fault: unknown = await loadClip(file, 'x').catch((thrown: unknown) => thrown)
  expect(fault).toMatchObject({ code: 'PROMPT_UNREADABLE' })
  expect(String(fault).split(file)).toHaveLength(2)
})

function frames(player: ReturnType<typeof createPlayer>, count: number): Uint8Array {
  const frame = new Uint8Array(160)
  return Uint8Array.from({ length: count }, () => 0).reduce((all) => {
    player.next('PCMU', frame)
    return Uint8Array.from([...all, ...frame])
  }, new Uint8Array(0))
}

test('Clips follow each other without a gap, then silence follows', async () => {
  const player = createPlayer()
  const one = clipOf('one', sine(200, 5000))
  const two = clipOf('two', sine(250, 9000))
  const playback = player.play([one, two])
  const played = frames(player, 4)
  expect([...played.subarray(0, 450)]).toEqual([...one.ulaw, ...two.ulaw])
  expect(new Set(played.subarray(450))).toEqual(new Set([0xff]))
  expect(await playback.finished).toBe('played')
})

test('A new playback stops the previous one; stopping an ended one does nothing', async () => {
  const player = createPlayer()
  const first = player.play([toneClip('a', [{ hertz: [400], ms: 100 }])])
  frames(player, 1)
  const second = player.play([toneClip('b', [{ hertz: [400], ms: 20 }])])
  expect(await first.finished).toBe('stopped')
  first.stop()
  frames(player, 2)
  expect(await second.finished).toBe('played')
  second.stop()
  expect(await second.finished).toBe('played')
})

test('An empty playback ends with the next frame', async () => {
  const player = createPlayer()
  const playback = player.play([])
  frames(player, 1)
  expect(await playback.finished).toBe('played')
})
