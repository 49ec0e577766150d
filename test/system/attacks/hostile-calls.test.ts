import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { dialRefused } from '../../support/node/login.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { createRawPhone, type RawCall, type RawPhone } from '../../support/sip/raw-phone.js'
import { type HeaderList, inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** Phones that have proved themselves and behave absurdly all the same; whatever becomes of their call, another one does not notice. */
describe('a fault inside one call', () => {
  let office: TestOffice
  let node: TestNode
  let peer: SipPeer
  let odd: RawPhone
  let desk1: Phone
  let desk2: Phone
  let call: Conversation

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['BYE', 'NOTIFY', 'CANCEL'])
    odd = createRawPhone({ peer, device: 'HD0003', password: passwordOf('HD0003'), domain })
    await odd.register()
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
    call = await converse(desk1, '101', desk2)
  }, 60_000)

  afterAll(async () => {
    await hangUp(call)
    await peer.close()
    await office.close()
  })

  afterEach(async () => {
    await expectUndisturbed(call)
    expect((await fetch(`${node.http}/healthz`)).status).toBe(200)
    expect(node.output()).not.toMatch(/"event":"(call|node)\.fault"/)
    // Nothing is left of the odd call.
    await until(
      'one call is up',
      () => metricOf(node, 'hotdesk_calls_active'),
      (count) => count === 1,
    )
  })

  /** Dials, and ends the call where it was answered; answers the final status. */
  async function outcomeOf({ final }: RawCall): Promise<number> {
    const { invite, answer } = await final
    if (answer.status < 300) peer.send(peer.request(inDialog(invite, answer, { method: 'BYE', cseq: invite.cseq.number + 1 })))
    return answer.status
  }

  describe('by the description of the caller’s sound, in a login,', () => {
    it.each([
      ['that is not one', 'absurd', [400, 488]],
      ['that is only zeros', '\0'.repeat(500), [400, 488]],
      ['of 5,000 lines', `v=0\r\n${'a=x\r\n'.repeat(5_000)}`, [400, 488]],
      ['with a port that cannot be', offer.replace('40000', '99999'), [400, 488]],
      ['with port 0', offer.replace('40000', '0'), [488]],
      ['without sound', offer.replace('m=audio', 'm=video'), [488]],
      ['with codecs that nobody has', offer.replace('RTP/AVP 0', 'RTP/AVP 111 112'), [488]],
      ['of another protocol', offer.replace('RTP/AVP', 'UDP/TLS/RTP/SAVPF'), [488]],
      // Behind NAT the address is a guess in any case: sound goes to where it comes from.
      ['with an address that cannot be', offer.replaceAll('127.0.0.1', '999.999.999.999'), [200]],
      ['with a name for an address', offer.replaceAll('127.0.0.1', 'does-not-exist.invalid'), [200]],
    ])('%s', async (_, body, statuses) => {
      expect(statuses).toContain(await outcomeOf(odd.dial('*77*102*', { body })))
    })
  })

  describe('by what the caller asks for:', () => {
    it.each<readonly [string, HeaderList, number]>([
      ['no hops left', [['Max-Forwards', '0']], 483],
      ['an extension that nobody has', [['Require', 'flying']], 420],
      ['a Contact that leads nowhere', [['Contact', '<sip:a@does-not-exist.invalid>']], 486],
      ['a Contact that is a telephone number', [['Contact', '<tel:+33199000000>']], 486],
      ['a way through ourselves, again and again', [['Route', Array(20).fill('<sip:127.0.0.1;lr>').join(', ')]], 486],
      ['a subject of 8 KB', [['Subject', 'a'.repeat(8_000)]], 486],
      ['a session that expires when nobody can tell', [['Session-Expires', 'soon;refresher=nobody']], 486],
      ['a body of a kind that nobody knows', [['Content-Type', 'application/absurd']], 486],
    ])('%s', async (_, headers, status) => {
      const dialling = odd.dial('100', { headers })
      if (status === 486) (await desk1.nextCall()).reject(486)
      expect(await outcomeOf(dialling)).toBe(status)
    })

    it.each(['*', '**', '*77*abc*', '100%00', '1'.repeat(500), '../../etc/passwd'])('the number %j, which nobody has', async (number) => {
      expect([400, 404]).toContain(await outcomeOf(odd.dial(number)))
    })

    it('a call whose Contact leads nowhere: the other side hangs up, and nothing hangs', async () => {
      const dialling = odd.dial('100', { contact: '<sip:a@does-not-exist.invalid>' })
      const callee = await (await desk1.nextCall()).answer()
      expect((await dialling.final).answer.status).toBe(200)
      await callee.hangUp()
    })
  })

  describe('by what the phone answers that is called', () => {
    let invite: SipRequest
    let dialling: Awaited<ReturnType<Phone['dial']>>

    beforeEach(async () => {
      dialling = await desk1.dial('102')
      invite = await peer.hearsRequest('INVITE')
    })

    it.each([
      [302, 480],
      [399, 480],
      [401, 480],
      [403, 480],
      [407, 480],
      [422, 480],
      [481, 480],
      [491, 480],
      [499, 400],
      [599, 500],
      [603, 603],
      [699, 600],
    ])('%i becomes %i for the caller', async (status, told) => {
      const headers: HeaderList = [
        ['Contact', `<${peer.uri}>`],
        ['WWW-Authenticate', 'Digest realm='],
        ['Proxy-Authenticate', 'Negotiate'],
        ['Retry-After', 'never'],
      ]
      peer.respond(invite, status, headers)
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(told)
    })

    it.each([
      ['183 with a description that is not one', 183, 'absurd'],
      ['199, early', 199, ''],
      ['180 with sound', 180, offer],
    ])('%s, and then it is busy', async (_, status, body) => {
      peer.respond(invite, status, [], body)
      peer.respond(invite, 486)
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
    })

    it.each([
      ['without a description', '', []],
      ['with a description that is not one', 'absurd', []],
      ['with a Contact that leads nowhere', offer, [['Contact', '<sip:a@does-not-exist.invalid>']]],
      ['with a Record-Route that leads nowhere', offer, [['Record-Route', '<sip:does-not-exist.invalid;lr>']]],
    ] as const)('200 %s: the caller is not left hanging', async (_, body, headers) => {
      peer.respond(invite, 200, headers, body)
      const dialled = await dialling.result
      if (dialled.outcome === 'answered') await dialled.call.hangUp()
      else expect(dialled.answer.status).toBeGreaterThanOrEqual(400)
    })

    it('200 twice, from two phones at once: the caller has one of them', async () => {
      peer.respond(invite, 200, [], offer)
      const second = invite.clone()
      second.set('To', `${invite.first('To')};tag=another`)
      peer.respond(second, 200, [], offer)
      const dialled = await dialling.result
      if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
      // RFC 3261 §13.2.2.4: the other one is acknowledged and ended.
      await peer.hears(
        'a BYE to the other one',
        (message) => message.kind === 'request' && message.method === 'BYE' && message.to.tag === 'another',
      )
      await dialled.call.hangUp()
    })

    it('200 and BYE in the same moment', async () => {
      const answer = peer.respond(invite, 200, [], offer)
      const dialled = await dialling.result
      const bye = peer.request({
        method: 'BYE',
        uri: invite.contacts[0]?.uri ?? '',
        to: invite.from.uri,
        toTag: invite.from.tag,
        fromTag: answer.to.tag,
        callId: invite.callId,
        cseq: 1,
      })
      bye.set('From', `<${invite.to.uri}>;tag=${answer.to.tag}`)
      peer.send(bye)
      if (dialled.outcome === 'answered') await dialled.call.ended
    })
  })
})

