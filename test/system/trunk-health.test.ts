import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Phone } from '../../src/cli/demo/phone.js'
import { type Carrier, openCarrier, planOver } from '../support/carrier.js'
import { converse, hangUp } from '../support/conversation.js'
import { dialAnswered, logIn } from '../support/login.js'
import type { TestNode } from '../support/node.js'
import { metricOf } from '../support/node-health.js'
import { openTestOffice, type TestOffice } from '../support/office.js'
import { offer, openUdpPeer, type SipPeer } from '../support/sip-peer.js'

const number = '00123456789'

const towards = { port: 9 }
let office: TestOffice
/** The first trunk: it answers what the test wants. */
let first: SipPeer
let second: Carrier
let node: TestNode
let desk: Phone
let outside: Phone

beforeAll(async () => {
  office = await openTestOffice()
  first = await openUdpPeer(towards)
  second = await openCarrier()
  node = await office.node('paris-1', 'paris', { dialplan: planOver(first.address, second.address) })
  towards.port = Number(node.udp.split(':')[1])
  outside = second.line('+33123456789')
  desk = await office.phone('HD0001', node)
  await logIn(desk, '100')
}, 60_000)

afterAll(async () => {
  await office.close()
  await first.close()
  await second.close()
})

const isUp = (): Promise<number> => metricOf(node, 'hotdesk_trunk_up{trunk="line-1"}')

it('both legs of a call have a session timer of the node, and the phone’s refresh does not reach the trunk (RFC 4028)', async () => {
  const dialling = await desk.dial(number)
  const invite = await first.hearsRequest('INVITE')
  expect(['Session-Expires', 'Min-SE', 'Supported'].map((name) => invite.first(name))).toEqual(['1800;refresher=uac', '90', 'timer'])
  first.respond(invite, 200, [], offer)
  await first.hearsRequest('ACK')
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Error(String(dialled.answer.status))
  expect(dialled.answer.header('Session-Expires')).toBe('1800;refresher=uas')
  expect((await dialled.call.dialog.request('UPDATE')).status).toBe(200)
  const over = dialled.call.hangUp()
  first.respond(await first.hearsRequest('BYE'), 200)
  await over
  expect(first.untaken).not.toContain('UPDATE')
})

it('a trunk that refuses calls stays down when a call ends that it took before', async () => {
  const before = dialAnswered(desk, number)
  first.respond(await first.hearsRequest('INVITE'), 200, [], offer)
  const taken = await before
  await first.hearsRequest('ACK')

  const second = converse(desk, number, outside)
  first.respond(await first.hearsRequest('INVITE'), 503)
  await hangUp(await second)
  expect(await isUp()).toBe(0)

  const over = taken.hangUp()
  first.respond(await first.hearsRequest('BYE'), 200)
  await over
  expect(await isUp()).toBe(0)
  // No call waits for it: the next one goes to the second trunk at once.
  await hangUp(await converse(desk, number, outside))
  expect(first.untaken.filter((name) => name === 'INVITE')).toEqual([])
})
