import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import type { SipdStage } from '../../support/sip/sipd-stage.js'
import { type Dlg, happens, openSrfStage, type Req, type Res, type Srf5, type SrfStage } from '../../support/sip/srf-stage.js'

let application: SrfStage
let stage: SipdStage
let srf: Srf5

beforeEach(async () => {
  application = await openSrfStage()
  ;({ stage, srf } = application)
})
afterEach(() => application.close())

const callIn: SrfStage['callIn'] = (...parts) => application.callIn(...parts)

describe('drachtio-srf answers calls', () => {
  it('createUAS: 200, ACK, BYE from the phone', async () => {
    const phone = await stage.udpPeer()
    const { invite, handled } = await callIn(phone, (req, res) => srf.createUAS(req, res, { localSdp: offer }))
    const answer = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
    const dialog = (await handled) as Dlg
    const destroyed = happens(dialog, 'destroy')
    phone.send(phone.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
    await destroyed
    expect(await phone.hearsResponse(200, 'BYE')).toBeDefined()
  })

  it('receives a BYE that comes right behind the ACK', async () => {
    const phone = await stage.udpPeer()
    const destroyed = new Promise<void>((resolve) => {
      void callIn(phone, async (req, res) => {
        const dialog = await srf.createUAS(req, res, { localSdp: offer })
        dialog.on('destroy', () => resolve())
      }).then(async ({ invite }) => {
        const answer = await phone.hearsResponse(200, 'INVITE')
        phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
        phone.send(phone.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
      })
    })
    await destroyed
    expect(await phone.hearsResponse(200, 'BYE')).toBeDefined()
  })

  it('hold, INFO, UPDATE, MESSAGE and REFER from the phone reach the dialog', async () => {
    const phone = await stage.udpPeer()
    const { invite, handled } = await callIn(phone, (req, res) => srf.createUAS(req, res, { localSdp: offer }))
    const answer = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
    const dialog = (await handled) as Dlg
    for (const [at, method] of ['INFO', 'UPDATE', 'MESSAGE', 'REFER'].entries()) {
      dialog.on(method.toLowerCase(), (_req: Req, res: Res) => res.send(202))
      phone.send(phone.request(inDialog(invite, answer, { method, cseq: at + 2 })))
      expect(await phone.hearsResponse(202, method)).toBeDefined()
    }
    dialog.on('modify', (_req: Req, res: Res) => res.send(200, { body: offer }))
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 9, body: offer.replace('40000', '40002') })))
    const again = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, again, { method: 'ACK', cseq: 9 })))
    const ended = dialog.destroy()
    phone.respond(await phone.hearsRequest('BYE'), 200)
    await ended
  })

  it('a reliable 183 waits for its PRACK, and the 200 behind it', async () => {
    const phone = await stage.udpPeer()
    const { invite } = await callIn(phone, (_req, res) => {
      res.send(183, { headers: { Require: '100rel' }, body: offer })
      res.send(200, { body: offer })
    })
    const progress = await phone.hearsResponse(183)
    expect(progress.has('RSeq')).toBe(true)
    // It is retransmitted until the PRACK, and nothing else is sent (RFC 3262 §3).
    await phone.hearsResponse(183)
    expect(phone.untaken).not.toContain('200 INVITE')
    phone.send(
      phone.request(
        inDialog(invite, progress, { method: 'PRACK', cseq: 2, headers: [['RAck', `${progress.first('RSeq') ?? ''} 1 INVITE`]] }),
      ),
    )
    expect(await phone.hearsResponse(200, 'INVITE')).toBeDefined()
  })

  it('a CANCEL reaches the request', async () => {
    const phone = await stage.udpPeer()
    const cancelled = new Promise<void>((resolve) => {
      void callIn(phone, (req, res) => {
        req.on('cancel', () => resolve())
        res.send(180)
      }).then(async ({ invite }) => {
        await phone.hearsResponse(180)
        const { branch } = invite.topVia
        phone.send(phone.request({ method: 'CANCEL', uri: invite.uri, callId: invite.callId, fromTag: invite.from.tag, branch }))
      })
    })
    await cancelled
    expect(await phone.hearsResponse(487, 'INVITE')).toBeDefined()
  })
})

