import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipResponse } from '../../../src/sip/message/message.js'
import { createSrf, type IncomingRefer, type IncomingRequest, type SipApplication } from '../../../src/srf/srf.js'
import { createMailbox } from '../../support/sip/mailbox.js'
import type { HeaderList, SipPeer } from '../../support/sip/sip-peer.js'
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
  const notifier = await refer.accept(null, () => undefined)
  const accepted = await phone.hearsResponse(202, 'REFER')
  expect(accepted.contacts).toHaveLength(1)
  const send = (state: string) => notifier.notify({ headers: { Event: 'refer', 'Subscription-State': state }, body: '' })
  for (const state of ['active;expires=60', 'terminated;reason=noresource']) {
    const sent = send(state)
    const notify = await phone.hearsNewRequest('NOTIFY')
    expect([notify.callId, notify.from.tag, notify.to.tag]).toEqual([refer.callId, accepted.to.tag, accepted.from.tag])
    expect(await dialogs()).toBe(1)
    phone.respond(notify, 200)
    expect((await sent).status).toBe(200)
  }
  notifier.end()
  expect(await dialogs()).toBe(0)
  expect((await send('active;expires=60')).status).toBe(481)
})

/** Sends requests in the dialog of the REFER, as its phone. */
function inDialogOf(accepted: SipResponse) {
  let cseq = accepted.cseq.number
  return (method: string, headers: HeaderList = []): void => {
    cseq += 1
    phone.send(phone.request({ method, callId: accepted.callId, fromTag: accepted.from.tag, toTag: accepted.to.tag, cseq, headers }))
  }
}

it('in the dialog of a REFER, another REFER and all that a session needs is refused (RFC 7647 §4)', async () => {
  const refer = await referred()
  const notifier = await refer.accept(null, () => undefined)
  const send = inDialogOf(await phone.hearsResponse(202, 'REFER'))
  for (const [method, status] of [
    ['REFER', 403],
    ['INVITE', 403],
    ['INFO', 403],
    ['MESSAGE', 403],
    ['UPDATE', 403],
    ['NOTIFY', 481],
    ['OPTIONS', 200],
  ] as const) {
    send(method, [['Refer-To', '<sip:102@hotdesk.example>']])
    await phone.hearsResponse(status, method)
  }
  notifier.end()
})

it('a SUBSCRIBE in the dialog of a REFER reaches the application; with Expires: 0 it has its response (RFC 3515 §2.4.4)', async () => {
  const refer = await referred()
  const subscribes = createMailbox<IncomingRequest>(({ method }) => method)
  const notifier = await refer.accept(null, subscribes.put)
  const send = inDialogOf(await phone.hearsResponse(202, 'REFER'))
  send('SUBSCRIBE', [
    ['Event', 'refer'],
    ['Expires', '60'],
  ])
  const refresh = await subscribes.take('a refresh', ({ header }) => header('Expires') === '60')
  expect(refresh.responded).toBe(false)
  refresh.respond(200, { headers: { Expires: '60' } })
  expect((await phone.hearsResponse(200, 'SUBSCRIBE')).first('Expires')).toBe('60')
  send('SUBSCRIBE', [
    ['Event', 'refer'],
    ['Expires', '0'],
  ])
  const last = await subscribes.take('the last one', ({ header }) => header('Expires') === '0')
  expect(last.responded).toBe(true)
  last.respond(200)
  await phone.hearsResponse(202, 'SUBSCRIBE')
  notifier.end()
})

it('a REFER that is accepted without a subscription begins no dialog (RFC 4488 §4)', async () => {
  const refer = await referred()
  refer.respond(202, { headers: { 'Refer-Sub': 'false' } })
  await phone.hearsResponse(202, 'REFER')
  expect(await dialogs()).toBe(0)
})
