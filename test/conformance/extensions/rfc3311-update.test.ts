import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { createSrf, type IncomingInvite, type IncomingRequest, type SipApplication, type SipDialog } from '../../../src/srf/srf.js'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
let srf: SipApplication
let phone: SipPeer

beforeEach(async () => {
  stage = await openSipdStage({ t1: 50 })
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
  srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  phone = await stage.udpPeer()
})
afterEach(() => stage.close())

/** A request of the phone in the dialog of an INVITE of ours. */
function byCallee(invite: SipRequest, method: string, cseq: number, body = ''): SipRequest {
  const { from, callId, contacts } = invite
  const parts = { uri: contacts[0]?.uri ?? '', to: from.uri, toTag: from.tag, fromTag: phone.tag, callId, cseq, body }
  return phone.request({ method, ...parts })
}

async function ringing(): Promise<{ invite: SipRequest; outgoing: ReturnType<SipApplication['invite']> }> {
  const outgoing = srf.invite(phone.uri, offer)
  const invite = await phone.hearsNewRequest('INVITE')
  const rings = new Promise((resolve) => outgoing.onProvisional(resolve))
  phone.respond(invite, 180)
  await rings
  return { invite, outgoing }
}

async function up(): Promise<{ invite: SipRequest; dialog: SipDialog; requests: IncomingRequest[] }> {
  const { invite, outgoing } = await ringing()
  phone.respond(invite, 200, [], offer)
  const result = await outgoing.result
  if (result.outcome !== 'answered') throw new Error(result.outcome)
  await phone.hearsNewRequest('ACK')
  const requests: IncomingRequest[] = []
  result.dialog.onRequest((request) => void requests.push(request))
  return { invite, dialog: result.dialog, requests }
}

describe('an UPDATE before the call is answered (§5.2)', () => {
  it.each([
    ['with an offer gets 491 from the side that is called, since our offer has no answer', offer, 491],
    ['without an offer gets 200', '', 200],
  ])('%s', async (_, body, status) => {
    const { invite, outgoing } = await ringing()
    phone.send(byCallee(invite, 'UPDATE', 1, body))
    const answer = await phone.hearsResponse(status, 'UPDATE')
    expect(answer.body).toHaveLength(0)
    phone.respond(invite, 200, [], offer)
    expect((await outgoing.result).outcome).toBe('answered')
  })

  it('with an offer gets 500 and Retry-After from the calling side, since its own offer has no answer; without one 200', async () => {
    const arrived = new Promise<IncomingInvite>((resolve) => srf.onInvite(resolve))
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const call = await arrived
    call.respond(180)
    const rings: SipResponse = await phone.hearsResponse(180)
    phone.send(phone.request(inDialog(invite, rings, { method: 'UPDATE', cseq: 2, body: offer })))
    expect(Number((await phone.hearsResponse(500, 'UPDATE')).first('Retry-After'))).toBeLessThanOrEqual(10)
    phone.send(phone.request(inDialog(invite, rings, { method: 'UPDATE', cseq: 3 })))
    await phone.hearsResponse(200, 'UPDATE')
    const accepted = call.accept({ sdp: offer })
    await phone.hearsResponse(200, 'INVITE')
    await accepted
  })
})