describe('drachtio-srf calls', () => {
  it('createUAC with a challenge: the second INVITE carries credentials, and the call is established', async () => {
    const phone = await stage.udpPeer()
    const calling = srf.createUAC(phone.uri, { localSdp: offer, auth: { username: 'u', password: 'p' } })
    const challenge = [['WWW-Authenticate', 'Digest realm="r", nonce="n", qop="auth"']] as const
    phone.respond(await phone.hearsRequest('INVITE'), 401, challenge)
    await phone.hearsRequest('ACK')
    const again = await phone.hearsRequest('INVITE')
    expect(again.first('Authorization')).toContain('username="u"')
    phone.respond(again, 200, [], offer)
    const dialog = await calling
    await phone.hearsRequest('ACK')
    const ended = dialog.destroy()
    phone.respond(await phone.hearsRequest('BYE'), 200)
    await ended
  })

  it('BYE and re-INVITE are repeated with credentials when they are challenged', async () => {
    const phone = await stage.udpPeer()
    const calling = srf.createUAC(phone.uri, { localSdp: offer, auth: { username: 'u', password: 'p' } })
    phone.respond(await phone.hearsRequest('INVITE'), 200, [], offer)
    const dialog = await calling
    await phone.hearsRequest('ACK')
    const challenge = [['Proxy-Authenticate', 'Digest realm="r", nonce="n"']] as const
    const modified = dialog.modify(offer)
    phone.respond(await phone.hearsRequest('INVITE'), 407, challenge)
    phone.respond(await phone.hearsRequest('INVITE'), 200, [], offer)
    await modified
    await phone.hearsRequest('ACK')
    const ended = dialog.destroy()
    const bye = await phone.hearsRequest('BYE')
    phone.respond(bye, 407, challenge)
    const again = await phone.hearsRequest('BYE')
    expect([again.cseq.number > bye.cseq.number, again.has('Proxy-Authorization')]).toEqual([true, true])
    phone.respond(again, 200)
    await ended
  })

  it('a refusal arrives with its status, and an unanswered call is cancelled', async () => {
    const phone = await stage.udpPeer()
    let cancelled: Promise<Dlg> | null = null
    const refused = srf.createUAC(phone.uri, { localSdp: offer })
    phone.respond(await phone.hearsRequest('INVITE'), 486)
    await expect(refused).rejects.toMatchObject({ status: 486 })
    await phone.hearsRequest('ACK')
    const ringing = new Promise<void>((resolve) => {
      let request: Req | null = null
      const callbacks = {
        cbRequest: (_fault: unknown, sent: Req) => {
          request = sent
        },
        cbProvisional: () => {
          request?.cancel()
          resolve()
        },
      }
      cancelled = srf.createUAC(phone.uri, { localSdp: offer }, callbacks)
    })
    const invite = await phone.hearsRequest('INVITE')
    phone.respond(invite, 180)
    await ringing
    phone.respond(await phone.hearsRequest('CANCEL'), 200)
    phone.respond(invite, 487)
    await expect(cancelled).rejects.toMatchObject({ status: 487 })
  })

  it('a port without a listener causes 503', async () => {
    const phone = await stage.udpPeer()
    await phone.close()
    await expect(srf.createUAC(phone.uri, { localSdp: offer })).rejects.toMatchObject({ status: 503 })
  })
})

