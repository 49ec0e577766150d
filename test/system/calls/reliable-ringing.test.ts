import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SipResponse } from '../../../src/sip/message/message.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { inDialog, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

let office: TestOffice
let node: TestNode
let desk: Phone
let peer: SipPeer

beforeAll(async () => {
  office = await openTestOffice()
  node = await office.node('paris-1')
  desk = await office.phone('HD0001', node)
  peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
  await office.seat({ '100': 'HD0001', '102': 'HD0003' })
}, 60_000)
afterAll(async () => {
  await peer.close()
  await office.close()
})

it('RFC 3262 §3: a caller that requires it gets a reliable 180, retransmitted until its PRACK', async () => {
  const caller = createRawPhone({ peer, device: 'HD0003', password: passwordOf('HD0003'), domain })
  const asked = caller.invite('100')
  peer.send(asked)
  const challenge = await peer.hearsResponse(407)
  caller.acknowledge(asked, challenge)
  const invite = caller.authorized(asked, challenge)
  invite.set('Require', '100rel, timer')
  peer.send(invite)
  const call = await desk.nextCall()
  const [ringing, again]: readonly SipResponse[] = [await peer.hearsResponse(180), await peer.hearsResponse(180)]
  const rseq = ringing?.first('RSeq') ?? ''
  expect([ringing?.first('Require'), again?.first('RSeq')]).toEqual(['100rel', rseq])
  if (!again) return
  const headers = [['RAck', `${rseq} ${invite.cseq.number} INVITE`]] as const
  peer.send(peer.request(inDialog(invite, again, { method: 'PRACK', cseq: invite.cseq.number + 1, headers })))
  await peer.hearsResponse(200, 'PRACK')
  call.reject(486)
  caller.acknowledge(invite, await peer.hearsResponse(486))
})
