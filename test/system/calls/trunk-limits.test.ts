import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PhoneCall } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, siteElin } from '../../support/sip/carrier.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

// The first trunk takes one call at once. The second takes the others.
const towards = { port: 9 }
let office: TestOffice
let narrow: SipPeer
let wide: Carrier
let node: TestNode

beforeAll(async () => {
  office = await openTestOffice()
  narrow = await openUdpPeer(towards)
  wide = await openCarrier()
  const trunk = (address: string) => ({ uri: `sip:${address};transport=udp`, from: ['127.0.0.1'] })
  const dialplan = JSON.stringify({
    site: 'paris',
    elin: siteElin,
    extensions: ['10X'],
    outside: '0',
    trunks: { narrow: { ...trunk(narrow.address), maxCalls: '1' }, wide: trunk(wide.address) },
    routes: [{ match: '0Z.', strip: 1, prepend: '+33', trunks: ['narrow', 'wide'] }],
    dids: { '+3319900010X': '10X' },
  })
  node = await office.node('paris-1', 'paris', { dialplan })
  towards.port = Number(node.udp.split(':')[1])
}, 60_000)

afterAll(async () => {
  await office.close()
  await narrow.close()
  await wide.close()
})

async function answersOverNarrow(dialling: Promise<PhoneCall>): Promise<PhoneCall> {
  narrow.respond(await narrow.hearsRequest('INVITE'), 200, [], offer)
  await narrow.hearsRequest('ACK')
  return dialling
}

async function endsOverNarrow(call: PhoneCall): Promise<void> {
  const over = call.hangUp()
  narrow.respond(await narrow.hearsRequest('BYE'), 200)
  await over
}

it('a trunk at its limit is passed over, refuses calls of its own with Retry-After, and takes emergency calls', async () => {
  const phones = [await office.phone('HD0001', node), await office.phone('HD0002', node)] as const
  await logIn(phones[0], '100')
  await logIn(phones[1], '101')

  const first = await answersOverNarrow(dialAnswered(phones[0], '00123456789'))
  expect(await metricOf(node, 'hotdesk_trunk_calls{trunk="narrow"}')).toBe(1)
  await hangUp(await converse(phones[1], '00123456789', wide.line('+33123456789')))
  expect(await node.logged('trunk.full')).toMatchObject({ trunk: 'narrow', limit: 'maxCalls' })
  expect(await metricOf(node, 'hotdesk_trunk_up{trunk="narrow"}')).toBe(1)

  narrow.send(narrow.request({ method: 'INVITE', to: 'sip:+33199000101@hotdesk.test', body: offer }))
  const refused = await narrow.hearsResponse(503, 'INVITE')
  expect(refused.first('Retry-After')).toBe('10')
  expect(await metricOf(node, 'hotdesk_trunk_refused_total{trunk="narrow",limit="maxCalls"}')).toBe(2)

  const emergency = await answersOverNarrow(dialAnswered(phones[1], '112'))
  expect(await metricOf(node, 'hotdesk_trunk_calls{trunk="narrow"}')).toBe(2)
  await endsOverNarrow(emergency)
  await endsOverNarrow(first)

  const ringing = phones[1].nextCall()
  narrow.send(narrow.request({ method: 'INVITE', to: 'sip:+33199000101@hotdesk.test', body: offer }))
  ;(await ringing).reject(486)
  await narrow.hearsResponse(486, 'INVITE')
  expect(await metricOf(node, 'hotdesk_trunk_calls{trunk="narrow"}')).toBe(0)
}, 60_000)
