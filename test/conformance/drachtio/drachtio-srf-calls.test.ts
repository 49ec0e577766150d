import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'
import {
  type Dlg,
  happens,
  openSrfListener,
  openSrfStage,
  type Req,
  type Res,
  type Srf5,
  type SrfStage,
} from '../../support/sip/srf-stage.js'

let application: SrfStage
let stage: SipdStage
let srf: Srf5
let phone: SipPeer

async function open(t1: number): Promise<void> {
  application = await openSrfStage({ t1 })
  ;({ stage, srf } = application)
  phone = await stage.udpPeer()
}
afterEach(() => application.close())

const auth = { username: 'u', password: 'p' }

describe('drachtio-srf sends', () => {
  beforeEach(() => open(100))

  /** A call that the phone has taken. */
  async function called(options: object = {}): Promise<Dlg> {
    const calling = srf.createUAC(phone.uri, { localSdp: offer, ...options })
    phone.respond(await phone.hearsRequest('INVITE'), 200, [], offer)
    const dialog = await calling
    await phone.hearsRequest('ACK')
    return dialog
  }

  it('a PRACK for a reliable 180 by itself (RFC 3262 §4)', async () => {
    const calling = srf.createUAC(phone.uri, { localSdp: offer })
    const invite = await phone.hearsRequest('INVITE')
    phone.respond(invite, 180, [
      ['Require', '100rel'],
      ['RSeq', '7'],
    ])
    const prack = await phone.hearsRequest('PRACK')
    expect(prack.first('RAck')).toBe(`7 ${invite.cseq.number} INVITE`)
    phone.respond(prack, 200)
    phone.respond(invite, 200, [], offer)
    await calling
    await phone.hearsRequest('ACK')
  })

  it.each([false, true])('the INVITE again to the target of a 302; with the URI that it had: %j', async (keepUriOnRedirect) => {
    const other = await stage.udpPeer()
    const calling = srf.createUAC(phone.uri, { localSdp: offer, followRedirects: true, keepUriOnRedirect })
    phone.respond(await phone.hearsRequest('INVITE'), 302, [['Contact', `<${other.uri}>`]])
    await phone.hearsRequest('ACK')
    const again = await other.hearsRequest('INVITE')
    expect(again.uri).toBe(keepUriOnRedirect ? phone.uri : other.uri)
    other.respond(again, 200, [], offer)
    await calling
    await other.hearsRequest('ACK')
  })

  it.each([
    ['the number that calls', { callingNumber: '12345' }, '12345'],
    ['what the application says', { callingNumber: '12345', headers: { Contact: 'sip:foo@localhost' } }, 'foo'],
    ['what it says in small letters', { callingNumber: '12345', headers: { contact: 'sip:foo@localhost' } }, 'foo'],
  ])('a Contact with %s, at the address of the server', async (_what, options, user) => {
    const calling = srf.createUAC(phone.uri, { localSdp: offer, ...options })
    const invite = await phone.hearsRequest('INVITE')
    expect(invite.contacts.map(({ uri }) => uri)).toEqual([`sip:${user}@127.0.0.1:${stage.udp}`])
    phone.respond(invite, 200, [], offer)
    await calling
    await phone.hearsRequest('ACK')
  })

  it('three changes of a call one after the other, never two INVITEs at once (RFC 3261 §14.1)', async () => {
    const dialog = await called()
    const changed = Promise.all([1, 2, 3].map(() => dialog.modify(offer)))
    for (let left = 3; left > 0; left -= 1) {
      const invite = await phone.hearsRequest('INVITE')
      expect(phone.untaken).toEqual([])
      phone.respond(invite, 200, [], offer)
      await phone.hearsRequest('ACK')
    }
    await changed
  })

  it('nothing more if a 407 has no challenge', async () => {
    const calling = srf.createUAC(phone.uri, { localSdp: offer, auth })
    const refused = expect(calling).rejects.toMatchObject({ status: 407 })
    phone.respond(await phone.hearsRequest('INVITE'), 407)
    await phone.hearsRequest('ACK')
    await refused
    expect(phone.untaken).toEqual([])
  })

  it.each(['local', ''])('a REGISTER again with credentials for the realm %j', async (realm) => {
    const headers = { Contact: '<sip:u@localhost>;expires=3600', From: 'sip:u@test.invalid', To: 'sip:u@test.invalid' }
    const answered = srf
      .request(phone.uri, { method: 'REGISTER', headers, auth })
      .then((request) => new Promise<number>((resolve) => request.on('response', ({ status }: Res) => resolve(status))))
    phone.respond(await phone.hearsRequest('REGISTER'), 401, [['WWW-Authenticate', `Digest realm="${realm}", nonce="n", algorithm=MD5`]])
    const again = await phone.hearsRequest('REGISTER')
    expect(again.first('Authorization')).toContain(`realm="${realm}"`)
    expect(again.contacts[0]?.uri).toBe(`sip:u@127.0.0.1:${stage.udp}`)
    phone.respond(again, 200)
    expect(await answered).toBe(200)
  })

  it.each(['OPTIONS', 'MESSAGE'])('%s outside a dialog, and gets the response', async (method) => {
    const answered = srf
      .request(phone.uri, { method, ...(method === 'MESSAGE' && { body: 'hello', headers: { 'Content-Type': 'text/plain' } }) })
      .then((request) => new Promise<number>((resolve) => request.on('response', ({ status }: Res) => resolve(status))))
    phone.respond(await phone.hearsRequest(method), 200)
    expect(await answered).toBe(200)
  })

  it('a CANCEL with the reason that the application sets (RFC 3326)', async () => {
    let sent: Req | null = null
    const reason = 'SIP;cause=200;text="Call completed elsewhere"'
    const calling = srf.createUAC(
      phone.uri,
      { localSdp: offer },
      {
        cbRequest: (_fault: unknown, request: Req) => {
          sent = request
        },
        cbProvisional: () => sent?.cancel({ headers: { Reason: reason } }),
      },
    )
    const cancelled = expect(calling).rejects.toMatchObject({ status: 487 })
    const invite = await phone.hearsRequest('INVITE')
    phone.respond(invite, 180)
    const cancel = await phone.hearsRequest('CANCEL')
    expect(cancel.first('Reason')).toBe(reason)
    phone.respond(cancel, 200)
    phone.respond(invite, 487)
    await phone.hearsRequest('ACK')
    await cancelled
  })

  it('its session description in the 200 to an UPDATE with one (RFC 3311 §5.2)', async () => {
    const calling = srf.createUAC(phone.uri, { localSdp: offer })
    const invite = await phone.hearsRequest('INVITE')
    phone.respond(invite, 200, [], offer)
    await calling
    await phone.hearsRequest('ACK')
    const { from, contacts, callId } = invite
    const dialog = { uri: contacts[0]?.uri ?? '', to: from.uri, toTag: from.tag, fromTag: phone.tag, callId }
    phone.send(phone.request({ ...dialog, method: 'UPDATE', body: offer.replace('40000', '40002') }))
    const answer = await phone.hearsResponse(200, 'UPDATE')
    expect([String(answer.body), answer.first('Content-Type')]).toEqual([offer, 'application/sdp'])
  })
})