describe('drachtio-srf between two phones', () => {
  async function bridged(caller: SipPeer, callee: SipPeer) {
    const { invite, handled } = await callIn(caller, (req, res) => srf.createB2BUA(req, res, callee.uri, { localSdpB: req.body }))
    const ringing = await callee.hearsRequest('INVITE')
    callee.respond(ringing, 180)
    await caller.hearsResponse(180)
    callee.respond(ringing, 200, [], offer)
    const answer = await caller.hearsResponse(200, 'INVITE')
    caller.send(caller.request(inDialog(invite, answer, { method: 'ACK' })))
    await callee.hearsRequest('ACK')
    const { uas, uac } = (await handled) as { uas: Dlg; uac: Dlg }
    uas.on('destroy', () => void uac.destroy())
    uac.on('destroy', () => void uas.destroy())
    return { invite, answer, ringing }
  }

  it('createB2BUA: ringing, answer, and BYE from the caller', async () => {
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    const { invite, answer } = await bridged(caller, callee)
    caller.send(caller.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
    callee.respond(await callee.hearsRequest('BYE'), 200)
    expect(await caller.hearsResponse(200, 'BYE')).toBeDefined()
  })

  it('createB2BUA over TCP, and BYE from the callee on the connections that are there', async () => {
    const [caller, callee] = [await stage.tcpPhone(), await stage.udpPeer()]
    const { ringing } = await bridged(caller, callee)
    const bye = callee.request({
      method: 'BYE',
      uri: ringing.contacts[0]?.uri ?? '',
      to: ringing.from.uri,
      toTag: ringing.from.tag,
      fromTag: callee.tag,
      callId: ringing.callId,
    })
    callee.send(bye)
    expect(await callee.hearsResponse(200, 'BYE')).toBeDefined()
    caller.respond(await caller.hearsRequest('BYE'), 200)
  })

  it('createB2BUA: a CANCEL goes through, and a refusal comes back', async () => {
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    const { invite, handled } = await callIn(caller, (req, res) => srf.createB2BUA(req, res, callee.uri, { localSdpB: req.body }))
    const failed = expect(handled).rejects.toBeDefined()
    const ringing = await callee.hearsRequest('INVITE')
    callee.respond(ringing, 180)
    await caller.hearsResponse(180)
    const { branch } = invite.topVia
    caller.send(caller.request({ method: 'CANCEL', uri: invite.uri, callId: invite.callId, fromTag: invite.from.tag, branch }))
    callee.respond(await callee.hearsRequest('CANCEL'), 200)
    callee.respond(ringing, 487)
    expect(await caller.hearsResponse(487, 'INVITE')).toBeDefined()
    await failed
  })

  it('proxyRequest forks, and stays in the dialog', async () => {
    const [caller, first, second] = [await stage.udpPeer(), await stage.udpPeer(), await stage.udpPeer()]
    const { invite } = await callIn(caller, (req) =>
      srf.proxyRequest(req, [first.uri, second.uri], { forking: 'simultaneous', recordRoute: true }),
    )
    const [one, two] = [await first.hearsRequest('INVITE'), await second.hearsRequest('INVITE')]
    first.respond(one, 180)
    second.respond(two, 200, [['Record-Route', two.first('Record-Route') ?? '']], offer)
    first.respond(await first.hearsRequest('CANCEL'), 200)
    first.respond(one, 487)
    const answer = await caller.hearsResponse(200, 'INVITE')
    const route = [['Route', answer.first('Record-Route') ?? '']] as const
    caller.send(caller.request(inDialog(invite, answer, { method: 'ACK', headers: route })))
    expect((await second.hearsRequest('ACK')).vias).toHaveLength(2)
    caller.send(caller.request(inDialog(invite, answer, { method: 'BYE', cseq: 2, headers: route })))
    second.respond(await second.hearsRequest('BYE'), 200)
    expect((await caller.hearsResponse(200, 'BYE')).vias).toHaveLength(1)
  })
})

describe('drachtio-srf beside calls', () => {
  it('REGISTER, SUBSCRIBE with NOTIFY, and REFER outside a dialog', async () => {
    const phone = await stage.udpPeer()
    srf.register((_req, res) => res.send(200, { headers: { Contact: phone.uri, Expires: '60' } }))
    srf.refer((_req, res) => res.send(202))
    srf.subscribe((req, res) => {
      void srf
        .createUAS(req, res, { headers: { Expires: '600' } })
        .then((dialog) => dialog.request({ method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'active' } }))
    })
    await application.routed(phone)
    phone.send(phone.request({ method: 'REGISTER' }))
    expect((await phone.hearsResponse(200, 'REGISTER')).first('Expires')).toBe('60')
    phone.send(phone.request({ method: 'REFER', headers: [['Refer-To', '<sip:x@127.0.0.1>']] }))
    expect(await phone.hearsResponse(202, 'REFER')).toBeDefined()
    const subscribe = phone.request({ method: 'SUBSCRIBE', headers: [['Event', 'presence']] })
    phone.send(subscribe)
    const accepted = await phone.hearsResponse(202, 'SUBSCRIBE').catch(() => phone.hearsResponse(200, 'SUBSCRIBE'))
    const notify = await phone.hearsRequest('NOTIFY')
    expect([notify.from.tag, notify.to.tag]).toEqual([accepted.to.tag, subscribe.from.tag])
    phone.respond(notify, 200)
  })
})
