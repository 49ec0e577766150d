import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SipMessage, SipRequest } from '../../../src/sip/message/message.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { freePort } from '../../support/net/free-port.js'
import { dialAnswered } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { until } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { createWorkplace, type Workplace } from '../../support/node/program.js'
import { planOver } from '../../support/sip/carrier.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const secret = 'a secret between node and server'
const towards = { port: 9 }

/** `hotdesk sipd` stands for a drachtio-server: neither reports a 100 to its application. */
describe('a node whose SIP server reports no 100', () => {
  let place: Workplace
  let office: TestOffice
  let node: TestNode
  let first: SipPeer
  let second: SipPeer
  let desk: Phone

  beforeAll(async () => {
    place = await createWorkplace()
    office = await openTestOffice()
    const env = { HOTDESK_DRACHTIO_SECRET: secret }
    const admin = await freePort()
    const server = place.run(['sipd', '--admin', `127.0.0.1:${admin}`, '--listen', 'udp://127.0.0.1:0'], { env })
    await server.printed(/Press Ctrl-C to stop/)
    ;[first, second] = [await openUdpPeer(towards), await openUdpPeer(towards)]
    const dialplan = planOver(first.address, second.address)
    node = await office.node('paris-1', 'paris', { dialplan, env: { ...env, HOTDESK_DRACHTIO: `tcp://127.0.0.1:${admin}` } })
    towards.port = Number(node.udp.split(':')[1])
    desk = await office.phone('HD0001', node)
    await office.seat({ 100: 'HD0001' })
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await Promise.all([first.close(), second.close(), place.close()])
  })

  const seen = new Set<string>()

  /** The INVITE of a new call; what a trunk does not answer is sent to it again and again. */
  async function asked(trunk: SipPeer): Promise<SipRequest> {
    const isNew = ({ kind, callId, cseq }: SipMessage): boolean => kind === 'request' && cseq.method === 'INVITE' && !seen.has(callId)
    const invite = await trunk.hears('the INVITE of a new call', isNew)
    seen.add(invite.callId)
    if (invite.kind === 'response') throw new Error('a response is no request')
    return invite
  }

  /** The same, of the trunk that is asked after five seconds. */
  async function askedBeside(trunk: SipPeer): Promise<SipRequest> {
    const before = trunk.untaken.length
    await until('the second trunk is asked', () => trunk.untaken.slice(before).includes('INVITE'), Boolean, 8_000)
    return asked(trunk)
  }

  /** Hangs up, with the trunk as the far end. */
  async function hangUp(call: Awaited<ReturnType<typeof dialAnswered>>, trunk: SipPeer): Promise<void> {
    const over = call.hangUp()
    trunk.respond(await trunk.hearsRequest('BYE'), 200)
    await over
  }

  it('tries the next trunk after five silent seconds; a trunk that answers later gets ACK and BYE', async () => {
    const dialling = dialAnswered(desk, '112')
    const late = await asked(first)
    const invite = await askedBeside(second)
    second.respond(invite, 200, [], offer)
    const call = await dialling
    first.respond(late, 200, [], offer)
    await first.hearsRequest('ACK')
    first.respond(await first.hearsRequest('BYE'), 200)
    await hangUp(call, second)
    // It was down for as long as it said nothing.
    for (const event of ['trunk.down', 'trunk.up']) expect(await node.logged(event)).toMatchObject({ trunk: 'line-1' })
  })

  it('keeps trying the silent trunk, which may answer first', async () => {
    const dialling = dialAnswered(desk, '112')
    const slow = await asked(first)
    const invite = await askedBeside(second)
    first.respond(slow, 200, [], offer)
    const call = await dialling
    second.respond(invite, 180)
    second.respond(await second.hearsRequest('CANCEL'), 200)
    second.respond(invite, 487)
    await hangUp(call, first)
  })

  it('marks a silent trunk that was passed over as down, and tries the other one at once', async () => {
    const dialling = dialAnswered(desk, '00199000000')
    await asked(first)
    second.respond(await askedBeside(second), 200, [], offer)
    await hangUp(await dialling, second)
    expect(await node.logged('trunk.down')).toMatchObject({ trunk: 'line-1', method: 'INVITE', status: 408 })
    const again = dialAnswered(desk, '00199000000')
    second.respond(await asked(second), 200, [], offer)
    await hangUp(await again, second)
  })
})
