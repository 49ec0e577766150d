import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

const shortCodes = {
  '*1': { extension: '101' },
  '*5ZX.': { trunks: ['line-2'], strip: 2, prepend: '+33' },
  '*6': { forward: '00123456780' },
  '0018.': { barred: 'yes' },
}

/** Alice at HD0001, Bob at HD0002, and two carriers: the first writes numbers as people in France do, the second as +33… without the +. */
describe('each trunk gets numbers in its own form', () => {
  let office: TestOffice
  let french: Carrier
  let plain: Carrier
  let node: TestNode
  let alice: Phone
  let bob: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    french = await openCarrier()
    plain = await openCarrier()
    const plan = planOver(
      { address: french.address, numbers: 'national', callerNumbers: 'international' },
      { address: plain.address, numbers: 'digits' },
    )
    const dialplan = JSON.stringify({ ...(JSON.parse(plan) as object), shortCodes })
    node = await office.node('paris-1', 'paris', { dialplan })
    alice = await office.phone('HD0001', node)
    bob = await office.phone('HD0002', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await french.close()
    await plain.close()
  })

  it('the called number and the caller number, also when another trunk is tried', async () => {
    const busy = french.line('0123456789')
    const dialling = await alice.dial('00123456789')
    const refused = await busy.nextCall()
    expect(refused.callerNumber).toBe('0033199000100')
    const outside = plain.line('33123456789').nextCall()
    refused.reject(503)
    const taken = await outside
    expect(taken.callerNumber).toBe('33199000100')
    await taken.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'answered') await dialled.call.hangUp()
    expect(dialled.outcome).toBe('answered')
  })

  it('an emergency number unchanged, from the number of the phone in the form of the trunk, which the centre calls back in another', async () => {
    const centre = french.line('112').nextCall()
    const dialling = await alice.dial('112')
    const call = await centre
    expect(call.callerNumber).toBe('0033199000001')
    await call.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'answered') await dialled.call.hangUp()
    expect(dialled.outcome).toBe('answered')
    await hangUp(await converse(french.line('112', node.udp), '0199000001', alice))
  })

  it.each(['0199000101', '0033199000101', '33199000101', '+33199000101'])('and may write a direct number as %s', async (number) => {
    await hangUp(await converse(french.line('0123456788', node.udp), number, bob))
  })

  it('a caller has the name that the phone book of the called user gives the number in its international form', async () => {
    await office.redis.cli('HSET', '{hd}:contacts', '+33123456788', 'Florist')
    await office.redis.cli('HSET', '{hd}:contacts:101', '+33123456788', 'Mum')
    await office.follows('contacts:101', (book) => book?.size === 1)
    const ringing = bob.nextCall()
    const dialling = await french.line('0123456788', node.udp).dial('0199000101')
    const call = await ringing
    expect([call.callerName, call.callerNumber]).toEqual(['Mum', '0123456788'])
    call.reject(486)
    await dialling.result
    await office.redis.cli('DEL', '{hd}:contacts:101')
    await office.follows('contacts:101', (book) => book === undefined)
    const again = bob.nextCall()
    const redialling = await french.line('0123456788', node.udp).dial('0199000101')
    const second = await again
    expect(second.callerName).toBe('Florist')
    second.reject(486)
    await redialling.result
  })

  describe('a short code', () => {
    const failure = async (phone: Phone, digits: string): Promise<string> => {
      const dialled = await (await phone.dial(digits)).result
      return dialled.outcome === 'failed' ? `${dialled.answer.status} ${dialled.answer.reason}` : dialled.outcome
    }

    it('calls a user, a number over its own trunk, or a number as if it were dialled', async () => {
      await hangUp(await converse(alice, '*1', bob))
      await hangUp(await converse(alice, '*5123456781', plain.line('33123456781')))
      await hangUp(await converse(alice, '*6', french.line('0123456780')))
    })

    it('bars numbers', async () => {
      expect(await failure(alice, '00187654321')).toBe('480 Call Barred')
    })

    it('means nothing to a caller from a trunk', async () => {
      expect(await failure(french.line('0123456788', node.udp), '*1')).toBe('404 Not Found')
    })
  })
})
