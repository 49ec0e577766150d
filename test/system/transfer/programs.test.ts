import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Incoming, Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound } from '../../support/node/conversation.js'
import { dialAnswered, hears } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { type BaresipPhone, openBaresipPhone } from '../../support/programs/baresip-phone.js'
import { type Linphone, startLinphone } from '../../support/programs/linphone.js'
import { startTwinkle, type Twinkle } from '../../support/programs/twinkle.js'

/** Phones of other makes transfer, are transferred, and are the target. 100 is the other make, 101 and 102 are ours. */
describe('transfer with phones of other makes', () => {
  let office: TestOffice
  let node: TestNode
  let bob: Phone
  let carol: Phone
  const calls: PhoneCall[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    await office.directory.putDevice('HD0007', { site: 'paris', hotdesk: true, password: passwordOf('HD0007'), location: 'desk 7' })
    await office.follows('device:HD0007', (device) => device !== undefined)
    bob = await office.phone('HD0002', node)
    carol = await office.phone('HD0007', node)
    await office.seat({ '101': 'HD0002', '102': 'HD0007' })
  }, 60_000)

  afterAll(() => office.close())

  afterEach(async () => {
    await Promise.all(calls.splice(0).map((call) => call.hangUp()))
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0007')
  })

  const at = (number: string): string => `sip:${number}@${domain}`

  async function answer(ringing: Incoming): Promise<PhoneCall> {
    const call = await ringing.answer()
    calls.push(call)
    return call
  }

  /** Ours calls the other make, which answers by `accept`. */
  async function call100(by: Phone, accept: () => Promise<void>): Promise<PhoneCall> {
    const [call] = await Promise.all([dialAnswered(by, '100'), accept()])
    calls.push(call)
    return call
  }

  async function talk(by: Phone, number: string, to: Phone): Promise<Conversation> {
    const whole = await converse(by, number, to)
    calls.push(whole.caller, whole.callee)
    return whole
  }

  /** As a phone that holds its calls. */
  function mute(...held: readonly PhoneCall[]): void {
    for (const { audio } of held) audio.close()
  }

  describe('baresip', () => {
    let baresip: BaresipPhone

    beforeAll(async () => {
      baresip = await openBaresipPhone('HD0001', node)
      await baresip.register('udp')
      await office.seat({ '100': 'HD0001' })
    }, 60_000)

    afterAll(async () => {
      await baresip?.close()
      await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'now')
    })

    const accept = async (): Promise<void> => {
      await baresip.rings()
      await baresip.answer()
      await baresip.talks()
    }

    it('transfers blindly', async () => {
      await baresip.dial('101')
      const bobs = await answer(await bob.nextCall())
      await baresip.talks()
      await baresip.baresip.command('transfer', at('102'))
      const carols = await answer(await carol.nextCall())
      await baresip.ends()
      await expectSound({ caller: bobs, callee: carols })
    })

    it('is informed that the target of its transfer is busy; this version then hangs up by itself', async () => {
      const bobs = await call100(bob, accept)
      await baresip.baresip.command('transfer', at('102'))
      ;(await carol.nextCall()).reject(486)
      await baresip.baresip.event('the failure', ({ type }) => type.endsWith('TRANSFER_FAILED'))
      await bobs.ended
    })

    it('is transferred blindly', async () => {
      const bobs = await call100(bob, accept)
      const referral = await refer(bobs, `<${at('102')}>`)
      const carols = await answer(await carol.nextCall())
      expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
      await Promise.all([hears(carols), baresip.receives()])
      await carols.hangUp()
      await baresip.ends()
    })

    it('is the target of a blind transfer, whose INVITE has no offer', async () => {
      const before = await talk(carol, '101', bob)
      await refer(before.callee, `<${at('100')}>`)
      await accept()
      await Promise.all([hears(before.caller), baresip.receives()])
      await before.caller.hangUp()
      await baresip.ends()
    })

    it('is transferred with consultation, and is the target of that', async () => {
      const first = await call100(bob, accept)
      const second = await talk(bob, '102', carol)
      mute(first, second.caller)
      expect((await (await refer(first, replacing(second.caller, at('102')))).final).statusLine).toBe('SIP/2.0 200 OK')
      await Promise.all([hears(second.callee), baresip.receives()])
      await second.callee.hangUp()
      await baresip.ends()
      const before = await talk(carol, '101', bob)
      const consultation = await call100(bob, accept)
      mute(before.callee, consultation)
      expect((await (await refer(before.callee, replacing(consultation, at('100')))).final).statusLine).toBe('SIP/2.0 200 OK')
      await Promise.all([hears(before.caller), baresip.receives()])
      await before.caller.hangUp()
      await baresip.ends()
    })
  })

  describe('Linphone', () => {
    let linphone: Linphone

    beforeAll(async () => {
      linphone = await startLinphone('HD0001', node)
      await office.redisSays('1', 'EXISTS', '{hd}:reg:HD0001')
      await office.seat({ '100': 'HD0001' })
    }, 60_000)

    afterAll(async () => {
      await linphone?.close()
      await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'now')
    })

    const accept = async (): Promise<void> => {
      await linphone.prints(/Receiving new incoming call/)
      linphone.say('answer')
      await linphone.prints(/Media streams established/)
    }

    it('transfers blindly', async () => {
      linphone.say('call 101')
      const bobs = await answer(await bob.nextCall())
      await linphone.prints(/Media streams established/)
      linphone.say(`transfer ${at('102')}`)
      const carols = await answer(await carol.nextCall())
      await expectSound({ caller: bobs, callee: carols })
      await linphone.prints(/ended \(/)
    })

    it('transfers with consultation', async () => {
      linphone.say('call 101')
      const bobs = await answer(await bob.nextCall())
      await linphone.prints(/Media streams established/)
      linphone.say('pause')
      await linphone.prints(/paused/i)
      linphone.say('call 102')
      const carols = await answer(await carol.nextCall())
      await linphone.prints(/Media streams established/)
      linphone.say('calls')
      const ids = Array.from((await linphone.prints(/\d+ +\| [\s\S]*\d+ +\| /)).matchAll(/^(\d+) +\|/gm), ([, id]) => id)
      linphone.say(`transfer ${ids[0]} --to-call ${ids[1]}`)
      await linphone.prints(/ended \([\s\S]*ended \(/)
      await node.logged('call.transferred', ({ status }) => status === 200)
      expect([bobs, carols].map(({ dialog }) => dialog.ended)).toEqual([false, false])
      await bobs.hangUp()
      await carols.ended
    })

    it('is transferred blindly', async () => {
      const bobs = await call100(bob, accept)
      const referral = await refer(bobs, `<${at('102')}>`)
      const carols = await answer(await carol.nextCall())
      expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
      await hears(carols)
      await carols.hangUp()
      await linphone.prints(/ended \(/)
    })

    it('is transferred with consultation, and is the target of that', async () => {
      const first = await call100(bob, accept)
      const second = await talk(bob, '102', carol)
      mute(first, second.caller)
      expect((await (await refer(first, replacing(second.caller, at('102')))).final).statusLine).toBe('SIP/2.0 200 OK')
      await hears(second.callee)
      await second.callee.hangUp()
      await linphone.prints(/ended \(/)
      const before = await talk(carol, '101', bob)
      const consultation = await call100(bob, accept)
      mute(before.callee, consultation)
      expect((await (await refer(before.callee, replacing(consultation, at('100')))).final).statusLine).toBe('SIP/2.0 200 OK')
      await hears(before.caller)
      await before.caller.hangUp()
      await linphone.prints(/ended \(/)
    })

    it('is the target of a blind transfer, whose INVITE has no offer', async () => {
      const before = await talk(carol, '101', bob)
      await refer(before.callee, `<${at('100')}>`)
      await accept()
      await hears(before.caller)
      await before.caller.hangUp()
      await linphone.prints(/ended \(/)
    })
  })

  describe('Twinkle', () => {
    let twinkle: Twinkle

    beforeAll(async () => {
      twinkle = await startTwinkle('HD0001', node)
      await twinkle.prints(/registration succeeded/)
      await office.seat({ '100': 'HD0001' })
    }, 60_000)

    afterAll(() => twinkle?.close())

    afterEach(() => {
      twinkle.say('bye')
    })

    const accept = async (): Promise<void> => {
      await twinkle.prints(/incoming call/i)
      twinkle.say('answer')
      await twinkle.prints(/established/)
    }

    it('transfers blindly', async () => {
      const bobs = await call100(bob, accept)
      twinkle.say('transfer 102')
      const carols = await answer(await carol.nextCall())
      await expectSound({ caller: bobs, callee: carols })
    })

    it('is transferred blindly', async () => {
      const bobs = await call100(bob, accept)
      const referral = await refer(bobs, `<${at('102')}>`)
      const carols = await answer(await carol.nextCall())
      expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
      await carols.hangUp()
      await twinkle.prints(/call ended|far end ended/i)
    })

    it('is the target of a blind transfer, whose INVITE has no offer', async () => {
      const before = await talk(carol, '101', bob)
      const referral = await refer(before.callee, `<${at('100')}>`)
      await accept()
      expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
      await before.caller.hangUp()
      await twinkle.prints(/call ended|far end ended/i)
    })
  })
})