describe('an UPDATE in a call (§5.2)', () => {
  it('reaches the application while a request of ours waits for its response', async () => {
    const { invite, dialog, requests } = await up()
    const info = dialog.request('INFO')
    const asked = await phone.hearsNewRequest('INFO')
    phone.send(byCallee(invite, 'UPDATE', 1))
    await expect.poll(() => requests.map(({ method }) => method)).toEqual(['UPDATE'])
    requests[0]?.respond(200)
    await phone.hearsResponse(200, 'UPDATE')
    phone.respond(asked, 200)
    expect((await info).status).toBe(200)
  })

  it.each(['INVITE', 'UPDATE'] as const)(
    'with an offer gets 491 while the offer of our %s waits for its answer; so does an INVITE',
    async (ours) => {
      const { invite, dialog, requests } = await up()
      const asked =
        ours === 'INVITE'
          ? dialog.reinvite(offer)
          : dialog.request('UPDATE', { body: offer, headers: { 'Content-Type': 'application/sdp' } })
      const request = await phone.hearsNewRequest(ours)
      phone.send(byCallee(invite, 'UPDATE', 1, offer))
      await phone.hearsResponse(491, 'UPDATE')
      phone.send(byCallee(invite, 'INVITE', 2, offer))
      await phone.hearsResponse(491, 'INVITE')
      phone.respond(request, 200, [], offer)
      expect((await asked).status).toBe(200)
      phone.send(byCallee(invite, 'UPDATE', 3, offer))
      await expect.poll(() => requests).toHaveLength(1)
    },
  )

  it('gets 500 and Retry-After while one of the same side waits for its response; so does an INVITE', async () => {
    const { invite, requests } = await up()
    phone.send(byCallee(invite, 'UPDATE', 1, offer))
    await expect.poll(() => requests).toHaveLength(1)
    for (const [cseq, method] of [
      [2, 'UPDATE'],
      [3, 'INVITE'],
    ] as const) {
      phone.send(byCallee(invite, method, cseq, offer))
      expect((await phone.hearsResponse(500, method)).has('Retry-After')).toBe(true)
    }
    requests[0]?.respond(200, { body: offer })
    await phone.hearsResponse(200, 'UPDATE')
    phone.send(byCallee(invite, 'UPDATE', 4, offer))
    await expect.poll(() => requests).toHaveLength(2)
  })

  it('with an offer gets 500 and Retry-After while an INVITE of the same side waits for its response', async () => {
    const { invite, requests } = await up()
    phone.send(byCallee(invite, 'INVITE', 1, offer))
    await expect.poll(() => requests).toHaveLength(1)
    phone.send(byCallee(invite, 'UPDATE', 2, offer))
    expect((await phone.hearsResponse(500, 'UPDATE')).has('Retry-After')).toBe(true)
    requests[0]?.respond(200, { body: offer })
    await phone.hearsResponse(200, 'INVITE')
  })
})

it('an INVITE or offer of ours is not sent while another one is under way, in either direction (§5.1, RFC 3261 §14.1)', async () => {
  const { invite, dialog, requests } = await up()
  const withOffer = { body: offer, headers: { 'Content-Type': 'application/sdp' } }
  const first = dialog.reinvite(offer)
  const reinvite = await phone.hearsNewRequest('INVITE')
  expect([(await dialog.request('UPDATE', withOffer)).status, (await dialog.reinvite(null)).status]).toEqual([491, 491])
  phone.respond(reinvite, 200, [], offer)
  expect((await first).status).toBe(200)
  phone.send(byCallee(invite, 'UPDATE', 1, offer))
  await expect.poll(() => requests).toHaveLength(1)
  expect([(await dialog.request('UPDATE', withOffer)).status, (await dialog.reinvite(offer)).status]).toEqual([491, 491])
  requests[0]?.respond(488)
  await phone.hearsResponse(488, 'UPDATE')
  const second = dialog.reinvite(offer)
  phone.respond(await phone.hearsNewRequest('INVITE'), 200, [], offer)
  expect((await second).status).toBe(200)
})

it('an offer whose handler fails gets 500, and does not hold up later ones', async () => {
  const { invite, dialog } = await up()
  dialog.onRequest(() => {
    throw new Error('a fault of ours')
  })
  phone.send(byCallee(invite, 'UPDATE', 1, offer))
  await phone.hearsResponse(500, 'UPDATE')
  const next = dialog.reinvite(offer)
  phone.respond(await phone.hearsNewRequest('INVITE'), 200, [], offer)
  expect((await next).status).toBe(200)
})
