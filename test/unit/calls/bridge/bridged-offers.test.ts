import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { Secret } from '../../../../src/base/secret.js'
import { bridge } from '../../../../src/calls/bridge/bridge.js'
import type { SipRequest } from '../../../../src/sip/message/message.js'
import { createSrf, type SipApplication } from '../../../../src/srf/srf.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { offer, type SipPeer } from '../../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../../support/sip/sipd-stage.js'

let clock: ManualClock
let stage: SipdStage
let srf: SipApplication

beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1))
  stage = await openSipdStage({ clock })
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
  srf = stage.keep(await createSrf({ admin, session: { seconds: 1_800 }, log: silentLogger() }))
})
afterEach(() => stage.close())

/** A phone that we have called. */
async function called() {
  const phone = await stage.udpPeer()
  const outgoing = srf.invite(phone.uri, offer)
  const invite = await phone.hearsRequest('INVITE')
  phone.respond(invite, 200, [['Allow', 'INVITE, UPDATE']], offer)
  const result = await outgoing.result
  if (result.outcome !== 'answered') throw new Error(result.outcome)
  await phone.hearsRequest('ACK')
  return { phone, dialog: result.dialog, offers: (cseq: number) => offerOf(phone, invite, cseq) }
}

/** Sends a re-INVITE of the phone. */
function offerOf(phone: SipPeer, { from, callId, contacts }: SipRequest, cseq: number): void {
  const parts = { uri: contacts[0]?.uri ?? '', to: from.uri, toTag: from.tag, fromTag: phone.tag, callId, cseq, body: offer }
  phone.send(phone.request({ method: 'INVITE', ...parts }))
}

async function bridged() {
  const [one, other] = [await called(), await called()]
  bridge({ caller: one.dialog, callee: other.dialog, kind: 'device', proves: () => true, onRefer: () => undefined, optionsFor: () => ({}) })
  return { one, other }
}

it('two sides that offer at once get 491 each, and the offer of the one that tries again first passes (RFC 3261 §14.1, §14.2)', async () => {
  const { one, other } = await bridged()
  one.offers(1)
  const reoffered = await other.phone.hearsRequest('INVITE')
  other.offers(1)
  await other.phone.hearsResponse(491, 'INVITE')
  other.phone.respond(reoffered, 491)
  await one.phone.hearsResponse(491, 'INVITE')
  other.offers(2)
  one.phone.respond(await one.phone.hearsNewRequest('INVITE'), 200, [], offer)
  expect((await other.phone.hearsResponse(200, 'INVITE')).body.toString()).toBe(offer)
})

it('a far end that is gone is detected by its session timer, and the other one gets BYE (RFC 4028 §10)', async () => {
  const { one, other } = await bridged()
  clock.advance(900_000)
  const refreshes = [await one.phone.hearsRequest('UPDATE'), await other.phone.hearsRequest('UPDATE')]
  if (refreshes[0]) one.phone.respond(refreshes[0], 200)
  await stage.sipd.counts()
  // 64 × T1 without a response.
  clock.advance(32_000)
  expect((await other.phone.hearsRequest('BYE')).first('Reason')).toContain('Session timer expired')
  expect(await one.phone.hearsRequest('BYE')).toBeDefined()
})
