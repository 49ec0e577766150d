import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Incoming, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, expectUndisturbed } from '../../support/node/conversation.js'
import { domain } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { openTwoSites, type TwoSites } from '../../support/node/two-sites.js'

/** 100 and 101 in Paris, 102 in London; each call between the sites passes both nodes. */
describe('transfer between two sites', () => {
  let sites: TwoSites
  const calls: PhoneCall[] = []

  beforeAll(async () => {
    sites = await openTwoSites()
    await sites.office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
  }, 60_000)

  afterAll(() => sites.office.close())

  afterEach(async () => {
    await Promise.all(calls.splice(0).map((call) => call.hangUp()))
    await sites.office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0003')
  })

  const at = (number: string): string => `sip:${number}@${domain}`

  async function talk(...parts: Parameters<typeof converse>): Promise<Conversation> {
    const whole = await converse(...parts)
    calls.push(whole.caller, whole.callee)
    return whole
  }

  async function answer(ringing: Incoming): Promise<PhoneCall> {
    const call = await ringing.answer()
    calls.push(call)
    return call
  }

  it('a phone in London transfers a caller in Paris to another phone in Paris', async () => {
    const { desk1, desk2, desk3 } = sites
    const before = await talk(desk1, '102', desk3)
    const referral = await refer(before.callee, `<${at('101')}>`)
    const ringing = await desk2.nextCall()
    expect(ringing.callerNumber).toBe('100')
    const transferred = await answer(ringing)
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await before.callee.ended
    await expectSound({ caller: before.caller, callee: transferred })
  })

  it('a phone in Paris transfers its neighbour to London, and the neighbour is back if nobody takes the call', async () => {
    const { desk1, desk2, desk3 } = sites
    const before = await talk(desk1, '101', desk2)
    const refused = await refer(before.callee, `<${at('102')}>`)
    ;(await desk3.nextCall()).reject(486)
    expect((await refused.final).statusLine).toBe('SIP/2.0 486 Busy Here')
    await expectUndisturbed(before)
    const referral = await refer(before.callee, `<${at('102')}>`)
    const transferred = await answer(await desk3.nextCall())
    // Of several transfers in a dialog, the later ones are numbered (RFC 3515 §2.4.6).
    expect(await referral.final).toEqual({ statusLine: 'SIP/2.0 200 OK', event: expect.stringMatching(/^refer;id=\d+$/) as string })
    await expectSound({ caller: before.caller, callee: transferred })
  })

  it('a phone in London joins its two calls with Paris', async () => {
    const { desk1, desk2, desk3 } = sites
    const first = await talk(desk1, '102', desk3)
    const second = await talk(desk3, '101', desk2)
    for (const { audio } of [first.callee, second.caller]) audio.close()
    const referral = await refer(first.callee, replacing(second.caller, at('101')))
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await Promise.all([first.callee.ended, second.caller.ended])
    await expectSound({ caller: first.caller, callee: second.callee })
  })
})
