import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, dialRefused, hears, logIn, logOut } from '../../support/node/login.js'
import type { TestOffice } from '../../support/node/office.js'
import { openTwoSites } from '../../support/node/two-sites.js'

/** The main job on two nodes at two sites with one Redis; each step goes on from the one before. */
describe('a day of hot desking', () => {
  let office: TestOffice
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone

  beforeAll(async () => {
    ;({ office, desk1, desk2, desk3 } = await openTwoSites())
  }, 60_000)

  afterAll(() => office.close())

  it('an idle phone is refused an ordinary number with 480, after it was told why', async () => {
    const dialling = await desk1.dial('101')
    const dialled = await dialling.result
    expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(480)
    expect(dialling.heard).toContain(183)
  })

  it('a user who has not logged in is not there: 480 and neither 404 nor 486', async () => {
    await logIn(desk2, '102')
    expect(await dialRefused(desk2, '100')).toBe(480)
    expect(await dialRefused(desk2, '199')).toBe(404)
  })

  it('*77*100* and the PIN make the phone the user’s, in Redis and for redis-cli', async () => {
    await logIn(desk1, '100')
    expect(await office.redis.cli('HGET', '{hd}:users', '100')).toBe('HD0001')
    expect(await office.redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('100')
    expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
  })

  it('after the login the phone is told to fetch its configuration', async () => {
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
  })

  it('a call crosses the sites to wherever the user is, and shows the caller and not the phone', async () => {
    await logIn(desk3, '101')
    const dialling = await desk3.dial('100')
    const ringing = await desk1.nextCall()
    expect([ringing.callerName, ringing.callerNumber]).toEqual(['Bob', '101'])
    const callee = await ringing.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    const caller = dialled.call
    void callee.audio.press('12')
    const pressed: string[] = []
    await new Promise<void>((resolve) => {
      caller.audio.onKeyPress((key) => {
        pressed.push(key)
        if (pressed.length === 2) resolve()
      })
    })
    expect(pressed).toEqual(['1', '2'])
    await caller.hangUp()
    await callee.ended
  })

  it('a person roams: the next user logs in over the present one, who is then nowhere', async () => {
    await logIn(desk1, '102')
    expect(await office.redis.cli('HGETALL', '{hd}:users')).toBe(['101', 'HD0003', '102', 'HD0001'].join('\n'))
    expect(await dialRefused(desk3, '100')).toBe(480)
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
  })

  it('*77*5* gives the phone back without a PIN', async () => {
    await logOut(desk1)
    expect(await office.redis.cli('HEXISTS', '{hd}:devices', 'HD0001')).toBe('0')
    expect(await dialRefused(desk1, '101')).toBe(480)
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
  })

  it('an operator logs a phone out with redis-cli, with the effects of the dial code', async () => {
    await logIn(desk1, '100')
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
    expect(await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')).toBe('LOGGED_OUT 100')
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
    expect(await dialRefused(desk3, '100')).toBe(480)
  })

  it('a wrong PIN changes nothing, and the third one ends the call', async () => {
    const call = await dialAnswered(desk1, '*77*100*')
    for (const pin of ['0000', '1111', '9999']) {
      await hears(call)
      await call.audio.press(`${pin}#`)
      await hears(call, 20)
    }
    await call.ended
    expect(await office.redis.cli('HEXISTS', '{hd}:devices', 'HD0001')).toBe('0')
  })
})
