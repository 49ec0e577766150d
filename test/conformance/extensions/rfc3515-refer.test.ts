import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createSrf, type IncomingRefer, type SipApplication } from '../../../src/srf/srf.js'
import type { SipPeer } from '../../support/sip/sip-peer.js'
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

/** The REFER of the phone, as the application gets it. */
async function referred(): Promise<IncomingRefer> {
  const arrived = new Promise<IncomingRefer>((resolve) => srf.onRefer(resolve))
  await (await stage.application([])).command('ping')
  phone.send(phone.request({ method: 'REFER', headers: [['Refer-To', '<sip:102@hotdesk.example>']] }))
  return arrived
}

const dialogs = async (): Promise<number> => (await stage.sipd.counts()).dialogs

it('a REFER outside a dialog begins one, in which NOTIFYs report until the last one (RFC 3515 §2.4.4)', async () => {
  const refer = await referred()
  const notifier = await refer.accept(null)
  const accepted = await phone.hearsResponse(202, 'REFER')
  expect(accepted.contacts).toHaveLength(1)
  const send = (state: string) => notifier.notify({ headers: { Event: 'refer', 'Subscription-State': state }, body: '' })
  for (const state of ['active;expires=60', 'terminated;reason=noresource']) {
    const sent = send(state)
    const notify = await phone.hearsRequest('NOTIFY')
    expect([notify.callId, notify.from.tag, notify.to.tag]).toEqual([refer.callId, accepted.to.tag, accepted.from.tag])
    expect(await dialogs()).toBe(1)
    phone.respond(notify, 200)
    expect((await sent).status).toBe(200)
  }
  notifier.end()
  expect(await dialogs()).toBe(0)
  expect((await send('active;expires=60')).status).toBe(481)
})

it('a REFER that is accepted without a subscription begins no dialog (RFC 4488 §4)', async () => {
  const refer = await referred()
  refer.respond(202, { headers: { 'Refer-Sub': 'false' } })
  await phone.hearsResponse(202, 'REFER')
  expect(await dialogs()).toBe(0)
})
