import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newBranch } from '../../../src/sip/ids.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, pinOf, type TestOffice } from '../../support/node/office.js'
import { type Kamailio, startKamailio } from '../../support/programs/kamailio.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/**
 * Phones behind Kamailio, which registers them with Path and records its route. Their Contacts are addresses that nobody has: only Kamailio
 * reaches them, and it takes from the node what carries its Route and nothing else.
 */
interface Desk {
  readonly peer: SipPeer
  readonly phone: RawPhone
  readonly contact: string
}

let office: TestOffice
let node: TestNode
let kamailio: Kamailio
let one: Desk
let two: Desk

beforeAll(async () => {
  office = await openTestOffice()
  node = await office.node('paris-1')
  kamailio = await startKamailio('sbc', node.udp)
  one = await openDesk('HD0001')
  two = await openDesk('HD0002')
}, 60_000)
afterAll(async () => {
  for (const { peer } of [one, two]) await peer.close()
  await kamailio.close()
  await office.close()
})

async function openDesk(device: string): Promise<Desk> {
  const peer = await openUdpPeer(kamailio, ['NOTIFY'])
  const desk = {
    peer,
    phone: createRawPhone({ peer, device, password: passwordOf(device), domain }),
    contact: `<sip:${device}@127.77.7.7:5060>`,
  }
  await desk.phone.register(desk.contact, { headers: [['Supported', 'path']] })
  return desk
}

/** The phone hears of the call on the way of its Path and answers it. */
async function answersCall({ peer, contact }: Desk): Promise<{ readonly invite: SipRequest; readonly answer: SipResponse }> {
  const invite = await peer.hearsRequest('INVITE')
  expect(invite.vias.map(({ port }) => port)).toEqual([kamailio.port, Number(node.udp.split(':')[1])])
  const routes = invite.all('Record-Route').map((route) => ['Record-Route', route] as const)
  const answer = peer.respond(invite, 200, [['Contact', contact], ...routes], offer)
  await peer.hearsRequest('ACK')
  return { invite, answer }
}

/** Dials; the ACK goes by the route that Kamailio has recorded. */
async function dials({ phone, contact }: Desk, number: string) {
  const { invite, answer } = await phone.dial(number, { contact }).final
  if (answer.status !== 200) throw new Error(`${number}: ${answer.status} ${answer.reason}`)
  return { invite, answer }
}

async function logIn(desk: Desk, extension: string): Promise<void> {
  const { invite, answer } = await dials(desk, `*77*${extension}*`)
  let cseq = invite.cseq.number
  for (const key of `${pinOf(extension)}#`) {
    cseq += 1
    const headers = [['Content-Type', 'application/dtmf-relay']] as const
    const info = desk.peer.request({ ...inDialog(invite, answer, { method: 'INFO', cseq, headers }), branch: newBranch() })
    info.body = Buffer.from(`Signal=${key}\r\nDuration=160\r\n`)
    desk.peer.send(info)
    await desk.peer.hearsResponse(200, 'INFO')
  }
  desk.peer.respond(await desk.peer.hearsRequest('BYE'), 200)
}

describe('a phone behind Kamailio with Path (RFC 3327)', () => {
  it('is stored with its Path, which the 200 to its REGISTER contains', async () => {
    const { peer, phone, contact } = one
    const answer = await phone.register(contact, { headers: [['Supported', 'path']] })
    const path = `<sip:phones@${kamailio.address};lr;received=sip:127.0.0.1:${peer.port}>`
    expect(answer.first('Path')?.replaceAll('%3A', ':').replaceAll('%3a', ':')).toBe(path)
    await office.follows('reg:HD0001', (record) => record?.get('path') === answer.first('Path'))
    expect(await office.redis.cli('HGET', '{hd}:reg:HD0001', 'between')).toBe('proxy')
  })

  it('logs in by PIN, and is refreshed by a NOTIFY that comes on the way of its Path', async () => {
    await logIn(one, '100')
    await office.settled('100', 'HD0001')
    const notify = await one.peer.hearsRequest('NOTIFY')
    expect(notify.vias).toHaveLength(2)
    await logIn(two, '101')
    await office.settled('101', 'HD0002')
  })

  it('is called, is put on hold, and hears the BYE of the other side, all through Kamailio', async () => {
    const [made, taken] = await Promise.all([dials(one, '101'), answersCall(two)])
    one.peer.send(one.peer.request(inDialog(made.invite, made.answer, { method: 'INVITE', cseq: 11, contact: one.contact, body: offer })))
    const held = await two.peer.hearsRequest('INVITE')
    two.peer.respond(held, 200, [['Contact', two.contact]], offer)
    const again = await one.peer.hearsResponse(200, 'INVITE')
    one.peer.send(one.peer.request(inDialog(made.invite, again, { method: 'ACK', cseq: 11 })))
    await two.peer.hearsRequest('ACK')
    one.peer.send(one.peer.request(inDialog(made.invite, made.answer, { method: 'BYE', cseq: 12 })))
    const bye = await two.peer.hearsRequest('BYE')
    expect(bye.vias.map(({ port }) => port)[0]).toBe(kamailio.port)
    two.peer.respond(bye, 200)
    await one.peer.hearsResponse(200, 'BYE')
    expect(taken.invite.callId).not.toBe(made.invite.callId)
  })

  it('hears the BYE of a call that it made', async () => {
    const [, { invite, answer }] = await Promise.all([dials(one, '101'), answersCall(two)])
    const bye = { method: 'BYE', callId: invite.callId, fromTag: answer.to.tag, toTag: invite.from.tag, to: invite.from.uri }
    two.peer.send(two.peer.request(bye))
    const heard = await one.peer.hearsRequest('BYE')
    expect(heard.vias).toHaveLength(2)
    one.peer.respond(heard, 200)
    await two.peer.hearsResponse(200, 'BYE')
  })

  it('hears the CANCEL of a call that rings', async () => {
    const call = one.phone.dial('101', { contact: one.contact })
    const invite = await two.peer.hearsRequest('INVITE')
    two.peer.respond(invite, 180)
    await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0002', 'now')
    two.peer.respond(await two.peer.hearsRequest('CANCEL'), 200)
    two.peer.respond(invite, 487)
    expect((await call.final).answer.status).toBe(480)
    await office.seat({ 101: 'HD0002' })
  })

  it('is still reached after a restart of the node', async () => {
    await until(
      'no call is up',
      () => metricOf(node, 'hotdesk_calls_active'),
      (calls) => calls === 0,
    )
    const env = { HOTDESK_SIP_LISTEN: `udp://${node.udp},tcp://${node.tcp}` }
    await node.stop()
    node = await office.node('paris-1', 'paris', { env })
    const [, { invite, answer }] = await Promise.all([dials(one, '101'), answersCall(two)])
    const bye = { method: 'BYE', callId: invite.callId, fromTag: answer.to.tag, toTag: invite.from.tag, to: invite.from.uri }
    two.peer.send(two.peer.request(bye))
    one.peer.respond(await one.peer.hearsRequest('BYE'), 200)
  })

  it('is reached directly as soon as it registers directly', async () => {
    const direct = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['NOTIFY'])
    const phone = createRawPhone({ peer: direct, device: 'HD0002', password: passwordOf('HD0002'), domain })
    await phone.register(two.contact)
    const call = one.phone.dial('101', { contact: one.contact })
    const invite = await direct.hearsRequest('INVITE')
    expect([invite.vias.length, invite.has('Route')]).toEqual([1, false])
    direct.respond(invite, 486)
    expect((await call.final).answer.status).toBe(486)
    await direct.close()
  })
})
