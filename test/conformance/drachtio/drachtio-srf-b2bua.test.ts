import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createResponse } from '../../../src/sip/message/builder.js'
import { type HeaderList, inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import type { SipdStage } from '../../support/sip/sipd-stage.js'
import { type CallIn, type Dlg, openSrfStage, type Req, type Srf5, type SrfStage } from '../../support/sip/srf-stage.js'

let application: SrfStage
let stage: SipdStage
let srf: Srf5
let caller: SipPeer
let callee: SipPeer

beforeEach(async () => {
  application = await openSrfStage()
  ;({ stage, srf } = application)
  caller = await stage.udpPeer()
  callee = await stage.udpPeer()
})
afterEach(() => application.close())

const answer = offer.replace('40000', '40100')

/** A call in that `createB2BUA` takes to the callee. */
function bridge(options: object = {}, given: CallIn = {}) {
  return application.callIn(caller, (req, res) => srf.createB2BUA(req, res, callee.uri, options), given)
}

describe('createB2BUA', () => {
  it('passes on a reliable 180, and a PRACK in both directions (RFC 3262)', async () => {
    const { invite, handled } = await bridge({ proxyResponseHeaders: ['all'], responseHeaders: { Contact: 'sip:foo@localhost' } })
    const ringing = await callee.hearsRequest('INVITE')
    const reliable: HeaderList = [
      ['Require', '100rel'],
      ['RSeq', '1'],
      ['Contact', `<${callee.uri}>`],
    ]
    callee.respond(ringing, 180, reliable)
    const prack = await callee.hearsRequest('PRACK')
    expect(prack.first('RAck')).toBe(`1 ${ringing.cseq.number} INVITE`)
    callee.respond(prack, 200)
    const progress = await caller.hearsResponse(180)
    expect(progress.first('Require')).toBe('100rel')
    const headers: HeaderList = [['RAck', `${progress.first('RSeq') ?? ''} 1 INVITE`]]
    caller.send(caller.request(inDialog(invite, progress, { method: 'PRACK', cseq: 2, headers })))
    await caller.hearsResponse(200, 'PRACK')
    callee.respond(ringing, 200, [], answer)
    const accepted = await caller.hearsResponse(200, 'INVITE')
    expect(accepted.contacts[0]?.uri).toBe(`sip:foo@127.0.0.1:${stage.udp}`)
    caller.send(caller.request(inDialog(invite, accepted, { method: 'ACK' })))
    await callee.hearsRequest('ACK')
    await handled
  })

  it('passes an INVITE without a body to the callee, and its offer and the answer in the ACK', async () => {
    const { invite, handled } = await bridge({}, { body: '' })
    const asked = await callee.hearsRequest('INVITE')
    expect(asked.body).toHaveLength(0)
    callee.respond(asked, 200, [], offer)
    const accepted = await caller.hearsResponse(200, 'INVITE')
    expect(String(accepted.body)).toBe(offer)
    caller.send(caller.request(inDialog(invite, accepted, { method: 'ACK', body: answer })))
    expect(String((await callee.hearsRequest('ACK')).body)).toBe(answer)
    await handled
  })

  it('lets the application choose the tag of the dialog on the side of the caller', async () => {
    const { invite, handled } = await bridge({ responseHeaders: (response: Req) => ({ To: `tag=${response.get('Call-ID')}` }) })
    const asked = await callee.hearsRequest('INVITE')
    callee.respond(asked, 200, [], answer)
    const accepted = await caller.hearsResponse(200, 'INVITE')
    expect(accepted.to.tag).toBe(asked.callId)
    caller.send(caller.request(inDialog(invite, accepted, { method: 'ACK' })))
    const { uas } = (await handled) as { uas: Dlg }
    const ended = uas.destroy()
    const bye = await caller.hearsRequest('BYE')
    expect(bye.from.tag).toBe(asked.callId)
    caller.respond(bye, 200)
    await ended
  })

  it('passes on a failure, or leaves it to the application if the application asks for it', async () => {
    const first = await bridge()
    const failed = expect(first.handled).rejects.toMatchObject({ status: 404 })
    callee.respond(await callee.hearsRequest('INVITE'), 404)
    await callee.hearsRequest('ACK')
    await caller.hearsResponse(404, 'INVITE')
    await failed
  })

  it('sends the caller the response of the application, not of the callee', async () => {
    await application.callIn(caller, (req, res) =>
      srf
        .createB2BUA(req, res, callee.uri, { passFailure: false })
        .catch(({ status }: { status: number }) => res.send(status === 404 ? 480 : 500)),
    )
    callee.respond(await callee.hearsRequest('INVITE'), 404)
    expect(await caller.hearsResponse(480, 'INVITE')).toBeDefined()
  })

  it.each([
    ['has no Contact', null],
    ['has a Contact that is none', 'nowhere'],
  ])('accepts a 200 that %s (RFC 3261 §13.3.1.4): later requests go to the target of the INVITE', async (_, contact) => {
    const { invite, handled } = await bridge()
    const asked = await callee.hearsRequest('INVITE')
    const accepted = createResponse(asked, 200, 'OK', 'callee')
    if (contact !== null) accepted.set('Contact', contact)
    accepted.set('Content-Type', 'application/sdp')
    accepted.body = Buffer.from(answer)
    callee.send(accepted)
    const heard = await caller.hearsResponse(200, 'INVITE')
    caller.send(caller.request(inDialog(invite, heard, { method: 'ACK' })))
    await callee.hearsRequest('ACK')
    const { uac } = (await handled) as { uac: Dlg }
    const ended = uac.destroy()
    const bye = await callee.hearsRequest('BYE')
    expect(bye.uri).toBe(asked.uri)
    callee.respond(bye, 200)
    await ended
  })

  it('passes on chosen headers and the name of the caller, and sends headers of its own to the caller', async () => {
    const headers: HeaderList = [['Subject', 'a call']]
    const { invite, handled } = await bridge(
      { proxyRequestHeaders: ['Subject'], proxyResponseHeaders: ['Subject'], responseHeaders: () => ({ 'X-Color': 'green' }) },
      { headers, from: '"Zoe" <sip:100@test.invalid>' },
    )
    const asked = await callee.hearsRequest('INVITE')
    expect([asked.first('Subject'), asked.from.display]).toEqual(['a call', 'Zoe'])
    callee.respond(asked, 200, [['Subject', 'an answer']], answer)
    const accepted = await caller.hearsResponse(200, 'INVITE')
    expect([accepted.first('Subject'), accepted.first('X-Color')]).toEqual(['an answer', 'green'])
    caller.send(caller.request(inDialog(invite, accepted, { method: 'ACK' })))
    await handled
  })

  it('holds a re-INVITE of the callee until the caller has sent its ACK', async () => {
    const { invite, handled } = await application.callIn(caller, async (req, res) => {
      const { uas, uac } = await srf.createB2BUA(req, res, callee.uri)
      uac.on('modify', (again: Req, reply: { send(status: number, options: object): void }) => {
        void uas.modify(again.body).then((body) => reply.send(200, { body }))
      })
    })
    const asked = await callee.hearsRequest('INVITE')
    callee.respond(asked, 200, [], answer)
    const accepted = await caller.hearsResponse(200, 'INVITE')
    await callee.hearsRequest('ACK')
    const { from, contacts, callId } = asked
    const again = callee.request({
      method: 'INVITE',
      uri: contacts[0]?.uri ?? '',
      to: from.uri,
      toTag: from.tag,
      fromTag: callee.tag,
      callId,
      body: offer.replace('40000', '40102'),
    })
    callee.send(again)
    await callee.hearsResponse(100, 'INVITE')
    expect(caller.untaken).not.toContain('INVITE')
    caller.send(caller.request(inDialog(invite, accepted, { method: 'ACK' })))
    const changed = await caller.hearsRequest('INVITE')
    expect(String(changed.body)).toContain('40102')
    caller.respond(changed, 200, [], offer)
    await caller.hearsRequest('ACK')
    expect(String((await callee.hearsResponse(200, 'INVITE')).body)).toBe(offer)
    await handled
  })
})

describe('an attended transfer across two servers', () => {
  let second: SrfStage
  beforeEach(async () => {
    second = await openSrfStage()
  })
  afterEach(() => second.close())

  it('REFER in one call names the other; both callers are re-invited to each other and the middle leaves', async () => {
    const answered: { req: Req; dialog: Dlg }[] = []
    const bothAnswered = new Promise<void>((resolve) => {
      second.srf.invite((req, res) => {
        void second.srf.createUAS(req, res, { localSdp: answer }).then((dialog) => {
          answered.push({ req, dialog })
          if (answered.length === 2) resolve()
        })
      })
    })
    await second.routed(callee)
    srf.invite((req, res) => {
      void srf.createB2BUA(req, res, `sip:uas@127.0.0.1:${second.stage.udp}`).then(({ uas, uac }) => {
        uac.on('refer', (refer: Req, reply: { send(status: number): void }) => {
          reply.send(202)
          const [, callId = '', tag = ''] = /Replaces=(.*);from-tag=(.*);to-tag/.exec(decodeURIComponent(refer.get('Refer-To'))) ?? []
          const other = srf.findDialogByCallIDAndFromTag(callId, tag)?.other
          if (other) void transfer(other, uas)
        })
      })
    })
    await application.routed(caller)
    const callers = [caller, callee]
    for (const phone of callers) {
      const invite = phone.request({ method: 'INVITE', body: offer.replace('40000', String(phone.port)) })
      phone.send(invite)
      const accepted = await phone.hearsResponse(200, 'INVITE')
      phone.send(phone.request(inDialog(invite, accepted, { method: 'ACK' })))
    }
    await bothAnswered
    const [first, last] = answered
    const replaces = `Replaces=${first?.req.get('Call-ID')};from-tag=${first?.req.getParsedHeader('From').params.tag};to-tag=x`
    const sent = last?.dialog.request({ method: 'REFER', headers: { 'Refer-To': `sip:foo@bar?${encodeURIComponent(replaces)}` } })
    for (const [at, phone] of callers.entries()) {
      const again = await phone.hearsRequest('INVITE')
      expect(String(again.body)).toContain(`m=audio ${callers[1 - at]?.port} `)
      phone.respond(again, 200, [], offer.replace('40000', String(phone.port)))
      await phone.hearsRequest('ACK')
    }
    for (const phone of callers) phone.respond(await phone.hearsRequest('BYE'), 200)
    await sent
  })

  async function transfer(transferee: Dlg, transferor: Dlg): Promise<void> {
    await transferee.modify(transferor.remote.sdp)
    await transferor.modify(transferee.remote.sdp)
    await Promise.all([transferee.destroy(), transferor.destroy()])
  }
})
