import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialRefused, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Kamailio, startKamailio } from '../../support/programs/kamailio.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** Kamailio is the carrier: registrar and border proxy. The office is reachable by its registration alone. */
let office: TestOffice
let world: SipPeer
let carrier: Kamailio
let node: TestNode
let desk: Phone

const towards = { port: 9 }

beforeAll(async () => {
  world = await openUdpPeer(towards)
  carrier = await startKamailio('carrier', world.address)
  towards.port = carrier.port
  office = await openTestOffice()
  node = await office.node('paris-1', 'paris', { dialplan: plan(carrier) })
  await node.logged('trunk.registered')
  desk = await office.phone('HD0001', node)
  await logIn(desk, '100')
}, 60_000)

afterAll(async () => {
  await office.close()
  await carrier.close()
  await world.close()
})

function plan({ address }: Kamailio): string {
  const account = { username: 'paris', password: 'carrier-pw-77', callerId: '+33199000000' }
  return JSON.stringify({
    site: 'paris',
    elin: '+33199000000',
    extensions: ['10X'],
    outside: '0',
    // The address of nobody: calls of the trunk are recognised by the registration.
    trunks: { carrier: { uri: `sip:${address}`, from: ['192.0.2.99'], register: 'yes', ...account } },
    routes: [{ match: '0Z.', strip: 1, prepend: '+33', trunks: ['carrier'] }],
    dids: { '+3319900010X': '10X', '+33199000000': '100' },
  })
}

/** A call from somewhere in the world to the account of the office; the number is in To. */
function callsFrom(peer: SipPeer, uri: string, number: string): void {
  peer.send(peer.request({ method: 'INVITE', uri, to: `sip:${number}@carrier.example`, body: offer }))
}

describe('a trunk by registration', () => {
  it('is registered with a digest, and the metric shows it', async () => {
    expect(await metricOf(node, 'hotdesk_trunk_registered{trunk="carrier"}')).toBe(1)
  })

  it('RFC 3608: takes calls along its service route, and only with the credentials of the account', async () => {
    const dialling = dialRefused(desk, '00123456789')
    const invite = await world.hearsRequest('INVITE')
    expect([invite.uri, invite.vias.length, invite.has('Proxy-Authorization')]).toEqual([`sip:+33123456789@${carrier.address}`, 2, false])
    world.respond(invite, 486)
    expect(await dialling).toBe(486)
  })

  it('delivers a call to our Contact, which rings the user whose number is in To', async () => {
    const ringing = desk.nextCall()
    callsFrom(world, `sip:paris@${carrier.address}`, '+33199000100')
    const call = await ringing
    await world.hearsResponse(180, 'INVITE')
    call.reject(486)
    await world.hearsResponse(486, 'INVITE')
  })

  it('delivers a call to the account itself to the number of the trunk', async () => {
    const ringing = desk.nextCall()
    callsFrom(world, `sip:paris@${carrier.address}`, 'paris')
    ;(await ringing).reject(486)
    await world.hearsResponse(486, 'INVITE')
  })

  it('removes its registration when the node stops', async () => {
    expect(await node.stop()).toBe(0)
    callsFrom(world, `sip:paris@${carrier.address}`, '+33199000100')
    await world.hearsResponse(480, 'INVITE')
  })
})
