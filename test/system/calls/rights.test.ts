import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const number = '00123456789'
const rights = {
  rights: {
    default: { allow: ['internal', '+33123456789'], forwardOutside: 'no' },
    all: { allow: ['other', 'national'] },
    inside: { allow: ['internal'] },
    one: { limits: { callsAtOnce: 1 } },
    stay: { transferOutside: 'no' },
  },
}

/** Alice at HD0001, Bob at HD0002, Carol at HD0003, and a carrier. */
describe('rights', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let alice: Phone
  let bob: Phone
  let carol: SipPeer
  let desk3: RawPhone
  let outside: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const dialplan = JSON.stringify({ ...(JSON.parse(planOver(carrier.address)) as object), ...rights })
    node = await office.node('paris-1', 'paris', { dialplan })
    alice = await office.phone('HD0001', node)
    bob = await office.phone('HD0002', node)
    carol = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['NOTIFY', 'CANCEL', 'BYE'])
    desk3 = createRawPhone({ peer: carol, device: 'HD0003', password: passwordOf('HD0003'), domain })
    await desk3.register()
    outside = carrier.line('+33123456789', node.udp)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
  }, 60_000)

  afterAll(async () => {
    await carol.close()
    await office.close()
    await carrier.close()
  })

  async function give(
    extension: string,
    edit: Parameters<TestOffice['directory']['putUser']>[1],
    field: string,
    value: string | undefined,
  ) {
    await office.directory.putUser(extension, edit)
    await office.follows(`user:${extension}`, (user) => user?.get(field) === value)
  }

  async function refusal(phone: Phone, digits: string): Promise<string> {
    const dialled = await (await phone.dial(digits)).result
    return dialled.outcome === 'failed' ? `${dialled.answer.status} ${dialled.answer.reason}` : dialled.outcome
  }

  const events = () => office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '20')

  it('let a call to the trunk through, or refuse it with 480 and a phrase, and an event says why', async () => {
    await hangUp(await converse(alice, number, outside))
    await give('100', { rights: 'inside' }, 'rights', 'inside')
    expect(await refusal(alice, number)).toBe('480 Call Barred')
    expect(await metricOf(node, 'hotdesk_calls_barred_total{use="call"}')).toBe(1)
    const found = await until('the event is written', events, (text) => text.includes('call.barred'))
    for (const words of ['HD0001', '+33123456789', 'rights inside of paris: ', ' are barred']) expect(found).toContain(words)
  })

  it('never stop an emergency call', async () => {
    await give('100', { rights: 'inside' }, 'rights', 'inside')
    const centre = carrier.line('112', node.udp)
    await hangUp(await converse(alice, '112', centre))
  })

  it('of the user who forwards decide about a forward outside, whoever calls', async () => {
    await give('102', { forwards: { always: number } }, 'forwardAlways', number)
    expect(await refusal(bob, '102')).toBe('480 Call Barred')
    await give('102', { rights: 'all' }, 'rights', 'all')
    await hangUp(await converse(bob, '102', outside))
    await give('102', { rights: null, forwards: { always: null } }, 'forwardAlways', undefined)
  })

  it('of the user decide about a forward that the phone has set (302)', async () => {
    const redirected = async (): Promise<string> => {
      const answer = refusal(bob, '102')
      carol.respond(await carol.hearsRequest('INVITE'), 302, [['Contact', `<sip:${number}@${domain}>`]])
      return answer
    }
    expect(await redirected()).toBe('480 Call Barred')
    await give('102', { rights: 'all' }, 'rights', 'all')
    const call = outside.nextCall()
    const answer = redirected()
    ;(await call).reject(486)
    expect(await answer).toMatch(/^486/)
  })

  it('limit the calls at once, and never an emergency call', async () => {
    await give('100', { rights: 'one' }, 'rights', 'one')
    const call = await converse(alice, number, outside)
    expect(await refusal(alice, number)).toBe('480 Call Limit Reached')
    expect(await metricOf(node, 'hotdesk_calls_limited_total{limit="callsAtOnce"}')).toBe(1)
    const found = await until('the event is written', events, (text) => text.includes('call.limited'))
    expect(found).toContain('user 100: 1 of 1 calls at once')
    await hangUp(await converse(alice, '112', carrier.line('112', node.udp)))
    await hangUp(call)
    await hangUp(await converse(alice, number, outside))
  })

  it('that the site does not define are reported once, and the default rights count', async () => {
    await give('101', { rights: 'boss' }, 'rights', 'boss')
    await hangUp(await converse(bob, number, outside))
    await hangUp(await converse(bob, number, outside))
    const found = await until('the event is written', events, (text) => text.includes('rights.unknown'))
    expect(found).toContain('default rights of paris, because paris has no rights boss')
    expect(found.match(/rights\.unknown/g)?.length).toBe(1)
  })

  it('that do not allow transfers outside keep two outside parties apart, whichever of the two calls the phone names', async () => {
    const incoming = await converse(outside, '+33199000101', bob)
    const outgoing = await converse(bob, number, outside)
    // The rights that count are those of now, not of the beginning of the call.
    await give('101', { rights: 'stay' }, 'rights', 'stay')
    const to = `sip:${number}@${domain}`
    expect((await refer(incoming.callee, replacing(outgoing.caller, to))).response.status).toBe(480)
    expect((await refer(outgoing.caller, replacing(incoming.callee, to))).response.status).toBe(480)
    await hangUp(incoming)
    await hangUp(outgoing)
  })

  it('count a call outside that its user has moved to another phone (RFC 3891)', async () => {
    await give('100', { rights: 'one', secondLogin: 'allow' }, 'secondLogin', 'allow')
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0003')).toMatch(/^(LOGGED_IN|DISPLACED)/)
    await office.settled('100', 'HD0003')
    const { caller } = await converse(alice, number, outside)
    const { callId, localTag, remoteTag } = caller.dialog
    const headers = [['Replaces', `${callId};to-tag=${remoteTag};from-tag=${localTag}`]] as const
    expect((await desk3.dial('100', { headers }).final).answer.status).toBe(200)
    await caller.ended
    expect(await refusal(alice, number)).toBe('480 Call Limit Reached')
  })
})
