import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { Incoming, Phone } from '../../../src/softphones/softphone.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver, siteElin } from '../../support/sip/carrier.js'
import { readMultipart } from '../../support/sip/multipart.js'
import { createRawPhone, type InviteParts } from '../../support/sip/raw-phone.js'
import { type HeaderList, inDialog, offer, openTcpPhone, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const elin = '+33199000003'
const siteLocation = 'Paris, main entrance'
const unlimited = { HOTDESK_EMERGENCY_UNPROVEN_PER_SOURCE: '500', HOTDESK_EMERGENCY_UNPROVEN_TOTAL: '500' }
const garbage: HeaderList = [['Authorization', 'Digest username="HD0003", realm="x", nonce="y", uri="sip:z", response="0"']]

/** Somebody who can reach the node calls an emergency number in the name of HD0003. */
describe('an emergency call in the name of another phone', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let centre: Phone
  let stranger: SipPeer

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const plan = JSON.parse(planOver({ address: carrier.address, location: 'pidf-lo' })) as object
    const dialplan = JSON.stringify({ ...plan, location: siteLocation })
    node = await office.node('paris-1', 'paris', {
      dialplan,
      env: {
        HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tcp://127.0.0.1:0,ws://127.0.0.1:0',
        ...unlimited,
      },
    })
    centre = carrier.line('112', node.udp)
    await office.phone('HD0003', node)
    stranger = await openUdpPeer({ port: portOf(node.udp) })
  }, 60_000)

  beforeEach(async () => {
    await office.redis.cli('DEL', '{hd}:quiet:HD0003', `{hd}:callback:${elin}`, `{hd}:callback:${siteElin}`)
  })

  afterAll(async () => {
    await stranger.close()
    await office.close()
    await carrier.close()
  })

  function as(device: string, peer = stranger) {
    return createRawPhone({ peer, device, password: passwordOf(device), domain })
  }

  /** The call at the centre, refused there; the final response is the stranger's. */
  async function carried(phone: ReturnType<typeof as>, number: string, parts: InviteParts = {}): Promise<Incoming> {
    const { final } = phone.dial(number, parts)
    const call = await centre.nextCall()
    call.reject(486)
    expect((await final).answer.status).toBe(486)
    return call
  }

  function expectSite({ invite, callerNumber, callerName }: Incoming): void {
    expect([callerNumber, callerName]).toEqual([siteElin, ''])
    const text = ['From', 'P-Asserted-Identity', 'Contact'].map((name) => invite.header(name)).join() + invite.body
    expect(text).not.toMatch(/HD0003|3300003|\+33199000003|desk 3/)
    const [, place] = readMultipart(invite.header('Content-Type'), invite.body)
    expect(place?.content).toContain(siteLocation)
  }

  async function expectNoQuietTime(): Promise<void> {
    // Redis takes what a node tells in order: the event is behind anything that the call would have written.
    const events = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '2')
    expect(events).toContain('emergency.unproven')
    const keys = ['{hd}:quiet:HD0003', '{hd}:oncall:HD0003', `{hd}:callback:${elin}`, `{hd}:callback:${siteElin}`]
    expect(await office.redis.cli('EXISTS', ...keys)).toBe('0')
  }

  describe('is carried as the site’s, without quiet time and PSAP callback,', () => {
    it.each<readonly [string, string, InviteParts]>([
      ['with Authorization of any content', '112', { headers: garbage }],
      ['to urn:service:sos', '112', { uri: 'urn:service:sos', headers: garbage }],
      ['with a hop token that no node has signed', '112', { headers: [...garbage, ['X-Hotdesk-Passport', 'v=1;from=paris-2']] }],
      ['that asserts its identity', '112', { headers: [...garbage, ['P-Asserted-Identity', `<sip:${elin}@${domain}>`]] }],
      ['with a location of its own', '112', { headers: [...garbage, ['Geolocation', '<sip:HD0003@x>'], ['Geolocation-Routing', 'no']] }],
    ])('%s', async (_, number, parts) => {
      expectSite(await carried(as('HD0003'), number, parts))
      await expectNoQuietTime()
      expect(await node.logged('call.unproven')).toMatchObject({ level: 'warn', claimed: 'HD0003', source: '127.0.0.1' })
    })

    it('over TCP', async () => {
      const peer = await openTcpPhone({ port: portOf(node.tcp) })
      expectSite(await carried(as('HD0003', peer), '112', { headers: garbage }))
      await peer.close()
    })

    it('over a WebSocket', async () => {
      const socket = new WebSocket(`ws://${node.address('ws')}`, 'sip')
      await once(socket, 'open')
      const request = as('HD0003').invite('112', { headers: garbage })
      request.set('Via', 'SIP/2.0/WS x.invalid;branch=z9hG4bK-page')
      socket.send(request.toBuffer())
      const call = await centre.nextCall()
      expectSite(call)
      call.reject(486)
      socket.close()
      await once(socket, 'close')
    })

    it('with the credentials of another phone', async () => {
      // Challenged once; the answer is right, and it is HD0001's.
      const liar = as('HD0003')
      const first = liar.invite('112')
      stranger.send(first)
      const challenge = await stranger.hearsResponse(407)
      liar.acknowledge(first, challenge)
      const second = as('HD0001').authorized(first, challenge)
      expect(second.first('From')).toContain('HD0003')
      await expectCarriedAsSite(second)
    })

    it('with the credentials of an earlier call, word for word', async () => {
      const phone = as('HD0004')
      const first = phone.invite('112')
      stranger.send(first)
      const challenge = await stranger.hearsResponse(407)
      phone.acknowledge(first, challenge)
      const heard = phone.authorized(first, challenge)
      stranger.send(heard)
      const proven = await centre.nextCall()
      expect(proven.callerNumber).toBe('+33199000004')
      proven.reject(486)
      phone.acknowledge(heard, await stranger.hearsResponse(486))
      for (const branch of ['z9hG4bK-one', 'z9hG4bK-two']) {
        const again = heard.clone()
        again.set('Call-ID', branch)
        again.set('Via', `SIP/2.0/UDP ${stranger.address};branch=${branch};rport`)
        // The count is used up: the phone itself would answer the new challenge.
        if (branch === 'z9hG4bK-two') await expectCarriedAsSite(again)
        else {
          stranger.send(again)
          phone.acknowledge(again, await stranger.hearsResponse(407))
        }
      }
    })

    async function expectCarriedAsSite(request: SipRequest): Promise<void> {
      stranger.send(request)
      const call = await centre.nextCall()
      expectSite(call)
      call.reject(486)
      as('HD0003').acknowledge(request, await stranger.hearsResponse(486))
    }
  })

  it('passes key presses and new session descriptions to the centre, and nothing else', async () => {
    const { final } = as('HD0003').dial('112', { headers: garbage })
    const { dialog } = await (await centre.nextCall()).answer()
    const { invite, answer } = await final
    const reached: string[] = []
    dialog.onRequest((request) => {
      reached.push(`${request.method} ${request.header('Content-Type')}`)
      const isOffer = request.header('Content-Type') === 'application/sdp'
      request.respond(200, isOffer ? { headers: { 'Content-Type': 'application/sdp' }, body: offer } : {})
    })
    let cseq = invite.cseq.number
    async function sends(method: string, type: string, body: string, status: number): Promise<void> {
      cseq += 1
      const request = stranger.request(inDialog(invite, answer, { method, cseq, body }))
      if (type !== '') request.set('Content-Type', type)
      stranger.send(request)
      const response = await stranger.hearsResponse(status, method)
      if (method === 'INVITE') as('HD0003').acknowledge(request, response)
    }
    await sends('MESSAGE', 'text/plain', 'hello', 403)
    await sends('MESSAGE', '', '', 403)
    await sends('INFO', 'application/media_control+xml', '<media_control/>', 415)
    await sends('INFO', '', '', 415)
    await sends('INFO', 'application/dtmf-relay', 'Signal=5\r\nDuration=100\r\n', 200)
    await sends('UPDATE', 'application/sdp', offer, 200)
    await sends('INVITE', 'application/sdp', offer, 200)
    expect(reached).toEqual(['INFO application/dtmf-relay', 'UPDATE application/sdp', 'INVITE application/sdp'])
    await sends('INFO', 'application/dtmf-relay', 'x'.repeat(40_000), 513)
    for (let at = 0; at < 500; at += 1) stranger.send(stranger.request(inDialog(invite, answer, { method: 'OPTIONS', cseq: ++cseq })))
    await sends('BYE', '', '', 200)
    // Responses are heard in the order of their requests: those to OPTIONS have all come.
    const answered = stranger.untaken.filter((name) => name === '200 OPTIONS').length
    expect(answered).toBeGreaterThan(0)
    expect(answered).toBeLessThan(100)
  })

  // The SIP server lets ten such calls of one address through at once: the rest is for a node of its own.
  describe('at another node', () => {
    let second: TestNode
    let peer: SipPeer

    beforeAll(async () => {
      second = await office.node('paris-4', 'paris', { dialplan: planOver(carrier.address), env: unlimited })
      peer = await openUdpPeer({ port: portOf(second.udp) })
    })

    afterAll(() => peer.close())

    it('without credentials is challenged once, and carried as the site’s when it comes without them again', async () => {
      const phone = as('HD0002', peer)
      for (const asked of [true, false]) {
        const request = phone.invite('112')
        peer.send(request)
        if (!asked) {
          const call = await centre.nextCall()
          expect(call.callerNumber).toBe(siteElin)
          call.reject(486)
        }
        phone.acknowledge(request, await peer.hearsResponse(asked ? 407 : 486))
      }
    })

    it('in no known name is carried at once', async () => {
      for (const name of ['HD9999', 'anonymous']) expect((await carried(as(name, peer), '112')).callerNumber).toBe(siteElin)
    })

    it('does not move the PSAP callback of the phone that called', async () => {
      const phone = await office.phone('HD0001', second)
      const dialling = await phone.dial('112')
      ;(await centre.nextCall()).reject(486)
      await dialling.result
      await carried(as('HD0003', peer), '112', { headers: garbage })
      const back = await carrier.line('113', second.udp).dial('+33199000001')
      ;(await phone.nextCall()).reject(486)
      await back.result
    })
  })

  describe('differs from a call by a phone with proof, which is shown as itself without a challenge', () => {
    async function expectItself(peer: SipPeer, register: TestNode | null, at = centre): Promise<void> {
      const phone = as('HD0004', peer)
      if (register) await phone.register()
      const request = phone.invite('112')
      peer.send(request)
      const call = await at.nextCall()
      expect(call.callerNumber).toBe('+33199000004')
      call.reject(486)
      phone.acknowledge(request, await peer.hearsResponse(486))
    }

    it('over UDP from the address of its registration, over TCP on its connection, and with its name hidden', async () => {
      const udp = await openUdpPeer({ port: portOf(node.udp) }, ['NOTIFY'])
      await expectItself(udp, node)
      const hidden = await carried(as('HD0004', udp), '112', { headers: [['From', '<sip:anonymous@anonymous.invalid>;tag=hidden']] })
      expect(hidden.callerNumber).toBe('+33199000004')
      await udp.close()
      const tcp = await openTcpPhone({ port: portOf(node.tcp) })
      await expectItself(tcp, node)
      await tcp.close()
    })

    it('also after a restart of its node', async () => {
      const first = await office.node('paris-3', 'paris', { dialplan: planOver(carrier.address) })
      const udp = await openUdpPeer({ port: portOf(first.udp) }, ['NOTIFY'])
      await expectItself(udp, first)
      expect(await first.stop()).toBe(0)
      await office.node('paris-3', 'paris', { dialplan: planOver(carrier.address), env: sameAddresses(first) })
      await expectItself(udp, null)
      await udp.close()
    })
  })

  it('is limited for each address and in total; phones with proof never are', async () => {
    const limited = await office.node('paris-2', 'paris', { dialplan: planOver(carrier.address) })
    const phone = await office.phone('HD0002', limited)
    const peer = await openUdpPeer({ port: portOf(limited.udp) })
    const flood = as('HD0003', peer)
    const requests = Array.from({ length: 60 }, () => flood.invite('112', { headers: garbage }))
    for (const request of requests) peer.send(request)
    for (let i = 0; i < 3; i++) (await centre.nextCall()).reject(486)
    // Beyond ten at once the SIP server challenges by itself.
    const refusals = Array.from({ length: 57 }, () =>
      peer.hears('a refusal', (message) => message.kind === 'response' && (message.status === 503 || message.status === 407)),
    )
    const refused = (await Promise.all(refusals)).filter((message) => message.kind === 'response' && message.status === 503)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) expect(Number(answer.first('Retry-After'))).toBeGreaterThan(0)
    for (let i = 0; i < 3; i++) await peer.hearsResponse(486)
    for (let i = 0; i < 8; i++) {
      const dialling = await phone.dial('112')
      const call = await centre.nextCall()
      expect(call.callerNumber).toBe('+33199000002')
      call.reject(486)
      await dialling.result
    }
    expect(await metricOf(limited, 'hotdesk_emergency_unproven_total')).toBe(3)
    expect(await metricOf(limited, 'hotdesk_emergency_refused_total')).toBe(refused.length)
    expect(await metricOf(limited, 'hotdesk_emergency_calls_total')).toBe(11)
    expect(await limited.logged('call.unproven', ({ level }) => level === 'error')).toMatchObject({ limit: 'source', refused: 1 })
    const events = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '50')
    expect(events.match(/emergency\.refused/g)?.length).toBe(1)
    await peer.close()
  })
})

function portOf(address: string): number {
  return Number(address.split(':').at(-1))
}
