import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { dialAnswered } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { startTwinkle, type Twinkle } from '../../support/programs/twinkle.js'

/** A day with a softphone of another make; each step goes on from the one before. */
describe('a Twinkle', () => {
  let office: TestOffice
  let node: TestNode
  let twinkle: Twinkle
  let desk: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    twinkle = await startTwinkle('HD0001', node)
    desk = await office.phone('HD0002', node)
    await office.seat({ '101': 'HD0002' })
  }, 60_000)

  afterAll(async () => {
    await twinkle?.close()
    await office.close()
  })

  /** For a moment after a call, Twinkle silently ignores `call`; during a call it does too, so that a repeated command is harmless. */
  async function dial(number: string): Promise<void> {
    const before = twinkle.output().length
    const tried = (): string => {
      if (!twinkle.output().slice(before).includes('100 Trying')) twinkle.say(`call ${number}`)
      return twinkle.output().slice(before)
    }
    await expect.poll(tried, { interval: 1_000, timeout: 20_000 }).toContain('100 Trying')
  }

  /** Its microphone is silent, and it does not send silence, but it sends key presses. Just after the answer it ignores them. */
  async function hearsKey({ audio }: PhoneCall): Promise<void> {
    let heard = ''
    audio.onKeyPress((key) => (heard += key))
    const press = (): string => {
      if (heard === '') twinkle.say('dtmf 7')
      return heard
    }
    await expect.poll(press, { interval: 500, timeout: 20_000 }).toMatch(/^7/)
  }

  it('registers with digest (RFC 3261 §10, §22.4)', async () => {
    await twinkle.prints(/registration succeeded/)
    expect(await office.redis.cli('EXISTS', '{hd}:reg:HD0001')).toBe('1')
  })

  it('cannot be refreshed, which is learnt and raises no alarm (RFC 6665 §8.2.1)', async () => {
    await office.seat({ '100': 'HD0001' })
    await office.redisSays('unconfirmed', 'HGET', '{hd}:device:HD0001', 'refresh')
    await vi.waitFor(
      async () => expect(await office.redis.cli('HGET', '{hd}:device:HD0001', 'refreshable')).toMatch(/^no Twinkle\//),
      20_000,
    )
    expect(node.output()).not.toContain('phone.stale')
  })

  it('is called and calls', async () => {
    const dialling = dialAnswered(desk, '100')
    await twinkle.prints(/incoming call/i)
    twinkle.say('answer')
    const calling = await dialling
    await hearsKey(calling)
    await calling.hangUp()
    await twinkle.prints(/far end ended call/)
    await dial('101')
    const called = await (await desk.nextCall()).answer()
    await hearsKey(called)
    await called.hangUp()
    await twinkle.prints(/far end ended call/)
  })

  it('hears that it has to log in when it dials while nobody is logged in', async () => {
    await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')
    await office.follows('devices', (devices) => devices?.get('HD0001') === undefined)
    await dial('101')
    await twinkle.prints(/480 Log In First/)
  })
})
