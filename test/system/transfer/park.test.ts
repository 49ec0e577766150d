import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, expectUndisturbed } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, hears } from '../../support/node/login.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { refer } from '../../support/node/referral.js'
import { samplePlanText } from '../../support/node/sample-plan.js'
import { openWatcher, stateIn, type Watcher } from '../../support/sip/watcher.js'

/** Alice and Bob at the first node of Paris, where calls are soon called back; Carol at the second one, and Dora, who watches a lamp. */
describe('a call that is parked by a transfer to the code', () => {
  let office: TestOffice
  let alice: Phone
  let bob: Phone
  let carol: Phone
  let dora: Watcher
  const calls: PhoneCall[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    const first = await office.node('paris-1', 'paris', { dialplan: `${samplePlanText('paris')}\nparkSeconds: 10\n` })
    const second = await office.node('paris-2')
    await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
    for (const id of ['HD0005', 'HD0007'])
      await office.directory.putDevice(id, { site: 'paris', hotdesk: true, password: passwordOf(id), location: `desk of ${id}` })
    await office.follows('device:HD0007', (device) => device !== undefined)
    alice = await office.phone('HD0001', first)
    bob = await office.phone('HD0002', first)
    carol = await office.phone('HD0007', second)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0007', '103': 'HD0005' })
    const port = Number(second.udp.split(':')[1])
    dora = await openWatcher({ device: 'HD0005', password: passwordOf('HD0005'), domain, port })
  }, 60_000)

  afterAll(async () => {
    await dora.close()
    await office.close()
  })

  afterEach(async () => {
    await Promise.all(calls.splice(0).map((call) => call.hangUp()))
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0007')
  })

  async function talk(): Promise<Conversation> {
    const whole = await converse(alice, '101', bob)
    calls.push(whole.caller, whole.callee)
    return whole
  }

  /** Bob parks Alice. */
  async function parked(orbit: string): Promise<PhoneCall> {
    const { caller, callee } = await talk()
    const referral = await refer(callee, `<sip:*70${orbit}@${domain}>`)
    expect(referral.response.status).toBe(202)
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await callee.ended
    return caller
  }

  async function take(by: Phone, orbit: string): Promise<PhoneCall> {
    const call = await dialAnswered(by, `*70${orbit}`)
    calls.push(call)
    return call
  }

  it('hears that, and is taken at the same node', async () => {
    const waiting = await parked('1')
    await hears(waiting)
    const taken = await take(bob, '1')
    await expectSound({ caller: waiting, callee: taken })
    await taken.hangUp()
    await waiting.ended
    expect(await dialRefused(bob, '*701')).toBe(480)
  })

  it('lights the lamp of its orbit, and is taken at another node of the site, which puts it out', async () => {
    const lamp = await dora.subscribe('*702')
    expect([lamp.final.status, stateIn(await lamp.next())]).toEqual([200, 'terminated'])
    const waiting = await parked('2')
    await lamp.shows('confirmed')
    const taken = await take(carol, '2')
    await lamp.shows('terminated')
    await expectSound({ caller: waiting, callee: taken })
    await waiting.hangUp()
    await taken.ended
  })

  it('keeps its orbit: the next transfer there fails, and its call goes on', async () => {
    const waiting = await parked('3')
    const other = await converse(carol, '101', bob)
    calls.push(other.caller, other.callee)
    const referral = await refer(other.callee, `<sip:*703@${domain}>`)
    expect((await referral.final).statusLine).toBe('SIP/2.0 486 Busy Here')
    await expectUndisturbed(other)
    await waiting.hangUp()
  })

  it('leaves the orbit when it hangs up', async () => {
    const waiting = await parked('4')
    await waiting.hangUp()
    expect(await dialRefused(carol, '*704')).toBe(480)
  })

  it('calls the user who has parked it when nobody takes it', async () => {
    const waiting = await parked('5')
    const back = await (await bob.nextCall()).answer()
    calls.push(back)
    expect(await dialRefused(carol, '*705')).toBe(480)
    await expectSound({ caller: waiting, callee: back })
    await back.hangUp()
    await waiting.ended
  })
})
