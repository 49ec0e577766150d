import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { type AudioSession, createMedia, type Key, type KeyWay, type Media } from '../../../src/media/media.js'
import { toneClip } from '../../../src/media/sound/clip.js'

const opened: Media[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((media) => media.close()))
})

function loopbackMedia(): Media {
  const media = createMedia({ address: '127.0.0.1', ports: { from: 21_000, to: 29_999 }, clock: systemClock, log: silentLogger() })
  opened.push(media)
  return media
}

async function connected(): Promise<{ phone: AudioSession; prompts: AudioSession }> {
  const phone = await loopbackMedia().offer()
  if (!phone) throw new Error('no port')
  const answered = await loopbackMedia().answer(phone.localSdp)
  if (answered.outcome !== 'answered') throw new Error(answered.outcome)
  expect(phone.accept(answered.session.localSdp)).toBe('accepted')
  return { phone, prompts: answered.session }
}

function pressesOf(session: AudioSession, count: number): Promise<{ keys: Key[]; ways: KeyWay[] }> {
  const keys: Key[] = []
  const ways: KeyWay[] = []
  return new Promise((resolve) => {
    session.onKeyPress((key, way) => {
      keys.push(key)
      ways.push(way)
      if (keys.length === count) resolve({ keys, ways })
    })
  })
}

test('Keys pressed at one end are heard once each at the other, in order', async () => {
  const { phone, prompts } = await connected()
  const heard = pressesOf(prompts, 6)
  await phone.press('1225#*')
  expect((await heard).keys).toEqual(['1', '2', '2', '5', '#', '*'])
  expect(new Set((await heard).ways)).toEqual(new Set(['event']))
})

test('A clip played at one end is audible at the other; silence is not', async () => {
  const { phone, prompts } = await connected()
  await phone.play([toneClip('pause', [{ hertz: [], ms: 100 }])]).finished
  const before = phone.heard
  expect(before.packets).toBeGreaterThan(0)
  expect(before.audible).toBe(0)
  expect(await prompts.play([toneClip('beep', [{ hertz: [440], ms: 200 }])]).finished).toBe('played')
  await phone.play([toneClip('pause', [{ hertz: [], ms: 60 }])]).finished
  expect(phone.heard.audible).toBeGreaterThanOrEqual(9)
})
