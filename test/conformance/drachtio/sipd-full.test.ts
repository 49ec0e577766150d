import { afterEach, beforeEach, expect, it } from 'vitest'
import type { WireApplication } from '../../support/admin-wire/wire-application.js'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
let application: WireApplication
let phone: SipPeer

beforeEach(async () => {
  stage = await openSipdStage({ maxDialogs: 10 })
  application = await stage.application()
  phone = await stage.udpPeer()
})
afterEach(() => stage.close())

/** An answered call. */
async function call(uri: string) {
  const invite = phone.request({ method: 'INVITE', uri, body: offer })
  phone.send(invite)
  await application.respond(await application.arrives('INVITE'), 200, [], offer)
  const answer = await phone.hearsResponse(200, 'INVITE')
  phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
  return { invite, answer }
}

it('with all ordinary dialogs in use, sipd sends 503 to new callers, and accepts emergency calls and requests that end a call', async () => {
  const first = await call('sip:100@desks.test')
  for (let more = 0; more < 8; more += 1) await call('sip:101@desks.test')
  expect((await stage.sipd.counts()).dialogs).toBe(9)
  phone.send(phone.request({ method: 'INVITE', uri: 'sip:102@desks.test', body: offer }))
  // RFC 3261 §21.5.4
  expect((await phone.hearsResponse(503, 'INVITE')).first('Retry-After')).toBe('10')
  await call('sip:112@desks.test')
  expect((await stage.sipd.counts()).dialogs).toBe(10)
  for (const uri of ['sip:112@desks.test', 'sip:102@desks.test']) {
    phone.send(phone.request({ method: 'INVITE', uri, body: offer }))
    await phone.hearsResponse(503, 'INVITE')
  }
  phone.send(phone.request(inDialog(first.invite, first.answer, { method: 'BYE' })))
  await application.respond(await application.arrives('BYE'), 200)
  await phone.hearsResponse(200, 'BYE')
  await call('urn:service:sos')
})
