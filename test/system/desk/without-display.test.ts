import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, hears, logIn } from '../../support/node/login.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'

/** An analogue telephone: dial codes, tones and a voice. */
describe('a phone without a display', () => {
  let office: TestOffice
  let desk: Phone
  let abroad: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    desk = await office.phone('HD0001', await office.node('paris-1', 'paris'))
    abroad = await office.phone('HD0003', await office.node('london-1', 'london'))
    await logIn(desk, '100')
  }, 60_000)

  afterAll(() => office.close())

  const where = () => office.redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')
  const field = (name: string) => office.redis.cli('HGET', '{hd}:user:100', name)

  it.each(['*55', '*56'])('answers %s with words, and ends the call', async (code) => {
    const call = await dialAnswered(desk, code)
    await hears(call, 30)
    await call.ended
  })

  it('switches do-not-disturb and a forward on and off by one code', async () => {
    for (const silent of ['yes', 'no']) {
      await (await dialAnswered(desk, '*20')).ended
      expect(await field('doNotDisturb')).toBe(silent)
      await office.follows('user:100', (user) => user?.get('doNotDisturb') === silent)
    }
    for (const number of ['101', '']) {
      await (await dialAnswered(desk, '*22*101#')).ended
      expect(await field('forwardAlways')).toBe(number)
      await office.follows('user:100', (user) => (user?.get('forwardAlways') ?? '') === number)
    }
  })

  it('logs its user out everywhere with the PIN, from a phone of another site', async () => {
    expect(await where()).toBe('AT HD0001')
    const call = await dialAnswered(abroad, '*77*6*100*')
    await hears(call)
    await call.audio.press(`${pinOf('100')}#`)
    await call.ended
    expect(await where()).toBe('NOWHERE')
  })
})
