import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** 101 is the emergency desk, at a phone of each node. */
describe('the emergency desk of a site', () => {
  let office: TestOffice
  let carrier: Carrier
  let paris1: TestNode
  let paris2: TestNode
  let centre: Phone
  let caller: Phone
  let here: SipPeer
  let there: SipPeer
  let london: TestNode
  let reception: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const plan = { ...(JSON.parse(planOver(carrier.address)) as Record<string, unknown>), emergencyDesk: '101' }
    paris1 = await office.node('paris-1', 'paris', { dialplan: JSON.stringify(plan) })
    paris2 = await office.node('paris-2', 'paris', { dialplan: JSON.stringify(plan) })
    // In London the phones of user 102 are called, at another node.
    const spoken = { ...plan, site: 'london', emergencyDesk: '102', emergencyDeskNotice: 'call' }
    london = await office.node('london-1', 'london', { dialplan: JSON.stringify(spoken) })
    centre = carrier.line('112', paris1.udp)
    caller = await office.phone('HD0001', paris1)
    here = await registered('HD0002', paris1)
    there = await registered('HD0003', paris2)
    await office.redis.cli('HSET', '{hd}:user:101', 'secondLogin', 'allow')
    await office.directory.putDevice('HD0005', { site: 'paris', hotdesk: true, password: passwordOf('HD0005'), location: 'Paris' })
    await office.directory.putDevice('HD0004', { site: 'london', elin: '+44190' })
    reception = await office.phone('HD0005', paris2)
    await office.seat({ '102': 'HD0005' })
    for (const device of ['HD0002', 'HD0003']) {
      await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '101', device)
      await office.settled('101', device)
    }
  }, 60_000)

  afterAll(async () => {
    await here.close()
    await there.close()
    await office.close()
    await carrier.close()
  })

  async function registered(device: string, node: TestNode): Promise<SipPeer> {
    const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    await createRawPhone({ peer, device, password: passwordOf(device), domain }).register()
    return peer
  }

  /** The centre rings before any phone of the desk has responded. */
  async function emergency(): Promise<void> {
    const dialling = await caller.dial('112')
    const ringing = await centre.nextCall()
    ringing.reject(486)
    await dialling.result
  }

  async function lastNotice(): Promise<string> {
    await paris1.logged('call.desk', ({ reached }) => reached !== undefined)
    const printed = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '20')
    return printed.slice(printed.indexOf('emergency.desk')).split('\n').slice(0, 14).join(' ')
  }

  it('gets a MESSAGE at each phone of its users, at both nodes, that says who, where, whom and when', async () => {
    await emergency()
    const messages = await Promise.all([here, there].map((peer) => peer.hearsNewRequest('MESSAGE')))
    for (const message of messages) {
      expect(message.body.toString()).toMatch(
        /^EMERGENCY CALL to 112\nPhone: HD0001\nLocation: Paris, .*\(site paris\)\nCallback: \+33199000001\nTime: \d\d:\d\d:\d\d$/,
      )
      expect(message.all('Content-Type')).toEqual(['text/plain;charset=utf-8'])
      expect(message.all('Contact')).toEqual([])
    }
    for (const [index, message] of messages.entries()) (index === 0 ? here : there).respond(message, 200)
    const notice = await lastNotice()
    expect(notice).toContain('device HD0001')
    expect(notice).toContain('desk 101')
    expect(notice).toMatch(/reached HD000[23] HD000[23]/)
  })

  it('does not touch the call when its phones refuse or say nothing', async () => {
    await emergency()
    const message = await here.hearsNewRequest('MESSAGE')
    here.respond(message, 603)
    // HD0003 never responds: the next call reaches the centre all the same.
    await there.hearsNewRequest('MESSAGE')
    await emergency()
  })

  it('is called at the node of its phone, and hears which phone has called for help, after the call for help has left', async () => {
    const phone = await office.phone('HD0004', london)
    const rings = reception.nextCall()
    const dialling = await phone.dial('112')
    const atCentre = await (await centre.nextCall()).answer()
    const incoming = await rings
    expect(incoming.callerName).toBe('Emergency call')
    expect(incoming.invite.header('Priority')).toBe('emergency')
    const { audio, hangUp } = await incoming.answer()
    await dialling.result
    const heard = await london.logged('call.desk', ({ how, reached }) => how === 'call' && reached !== undefined)
    expect(heard).toMatchObject({ reached: ['HD0005'], missed: [] })
    // At 50 packets a second.
    expect(audio.heard.audible).toBeGreaterThan(200)
    await hangUp()
    expect(atCentre.dialog.ended).toBe(false)
    await atCentre.hangUp()
  })
})