/** Neither node learns from Diversion where the call has been, so only Max-Forwards ends the loop. */
function planTo({ udp }: TestNode): string {
  const plan = JSON.parse(planOver(udp)) as { trunks: Record<string, object> }
  return JSON.stringify({ ...plan, trunks: { 'line-1': { ...plan.trunks['line-1'], diversion: 'none' } } })
}

/** Two nodes whose trunks lead to each other, and two users who forward every call to each other over a trunk. */
describe('a loop through the network', () => {
  let office: TestOffice
  let nodes: readonly TestNode[]
  let desk: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    const first = await office.node('paris-1')
    const second = await office.node('paris-2', 'paris', { dialplan: planTo(first) })
    expect(await first.stop()).toBe(0)
    nodes = [await office.node('paris-1', 'paris', { dialplan: planTo(second), env: sameAddresses(first) }), second]
    desk = await office.phone('HD0001', second)
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')).toBe('LOGGED_IN')
    await office.settled('100', 'HD0001')
    // Each node recognizes a forward to the direct number of the same user.
    await office.directory.putUser('101', { forwards: { always: '00199000102' } })
    await office.directory.putUser('102', { forwards: { always: '00199000101' } })
    await office.follows('user:102', (user) => user?.get('forwardAlways') === '00199000101')
  }, 60_000)

  afterAll(() => office.close())

  it('ends within seconds, at whoever has no hops left, and leaves nothing behind', async () => {
    const began = performance.now()
    expect([482, 483]).toContain(await dialRefused(desk, '101'))
    expect(performance.now() - began).toBeLessThan(20_000)
    for (const node of nodes) {
      expect(node.output().match(/"event":"call\.arrived"/g)?.length).toBeGreaterThan(5)
      await until(
        'no call is up',
        () => metricOf(node, 'hotdesk_calls_active'),
        (count) => count === 0,
      )
      expect(node.output()).not.toMatch(/"event":"(call|node)\.fault"/)
    }
  })
})
