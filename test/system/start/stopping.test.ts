import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, hears } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { until, untilReadiness } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** The number of HD0001 that the centre is shown. */
const elinOfDesk1 = '+33199000001'

let office: TestOffice
let carrier: Carrier
let node: TestNode
let centre: Phone
let desks: readonly Phone[]

beforeAll(async () => {
  office = await openTestOffice()
  carrier = await openCarrier()
  node = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address) })
  centre = carrier.line('112', node.udp)
  desks = await Promise.all(['HD0001', 'HD0002', 'HD0003', 'HD0004'].map((device) => office.phone(device, node)))
  await office.seat({ 100: 'HD0001', 101: 'HD0002' })
}, 60_000)

afterAll(async () => {
  await office.close()
  await carrier.close()
})

it('a node that is stopped carries emergency calls and calls back from the centre, those that begin meanwhile included, until the last one has ended', async () => {
  const [desk1, desk2, desk3, desk4] = desks
  if (!desk1 || !desk2 || !desk3 || !desk4) throw new Error('four desks are needed')
  const ordinary = await converse(desk1, '101', desk2)
  const first: Conversation = await converse(desk3, '112', centre)
  node.signal('SIGTERM')
  await node.logged('node.stopping', ({ emergencies }) => emergencies === 1)
  await ordinary.caller.ended
  expect((await untilReadiness(node, 503)).reasons).toContain('the node is stopping')

  // From an idle phone, and from one whose user has just lost a call.
  const second = await converse(desk4, '112', centre)
  const third = await converse(desk1, '0112', centre)
  await expectSound(third)
  expect(await dialRefused(desk2, '100')).toBe(503)

  // More than a second after the first, a signal would end a node without emergency calls at once.
  await until('the second signal is answered', insist, (isAnswered) => isAnswered)
  await expectUndisturbed(first)
  for (const call of [second, third]) await hangUp(call)
  const back = await converse(centre, elinOfDesk1, desk1)
  await hangUp(first)
  // A PSAP callback is emergency help as well, so the node waits for it.
  await expectUndisturbed(back)
  await hangUp(back)
  expect(await node.exited).toBe(0)
})

function insist(): boolean {
  node.signal('SIGTERM')
  return node.output().includes('an emergency call is in progress; the node stops when it ends')
}

it('an emergency call in the moment of the signal is carried, and the node ends after it', async () => {
  const late = await office.node('paris-2', 'paris', { dialplan: planOver(carrier.address) })
  const desk = await office.phone('HD0004', late)
  late.signal('SIGTERM')
  await late.logged('node.stopping')
  const call = await converse(desk, '112', centre)
  await hangUp(call)
  expect(await late.exited).toBe(0)
})

it('a call that its caller has not acknowledged yet is ended on both sides when the node stops', async () => {
  const late = await office.node('paris-3', 'paris', { dialplan: planOver(carrier.address) })
  const place = { port: Number(late.udp.split(':')[1]) }
  const [calling, called] = [await openUdpPeer(place, ['BYE']), await openUdpPeer(place, ['BYE'])]
  const caller = createRawPhone({ peer: calling, device: 'HD0001', password: passwordOf('HD0001'), domain })
  await createRawPhone({ peer: called, device: 'HD0002', password: passwordOf('HD0002'), domain }).register()
  // An INVITE without an offer: the callee hears its ACK when the caller's has come.
  const first = caller.invite('101', { body: '' })
  calling.send(first)
  const challenge = await calling.hearsResponse(407)
  caller.acknowledge(first, challenge)
  const invite = caller.authorized(first, challenge)
  calling.send(invite)
  called.respond(await called.hearsRequest('INVITE'), 200, [], offer)
  const ok = await calling.hearsResponse(200)
  late.signal('SIGTERM')
  await called.hearsRequest('ACK')
  await called.hearsRequest('BYE')
  caller.acknowledge(invite, ok)
  expect((await calling.hearsRequest('BYE')).first('Reason')).toBe('SIP;cause=480;text="Node stopping"')
  expect(await late.exited).toBe(0)
  await Promise.all([calling.close(), called.close()])
})

