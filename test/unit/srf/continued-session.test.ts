import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { createSrf, type SipDialog } from '../../../src/srf/srf.js'
import { inDialog, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

const audio = 'm=audio 4000 RTP/AVP 0\r\n'
const noVideo = 'm=video 0 RTP/AVP 96\r\n'
const video = 'm=video 4002 RTP/AVP 96\r\n'
const sdp = (author: string, version: number, lines: string): string =>
  `v=0\r\no=${author} 5 ${version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n${lines}`

const first = sdp('old', 1, audio + video)

/** A phone with audio and video, which has got the description of one party and now gets those of another, with audio alone. */
describe('the descriptions that a far end gets from another party', () => {
  let stage: SipdStage
  let phone: SipPeer
  let dialog: SipDialog
  let within: (method: string, cseq: number, body?: string) => SipRequest

  beforeEach(async () => {
    stage = await openSipdStage({})
    const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
    const srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
    phone = await stage.udpPeer()
    const taken = new Promise<SipDialog>((resolve) => srf.onInvite(async (invite) => resolve(await invite.accept({ sdp: first }))))
    const options = srf.request('OPTIONS', phone.uri)
    phone.respond(await phone.hearsRequest('OPTIONS'), 200)
    await options
    const invite = phone.request({ method: 'INVITE', body: sdp('phone', 1, audio + video) })
    phone.send(invite)
    const answer = await phone.hearsResponse(200)
    within = (method, cseq, body = '') => phone.request(inDialog(invite, answer, { method, cseq, body }))
    phone.send(within('ACK', 1))
    dialog = await taken
  })
  afterEach(() => stage.close())

  it.each(['INVITE', 'UPDATE'])('in %s continue its session, and its answer has the lines of the offer', async (method) => {
    dialog.continueSession()
    const offer = sdp('new', 7, audio)
    const reply = method === 'INVITE' ? dialog.reinvite(offer) : dialog.request(method, { body: offer })
    const request = await phone.hearsNewRequest(method)
    expect(request.body.toString()).toBe(sdp('old', 2, audio + noVideo))
    phone.respond(request, 200, [], sdp('phone', 2, audio + noVideo))
    expect((await reply).body).toBe(sdp('phone', 2, audio))
    expect(dialog.description).toBe(sdp('old', 2, audio + noVideo))
  })

  it('in the ACK of a re-INVITE without an offer: an answer to each line', async () => {
    dialog.continueSession()
    const reply = dialog.reinvite(null)
    phone.respond(await phone.hearsNewRequest('INVITE'), 200, [], sdp('phone', 2, audio + video))
    ;(await reply).ack?.(sdp('new', 7, audio))
    expect((await phone.hearsNewRequest('ACK')).body.toString()).toBe(sdp('old', 2, audio + noVideo))
  })

  it('in the answer to its own offer', async () => {
    dialog.continueSession()
    dialog.onRequest((request) => request.respond(200, { body: sdp('new', 7, audio) }))
    phone.send(within('INVITE', 2, sdp('phone', 2, audio + video)))
    expect((await phone.hearsResponse(200, 'INVITE')).body.toString()).toBe(sdp('old', 2, audio + noVideo))
  })

  it('in the offer of our 200, and its answer in the ACK has the lines of the offer', async () => {
    dialog.continueSession()
    const answered = new Promise<string>((resolve) => dialog.onAck((body) => void (body !== '' && resolve(body))))
    dialog.onRequest((request) => request.respond(200, { body: sdp('new', 7, audio) }))
    phone.send(within('INVITE', 2))
    expect((await phone.hearsResponse(200, 'INVITE')).body.toString()).toBe(sdp('old', 2, audio + noVideo))
    phone.send(within('ACK', 2, sdp('phone', 2, audio + noVideo)))
    expect(await answered).toBe(sdp('phone', 2, audio))
  })

  it('pass unchanged while it talks to the same party', async () => {
    const offer = sdp('new', 7, audio)
    const reply = dialog.reinvite(offer)
    const request = await phone.hearsNewRequest('INVITE')
    expect(request.body.toString()).toBe(offer)
    phone.respond(request, 200, [], first)
    expect((await reply).body).toBe(first)
  })
})
