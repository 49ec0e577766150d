import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, dialRefused } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

// An emergency call over two trunks that answer what the test wants.

const towards = { port: 9 }
let office: TestOffice
let first: SipPeer
let second: SipPeer
let node: TestNode
let desk: Phone

beforeAll(async () => {
  office = await openTestOffice()
  first = await openUdpPeer(towards)
  second = await openUdpPeer(towards)
  node = await office.node('paris-1', 'paris', { dialplan: planOver(first.address, second.address) })
  towards.port = Number(node.udp.split(':')[1])
  desk = await office.phone('HD0003', node)
}, 60_000)

afterAll(async () => {
  await office.close()
  await first.close()
  await second.close()
})

const failures = (): Promise<number> => metricOf(node, 'hotdesk_emergency_failures_total')

it.each([403, 404, 480, 486, 487, 600, 603, 606])('goes out by the second trunk when the first one answers %i', async (status) => {
  const failed = await failures()
  const dialling = dialAnswered(desk, '112')
  first.respond(await first.hearsRequest('INVITE'), status)
  second.respond(await second.hearsRequest('INVITE'), 200, [], offer)
  const call = await dialling
  await second.hearsRequest('ACK')
  const over = call.hangUp()
  second.respond(await second.hearsRequest('BYE'), 200)
  await over
  expect(await failures()).toBe(failed)
})

it.each([
  [603, 486, 486],
  [486, 603, 603],
  [486, 503, 486],
])('when the trunks answer %i and %i, its caller hears the last refusal: %i', async (one, other, heard) => {
  const failed = await failures()
  const dialling = dialRefused(desk, '112')
  first.respond(await first.hearsRequest('INVITE'), one)
  second.respond(await second.hearsRequest('INVITE'), other)
  expect(await dialling).toBe(heard)
  expect(await failures()).toBe(failed + 1)
})

it('has failed when the last trunk answers 487 though the caller has not hung up', async () => {
  const failed = await failures()
  const dialling = dialRefused(desk, '112')
  first.respond(await first.hearsRequest('INVITE'), 487)
  second.respond(await second.hearsRequest('INVITE'), 487)
  expect(await dialling).toBe(487)
  expect(await failures()).toBe(failed + 1)
  expect(await node.logged('call.emergency', ({ level, reason }) => level === 'error' && reason === 'upstream')).toMatchObject({
    number: '112',
  })
})

it('goes to no other trunk, and has not failed, when the caller hangs up', async () => {
  const failed = await failures()
  const dialling = await desk.dial('112')
  const invite = await first.hearsRequest('INVITE')
  first.respond(invite, 180)
  await dialling.ringing
  dialling.cancel()
  first.respond(await first.hearsRequest('CANCEL'), 200)
  first.respond(invite, 487)
  await dialling.result
  await node.logged('call.ended', ({ reason }) => reason === 'cancelled')
  expect(second.untaken.filter((name) => name === 'INVITE')).toEqual([])
  expect(await failures()).toBe(failed)
})
