import { afterEach, expect, test } from 'vitest'
import { dialogueTiming } from '../../../src/app/part-settings.js'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { createIvr } from '../../../src/ivr/ivr.js'
import { type AudioSession, createMedia, type Media } from '../../../src/media/media.js'
import { toneClip } from '../../../src/media/sound/clip.js'
import { aDevice, alice, device, fakeHotdesk, promptsFolder } from '../../support/media/ivr-stage.js'
import { defaults } from '../../support/node/default-settings.js'
import { createFakeCall } from '../../support/sip/fake-call.js'

const opened: Media[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((media) => media.close()))
})

function loopbackMedia(): Media {
  const media = createMedia({ addresses: ['127.0.0.1'], ports: { from: 21_000, to: 29_999 }, clock: systemClock, log: silentLogger() })
  opened.push(media)
  return media
}

/** A call between a phone and the IVR with real RTP; only SIP is faked. */
async function called(act: (phone: AudioSession) => Promise<void>, change: (offer: string) => string = (offer) => offer) {
  const hotdesk = fakeHotdesk({ logins: ['LOGGED_IN'] }, systemClock)
  const ivr = await createIvr({
    media: loopbackMedia(),
    hotdesk,
    directory: { device: () => aDevice, user: () => null },
    language: () => null,
    promptsFolder,
    announcements: [],
    timing: () => dialogueTiming(defaults),
    clock: systemClock,
    log: silentLogger(),
    metrics: createMetrics(),
  })
  const phone = await loopbackMedia().offer()
  if (!phone) throw new Error('no port')
  const call = createFakeCall({ body: change(phone.localSdp) })
  const over = ivr.login(call.invite, device, alice)
  await expect.poll(() => call.responses.length).toBe(1)
  expect(phone.accept(call.responses[0]?.parts.body ?? '')).toBe('accepted')
  await act(phone)
  await over
  return { hotdesk, call, phone }
}

/** Waits until this number of audible packets was heard. */
async function hear(phone: AudioSession, audible: number): Promise<void> {
  while (phone.heard.audible < audible) await phone.play([toneClip('pause', [{ hertz: [], ms: 20 }])]).finished
}

test('A phone hears the prompt, types the PIN over it and hears the confirmation; then the call ends', async () => {
  let beforePin = 0
  const { hotdesk, call, phone } = await called(async (calling) => {
    await hear(calling, 10)
    beforePin = calling.heard.audible
    await calling.press('739154#')
  })
  expect(hotdesk.attempts).toMatchObject([{ extension: '100', pin: '739154' }])
  expect(phone.heard.audible).toBeGreaterThan(beforePin + 20)
  expect(call.bye).toEqual({})
})

test('The same with an ATA that supports only A-law and DTMF tones', async () => {
  const withoutEvents = (offer: string): string => offer.replace(' 0 8 101', ' 8').replaceAll(/a=(rtpmap|fmtp):(0|101).*\r\n/g, '')
  const { hotdesk } = await called((calling) => calling.press('739154#'), withoutEvents)
  expect(hotdesk.attempts).toMatchObject([{ pin: '739154' }])
})
