import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

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
  expect(['Session-Expires', 'Min-SE'].map((name) => invite.first(name))).toEqual(['1800;refresher=uac', '90'])
  expect(invite.list('Supported')).toContain('timer')
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

it('a refusal that speaks of the callee ends an ordinary call: no other trunk is tried', async () => {
  const dialling = dialRefused(desk, number)
  first.respond(await first.hearsRequest('INVITE'), 603)
  expect(await dialling).toBe(603)
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

it('a trunk that answers OPTIONS and no INVITE holds up one emergency call and not the next one', async () => {
  const port = { port: 9 }
  const silent = await openUdpPeer(port, ['OPTIONS'])
  const next = await openUdpPeer(port)
  const dialplan = planOver({ address: silent.address, location: 'none', ping: 5 }, next.address)
  const other = await office.node('paris-2', 'paris', { dialplan })
  port.port = Number(other.udp.split(':')[1])
  const phone = await office.phone('HD0003', other)
  const invites = (): number => silent.untaken.filter((name) => name === 'INVITE').length

  async function callsForHelp(): Promise<void> {
    next.respond(await next.hearsRequest('INVITE'), 200, [], offer)
    await next.hearsRequest('ACK')
  }

  const held = dialAnswered(phone, '112')
  await until('the next trunk is asked', () => next.untaken.includes('INVITE'), Boolean, 10_000)
  // It has been answered while the call waited.
  expect(silent.untaken).toContain('OPTIONS')
  await callsForHelp()
  expect(await other.logged('trunk.down')).toMatchObject({ trunk: 'line-1', method: 'INVITE', status: 408, seconds: 30 })
  const calls = [await held]
  const before = invites()
  expect(before).toBeGreaterThan(0)

  const passing = dialAnswered(phone, '112')
  await callsForHelp()
  calls.push(await passing)
  expect(invites()).toBe(before)
  expect(await metricOf(other, 'hotdesk_trunk_up{trunk="line-1"}')).toBe(0)

  for (const call of calls) {
    const over = call.hangUp()
    next.respond(await next.hearsRequest('BYE'), 200)
    await over
  }
  await silent.close()
  await next.close()
}, 20_000)