it('a call that types a PIN or hears an announcement ends when the node stops', async () => {
  const late = await office.node('paris-4', 'paris', { dialplan: planOver(carrier.address) })
  const [typing, listening] = [await office.phone('HD0003', late), await office.phone('HD0004', late)]
  const dialogue = await dialAnswered(typing, '*77*100*')
  await hears(dialogue)
  const announcement = await listening.dial('100')
  late.signal('SIGTERM')
  await dialogue.ended
  expect(await announcement.result).toMatchObject({ outcome: 'failed' })
  expect(await late.exited).toBe(0)
})

it('the caller of a phone that still rings hears 503, and may try another node', async () => {
  const late = await office.node('paris-5', 'paris', { dialplan: planOver(carrier.address) })
  const [caller, callee] = [await office.phone('HD0001', late), await office.phone('HD0002', late)]
  const dialling = await caller.dial('101')
  const ringing = await callee.nextCall()
  late.signal('SIGTERM')
  expect(await dialling.result).toMatchObject({ outcome: 'failed', answer: { status: 503, reason: 'Node Stopping' } })
  await ringing.cancelled
  expect(await late.exited).toBe(0)
})

it('a PSAP callback that is answered when the node stops continues, and the node exits after it', async () => {
  const late = await office.node('paris-6', 'paris', { dialplan: planOver(carrier.address) })
  const callingBack = carrier.line('112', late.udp)
  const desk = await office.phone('HD0004', late)
  await hangUp(await converse(desk, '112', callingBack))
  const back = await converse(callingBack, '+33199000004', desk)
  late.signal('SIGTERM')
  await late.logged('node.stopping', ({ emergencies }) => emergencies === 1)
  await expectUndisturbed(back)
  await hangUp(back)
  expect(await late.exited).toBe(0)
})

it('the SIP sockets are the first that close: no call comes to a node of which half is gone, though Redis does not answer', async () => {
  const late = await office.node('paris-7', 'paris', { dialplan: planOver(carrier.address) })
  const [http, sip] = [Number(new URL(late.http).port), Number(late.tcp.split(':')[1])]
  office.redis.signal('SIGSTOP')
  late.signal('SIGTERM')
  await until(
    'the HTTP port is closed',
    () => isOpen(http),
    (open) => !open,
  )
  expect(await isOpen(sip)).toBe(false)
  office.redis.signal('SIGCONT')
  expect(await late.exited).toBe(0)
})

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

it('a BYE or CANCEL that is lost as the node stops is sent again', async () => {
  const late = await office.node('paris-6', 'paris', { dialplan: planOver(carrier.address) })
  const place = { port: Number(late.udp.split(':')[1]) }
  const [calling, called] = await Promise.all([openUdpPeer(place), openUdpPeer(place)])
  const phone = (peer: SipPeer, device: string) => createRawPhone({ peer, device, password: passwordOf(device), domain })
  const caller = phone(calling, 'HD0001')
  await phone(called, 'HD0002').register()

  const standing = caller.dial('101').final
  called.respond(await called.hearsRequest('INVITE'), 200, [], offer)
  await standing
  const waiting = caller.dial('101').final
  const second = await called.hearsRequest('INVITE')
  called.respond(second, 180)
  late.signal('SIGTERM')
  for (const peer of [calling, called]) {
    await peer.hearsRequest('BYE')
    peer.respond(await peer.hearsRequest('BYE'), 200)
  }
  await called.hearsRequest('CANCEL')
  called.respond(await called.hearsRequest('CANCEL'), 200)
  called.respond(second, 487)
  expect((await waiting).answer.status).toBe(503)
  expect(await late.exited).toBe(0)
  await Promise.all([calling.close(), called.close()])
})