describe('drachtio-srf handles', () => {
  it('503 with headers of its own', async () => {
    await open(100)
    await application.callIn(phone, (_req, res) => res.send(503, { headers: { 'Retry-After': '5' } }))
    expect((await phone.hearsResponse(503, 'INVITE')).first('Retry-After')).toBe('5')
  })

  it('a call whose ACK never comes: the dialog ends, and the application learns why', async () => {
    await open(20)
    const { handled } = await application.callIn(phone, (req, res) => srf.createUAS(req, res, { body: offer }))
    const dialog = (await handled) as Dlg
    const reason = new Promise((resolve) => dialog.on('destroy', (_bye: Req, why: string) => resolve(why)))
    phone.respond(await phone.hearsRequest('BYE'), 200)
    expect(await reason).toBe('ACK timeout')
  })

  it('a re-INVITE without a body, and gets the ACK with the answer', async () => {
    await open(100)
    const { invite, handled } = await application.callIn(phone, (req, res) => srf.createUAS(req, res, { localSdp: offer }))
    const answer = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
    const dialog = (await handled) as Dlg
    const acknowledged = new Promise<Req>((resolve) => {
      dialog.on('modify', (_req: Req, res: Res) => res.send(200, { body: offer }, undefined, resolve))
    })
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 2 })))
    const again = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, again, { method: 'ACK', cseq: 2, body: offer.replace('40000', '40004') })))
    expect((await acknowledged).body).toContain('40004')
    const ended = dialog.destroy()
    phone.respond(await phone.hearsRequest('BYE'), 200)
    await ended
  })

  it('a subscription that a NOTIFY of its own ends (RFC 6665 §4.4.1)', async () => {
    await open(100)
    const subscribed = new Promise<Dlg>((resolve) => {
      srf.subscribe((req, res) => void srf.createUAS(req, res, { headers: { Expires: '600' } }).then(resolve))
    })
    await application.routed(phone)
    const subscribe = phone.request({ method: 'SUBSCRIBE', headers: [['Event', 'presence']] })
    phone.send(subscribe)
    const accepted = await phone.hearsResponse(202, 'SUBSCRIBE')
    const dialog = await subscribed
    expect(dialog.getCountOfSubscriptions()).toBe(1)
    for (const state of ['active', 'terminated']) {
      const notified = dialog.request({ method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': state } })
      phone.respond(await phone.hearsRequest('NOTIFY'), 200)
      await notified
    }
    expect(dialog.getCountOfSubscriptions()).toBe(0)
    phone.send(phone.request(inDialog(subscribe, accepted, { method: 'SUBSCRIBE', cseq: 2, headers: [['Event', 'presence']] })))
    expect(await phone.hearsResponse(481, 'SUBSCRIBE')).toBeDefined()
  })

  it('a call over a connection that the server has opened to it', async () => {
    await open(100)
    const listening = await openSrfListener()
    const outbound = await openSipdStage({ outbound: [{ method: 'INVITE', protocol: 'tcp', address: '127.0.0.1', port: listening.port }] })
    try {
      const caller = await outbound.udpPeer()
      const invite = caller.request({ method: 'INVITE', body: offer })
      caller.send(invite)
      const answer = await caller.hearsResponse(200, 'INVITE')
      caller.send(caller.request(inDialog(invite, answer, { method: 'ACK' })))
      const destroyed = happens(await listening.answered, 'destroy')
      caller.send(caller.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
      await Promise.all([destroyed, caller.hearsResponse(200, 'BYE')])
    } finally {
      await outbound.close()
      await listening.close()
    }
  })
})
