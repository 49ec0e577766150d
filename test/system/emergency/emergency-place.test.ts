import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMedia, type Media } from '../../../src/media/media.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { Incoming, Phone } from '../../../src/softphones/softphone.js'
import type { IncomingRequest } from '../../../src/srf/srf.js'
import { expectSound, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { onlyOne, readXml } from '../../support/repo/xml.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { readMultipart } from '../../support/sip/multipart.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const place = 'Bâtiment <B> & "C", 2ᵉ étage, poste 3'
const elin = '+33199000003'

/** RFC 6442: an emergency call over a line that takes it carries the place of the phone. */
describe('the location of a phone in an emergency call', () => {
  let office: TestOffice
  let carrier: Carrier
  let media: Media
  let node: TestNode
  let centre: Phone
  let desk: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    await office.directory.putDevice('HD0003', { location: place })
    carrier = await openCarrier()
    media = createMedia({ addresses: ['127.0.0.1'], ports: { from: 40_000, to: 59_999 }, clock: systemClock, log: silentLogger() })
    const { address } = carrier
    const first = { address, location: 'pidf-lo', username: 'paris', password: 'carrier-secret' }
    const dialplan = planOver(first, { address, location: 'none' })
    node = await office.node('paris-1', 'paris', { dialplan })
    centre = carrier.line('112', node.udp)
    desk = await office.phone('HD0003', node)
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
    await media.close()
  })

  function partsOf({ header, body }: Pick<IncomingRequest, 'header' | 'body'>) {
    return readMultipart(header('Content-Type'), body)
  }

  function expectPlain({ invite }: Incoming): void {
    const names = ['Content-Type', 'Geolocation', 'Geolocation-Routing']
    expect(names.map((name) => invite.header(name))).toEqual(['application/sdp', '', ''])
    expect(invite.body).toMatch(/^v=0\r\n/)
  }

  function expectLocated({ invite }: Incoming): void {
    expect(invite.header('Geolocation')).toMatch(/^<cid:/)
  }

  async function refused(status: number): Promise<void> {
    const located = await centre.nextCall()
    expectLocated(located)
    located.reject(status)
  }

  it('is not sent with other calls', async () => {
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0003', 'dial-code')).toMatch(/^LOGGED_IN/)
    await office.settled('100', 'HD0003')
    const outside = carrier.line('+33612345678')
    const dialling = await desk.dial('00612345678')
    const call = await outside.nextCall()
    expectPlain(call)
    call.reject(486)
    await dialling.result
  })

  it('is in the INVITE beside the offer; the call has sound, and later offers are sent alone', async () => {
    const dialling = await desk.dial('112')
    const { invite } = await centre.nextCall()
    const [sdp, located, ...others] = partsOf(invite)
    expect(others).toEqual([])
    expect(sdp?.headers.get('content-type')).toBe('application/sdp')
    expect(located?.headers.get('content-type')).toBe('application/pidf+xml')
    expect(invite.header('Geolocation')).toBe(`<cid:${located?.headers.get('content-id')?.slice(1, -1)}>`)
    expect(invite.header('Geolocation-Routing')).toBe('yes')
    const document = readXml(located?.content ?? '')
    expect(document.attributes.entity).toBe(`pres:${elin}@127.0.0.1`)
    expect(onlyOne(document, 'LOC').text).toBe(place)

    const answered = await media.answer(sdp?.content ?? '')
    if (answered.outcome !== 'answered') throw new Error(`cannot answer: ${answered.outcome}`)
    const dialog = await invite.accept({ sdp: answered.session.localSdp })
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    const { call } = dialled
    const key = new Promise((resolve) => answered.session.onKeyPress(resolve))
    await call.audio.press('4')
    expect(await key).toBe('4')

    const later = new Promise<IncomingRequest>((resolve) => dialog.onRequest(resolve))
    const reinvite = call.dialog.reinvite(call.audio.localSdp)
    const request = await later
    expect([request.method, request.header('Content-Type'), request.header('Geolocation')]).toEqual(['INVITE', 'application/sdp', ''])
    expect(request.body).toMatch(/^v=0\r\n/)
    request.respond(200, { headers: { 'Content-Type': 'application/sdp' }, body: answered.session.localSdp })
    expect((await reinvite).status).toBe(200)
    const ended = new Promise((resolve) => dialog.onEnd(resolve))
    await call.hangUp()
    await ended
    answered.session.close()
  })

  it('is the only body part of an INVITE without an offer', async () => {
    const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    const phone = createRawPhone({ peer, device: 'HD0003', password: passwordOf('HD0003'), domain })
    const first = phone.invite('112', { body: '' })
    peer.send(first)
    const challenge = await peer.hearsResponse(407)
    phone.acknowledge(first, challenge)
    const second = phone.authorized(first, challenge)
    peer.send(second)
    const { invite } = await centre.nextCall()
    expect(partsOf(invite).map(({ headers }) => headers.get('content-type'))).toEqual(['application/pidf+xml'])
    const taken = invite.accept({ sdp: offer }).then(async (dialog) => ({
      dialog,
      acknowledged: await new Promise<string>((resolve) => dialog.onAck(resolve)),
    }))
    const answer = await peer.hearsResponse(200, 'INVITE')
    expect(answer.body.toString()).toBe(offer)
    const description = offer.replace('40000', '40002')
    peer.send(peer.request(inDialog(second, answer, { method: 'ACK', cseq: second.cseq.number, body: description })))
    const { dialog, acknowledged } = await taken
    expect(acknowledged).toBe(description)
    await dialog.bye()
    await peer.close()
  })

  it('is sent again with the credentials after a challenge', async () => {
    const dialling = await desk.dial('112')
    const { invite } = await centre.nextCall()
    invite.respond(407, { headers: { 'Proxy-Authenticate': 'Digest realm="carrier", nonce="1", qop="auth-int"' } })
    const again = await centre.nextCall()
    expectLocated(again)
    expect(again.invite.header('Proxy-Authorization')).toMatch(/^Digest username="paris"/)
    expect(partsOf(again.invite).length).toBe(2)
    again.reject(486)
    ;(await centre.nextCall()).reject(486)
    await dialling.result
  })

  it.each([415, 424, 400, 404, 487, 488, 500, 503, 603])(
    'is left out on the same trunk if the carrier responds %i, and the call is answered',
    async (status) => {
      const failed = await metricOf(node, 'hotdesk_emergency_failures_total')
      const dialling = await desk.dial('112')
      await refused(status)
      const plain = await centre.nextCall()
      expectPlain(plain)
      const callee = await plain.answer()
      const dialled = await dialling.result
      if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
      const line = await node.logged('call.location', (logged) => logged.status === status)
      expect(line).toMatchObject({ level: 'warn', trunk: 'line-1', sent: false })
      await expectSound({ caller: dialled.call, callee })
      await hangUp({ caller: dialled.call, callee })
      expect(await metricOf(node, 'hotdesk_emergency_failures_total')).toBe(failed)
    },
  )

  it.each([486, 600])('does not cause a second attempt on the same trunk if the emergency centre is busy (%i)', async (status) => {
    const dialling = await desk.dial('112')
    await refused(status)
    // The second line does not take the place.
    const second = await centre.nextCall()
    expectPlain(second)
    second.reject(486)
    const dialled = await dialling.result
    expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
  })

  it('is sent to no trunk that does not take it, even if the first one does', async () => {
    const dialling = await desk.dial('112')
    await refused(503)
    const plain = await centre.nextCall()
    expectPlain(plain)
    plain.reject(503)
    const second = await centre.nextCall()
    expectPlain(second)
    second.reject(486)
    await dialling.result
  })

  describe('over a trunk that does not respond to it', () => {
    let silent: SipPeer
    let second: TestNode
    let phone: Phone

    beforeAll(async () => {
      const towards = { port: 0 }
      silent = await openUdpPeer(towards)
      second = await office.node('paris-2', 'paris', { dialplan: planOver({ address: silent.address, location: 'pidf-lo' }) })
      towards.port = Number(second.udp.split(':')[1])
      phone = await office.phone('HD0004', second)
    }, 60_000)

    afterAll(() => silent.close())

    const seen = new Set<string>()

    /** The next that is no copy of one before. */
    async function nextInvite(): Promise<SipRequest> {
      for (;;) {
        const invite = await silent.hearsRequest('INVITE')
        if (seen.has(invite.callId)) continue
        seen.add(invite.callId)
        return invite
      }
    }

    /** The call comes without the place, in time. */
    async function answerPlain(began: number): Promise<void> {
      for (;;) {
        const invite = await nextInvite()
        if (invite.has('Geolocation')) continue
        expect(performance.now() - began).toBeLessThan(4_500)
        expect(invite.first('Content-Type')).toBe('application/sdp')
        silent.respond(invite, 486)
        return
      }
    }

    it('is left out if the request is too large for UDP and the trunk closes its TCP connection', async () => {
      const tcp = createServer((socket) => void socket.on('error', () => undefined).once('data', () => socket.destroy()))
      tcp.listen(silent.port, '127.0.0.1')
      await once(tcp, 'listening')
      const began = performance.now()
      const dialling = await phone.dial('112')
      await answerPlain(began)
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
      tcp.close()
    })

    it('costs no more time than a trunk that is down', async () => {
      const began = performance.now()
      const dialling = await phone.dial('112')
      await answerPlain(began)
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
    })
  })
})
