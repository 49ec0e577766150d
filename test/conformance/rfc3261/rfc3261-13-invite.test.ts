import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createSrf } from '../../../src/srf/srf.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { inDialog, offer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
afterEach(() => stage.close())

describe('an INVITE that an application answers (RFC 3261 §13.3)', () => {
  beforeEach(async () => {
    stage = await openSipdStage({ t1: 20 })
  })

  it('retransmits the 2xx until the ACK arrives, and reports the ACK to the application (§13.3.1.4)', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const arrived = await application.arrives('INVITE')
    const answered = await application.respond(arrived, 200, [], offer)
    await phone.hearsResponse(200, 'INVITE')
    const second = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, second, { method: 'ACK' })))
    const ack = await application.arrives('ACK')
    expect([ack.txnId, ack.dialogId]).toEqual([arrived.txnId, answered.dialogId])
  })

  it('retransmits the 2xx over TCP, too: the ACK may be lost behind a proxy (§13.3.1.4)', async () => {
    const application = await stage.application()
    const phone = await stage.tcpPhone()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    await application.respond(await application.arrives('INVITE'), 200, [], offer)
    await phone.hearsResponse(200, 'INVITE')
    expect(await phone.hearsResponse(200, 'INVITE')).toBeDefined()
  })

  it('retransmits the 2xx at intervals that double up to T2 and no further (§13.3.1.4)', async () => {
    await stage.close()
    stage = await openSipdStage({ t1: 20, t2: 40 })
    const application = await stage.application()
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    await application.respond(await application.arrives('INVITE'), 200, [], offer)
    await phone.hearsRequest('BYE')
    // 33 by the RFC, on a machine that is not busy; were they to double on and on, 7.
    expect(phone.untaken.filter((name) => name === '200 INVITE').length).toBeGreaterThan(12)
  })

  it('ends the session with BYE if no ACK comes for 64 × T1, and reports it to the application (§13.3.1.4)', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const answered = await application.respond(await application.arrives('INVITE'), 200, [], offer)
    const bye = await phone.hearsRequest('BYE')
    expect(bye.first('Reason')).toBe('SIP;cause=200;text="ACK timeout"')
    const told = await application.arrives('BYE')
    expect([told.words[2], told.txnId, told.dialogId]).toEqual(['application', 'unsolicited', answered.dialogId])
  })

  it('adds a tag, a Contact and the Record-Route of the request to a response that makes a dialog (§12.1.1)', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    const routes = '<sip:127.0.0.1:9;lr>, <sip:127.0.0.2:9;lr>'
    phone.send(phone.request({ method: 'INVITE', body: offer, headers: [['Record-Route', routes]] }))
    await application.respond(await application.arrives('INVITE'), 180)
    const ringing = await phone.hearsResponse(180)
    expect([ringing.to.tag !== '', ringing.has('Contact'), ringing.first('Record-Route')]).toEqual([true, true, routes])
  })

  it('keeps one tag through all responses, and lets the application choose it with the first', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const arrived = await application.arrives('INVITE')
    await application.respond(arrived, 180, [['To', '<sip:app@127.0.0.1>;tag=chosen']])
    await application.respond(arrived, 486)
    expect((await phone.hearsResponse(180)).to.tag).toBe('chosen')
    expect((await phone.hearsResponse(486)).to.tag).toBe('chosen')
  })

  it('sends 408 for an application that never responds: nobody waits forever', async () => {
    await stage.application()
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    expect(await phone.hearsResponse(408)).toBeDefined()
  })

  it('sends 504 to another request before the far end gives up, and never 408 (RFC 4320 §4.2)', async () => {
    await stage.application(['options'])
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'OPTIONS' }))
    expect(await phone.hearsResponse(504)).toBeDefined()
  })
})

describe('CANCEL from the network (RFC 3261 §9.2)', () => {
  beforeEach(async () => {
    stage = await openSipdStage()
  })

  async function ringing() {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const arrived = await application.arrives('INVITE')
    await application.respond(arrived, 180)
    const response = await phone.hearsResponse(180)
    const cancel = phone.request({
      method: 'CANCEL',
      uri: invite.uri,
      callId: invite.callId,
      fromTag: invite.from.tag,
      branch: invite.topVia.branch,
    })
    return { application, phone, invite, arrived, response, cancel }
  }

  it('sends 200 to the CANCEL and 487 to the INVITE, with the same tag, and reports it to the application', async () => {
    const { application, phone, arrived, cancel } = await ringing()
    phone.send(cancel)
    const [ok, terminated] = [await phone.hearsResponse(200, 'CANCEL'), await phone.hearsResponse(487, 'INVITE')]
    expect(ok.to.tag).toBe(terminated.to.tag)
    expect((await application.arrives('CANCEL')).txnId).toBe(arrived.txnId)
    const late = await application.respond(arrived, 200, [], offer)
    expect(late.words.slice(3)).toEqual(['NOK', 'Response not sent due to unknown transaction'])
  })

  it('has no effect after a final response but its own 200', async () => {
    const { application, phone, arrived, cancel } = await ringing()
    await application.respond(arrived, 200, [], offer)
    await phone.hearsResponse(200, 'INVITE')
    phone.send(cancel)
    expect(await phone.hearsResponse(200, 'CANCEL')).toBeDefined()
    expect(application.untaken).toEqual([])
  })

  it('ends a ringing INVITE with 487 if BYE comes in its early dialog, and responds to the BYE (§15.1.2)', async () => {
    const { application, phone, invite, response } = await ringing()
    phone.send(phone.request(inDialog(invite, response, { method: 'BYE', cseq: 2 })))
    expect(await phone.hearsResponse(487, 'INVITE')).toBeDefined()
    expect(await phone.hearsResponse(200, 'BYE')).toBeDefined()
    expect(await application.arrives('CANCEL')).toBeDefined()
  })
})

describe('an INVITE that an application sends (RFC 3261 §13.2)', () => {
  beforeEach(async () => {
    stage = await openSipdStage({ t1: 50 })
  })

  async function calling() {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    const sent = await application.request('INVITE', phone.uri, [], offer)
    const invite = await phone.hearsRequest('INVITE')
    return { application, phone, invite, txnId: sent.words[10] ?? '' }
  }

  it('acknowledges every copy of the 2xx with the same ACK (§13.2.2.4)', async () => {
    const { application, phone, invite } = await calling()
    phone.respond(invite, 200, [], offer)
    const answered = await application.arrives('200')
    await application.requestInDialog(answered.dialogId, 'ACK')
    const first = await phone.hearsRequest('ACK')
    phone.respond(invite, 200, [], offer)
    const second = await phone.hearsRequest('ACK')
    expect(second.toBuffer().toString()).toBe(first.toBuffer().toString())
    expect(application.untaken).toEqual([])
  })

  it('gives the ACK the number and the credentials of the INVITE (§13.2.2.4)', async () => {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    await application.request(
      'INVITE',
      phone.uri,
      [
        ['Authorization', 'Digest username="u"'],
        ['CSeq', '77 INVITE'],
      ],
      offer,
    )
    phone.respond(await phone.hearsRequest('INVITE'), 200, [], offer)
    await application.requestInDialog((await application.arrives('200')).dialogId, 'ACK')
    const ack = await phone.hearsRequest('ACK')
    expect([ack.cseq.number, ack.first('Authorization')]).toEqual([77, 'Digest username="u"'])
  })

  it('makes an early dialog of each fork, and acknowledges and ends the 2xx of another branch than the first (§13.2.2.4)', async () => {
    const { application, phone, invite } = await calling()
    phone.respond(invite, 180, [['To', `<${phone.uri}>;tag=one`]])
    phone.respond(invite, 180, [['To', `<${phone.uri}>;tag=two`]])
    phone.respond(invite, 200, [['To', `<${phone.uri}>;tag=one`]], offer)
    phone.respond(invite, 200, [['To', `<${phone.uri}>;tag=two`]], offer)
    const answered = await application.arrives('200')
    await application.requestInDialog(answered.dialogId, 'ACK')
    const acks = [await phone.hearsRequest('ACK'), await phone.hearsRequest('ACK')]
    expect(acks.map((ack) => ack.to.tag).sort()).toEqual(['one', 'two'])
    expect((await phone.hearsRequest('BYE')).to.tag).toBe('two')
    expect(application.untaken.filter((name) => name.startsWith('BYE'))).toEqual([])
    await application.requestInDialog(answered.dialogId, 'INFO')
    expect((await phone.hearsRequest('INFO')).to.tag).toBe('one')
  })

  it('sends CANCEL only after a provisional response (§9.1), and delivers the 487', async () => {
    const { application, phone, invite, txnId } = await calling()
    expect((await application.cancel(txnId)).verdict).toBe('OK')
    expect(phone.untaken).not.toContain('CANCEL')
    phone.respond(invite, 180)
    const cancel = await phone.hearsRequest('CANCEL')
    expect([cancel.topVia.branch, cancel.cseq.number]).toEqual([invite.topVia.branch, invite.cseq.number])
    phone.respond(cancel, 200)
    phone.respond(invite, 487)
    expect(await application.arrives('487')).toBeDefined()
    expect(await phone.hearsRequest('ACK')).toBeDefined()
  })

  it('ends a call whose 2xx crossed the CANCEL as soon as it is acknowledged (§15)', async () => {
    const { application, phone, invite, txnId } = await calling()
    phone.respond(invite, 180)
    await application.arrives('180')
    phone.respond(invite, 200, [], offer)
    await application.cancel(txnId)
    const answered = await application.arrives('200')
    await application.requestInDialog(answered.dialogId, 'ACK')
    await phone.hearsRequest('ACK')
    expect((await phone.hearsRequest('BYE')).first('Reason')).toContain('ACK-BYE due to cancel race condition')
    expect((await application.arrives('BYE')).txnId).toBe('unsolicited')
  })

  it('reports a silent far end as 408 (§8.1.3.1)', async () => {
    const { application } = await calling()
    const failed = await application.arrives('408')
    expect(failed.words.slice(2, 7)).toEqual(['network', '0', 'udp', '', '0'])
  })
})

describe('an INVITE that rings too long (RFC 3261 §16.6, Timer C)', () => {
  it('is cancelled after three minutes without another response, and not before', async () => {
    const clock = createManualClock()
    stage = await openSipdStage({ clock })
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    await application.request('INVITE', phone.uri, [], offer)
    const invite = await phone.hearsRequest('INVITE')
    for (const status of [180, 183]) {
      phone.respond(invite, status)
      await application.arrives(String(status))
      clock.advance(180_000)
      // Whatever was sent before it has come before its answer.
      phone.send(phone.request({ method: 'OPTIONS' }))
      await phone.hearsResponse(503)
      expect(phone.untaken).toEqual([])
    }
    clock.advance(6_000)
    expect((await phone.hearsRequest('CANCEL')).topVia.branch).toBe(invite.topVia.branch)
  })

  it('is cancelled too if nothing follows its 100, so that a re-INVITE does not hold up the dialog for ever', async () => {
    const clock = createManualClock()
    stage = await openSipdStage({ clock })
    const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
    const srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
    const phone = await stage.udpPeer()
    const outgoing = srf.invite(phone.uri, offer)
    phone.respond(await phone.hearsNewRequest('INVITE'), 200, [], offer)
    const answered = await outgoing.result
    if (answered.outcome !== 'answered') throw new Error(answered.outcome)
    await phone.hearsNewRequest('ACK')
    const first = answered.dialog.reinvite(offer)
    const reinvite = await phone.hearsNewRequest('INVITE')
    phone.respond(reinvite, 100)
    phone.send(phone.request({ method: 'OPTIONS' }))
    await phone.hearsResponse(503)
    clock.advance(186_000)
    expect((await phone.hearsNewRequest('CANCEL')).topVia.branch).toBe(reinvite.topVia.branch)
    clock.advance(33_000)
    expect((await first).status).toBe(408)
    const second = answered.dialog.reinvite(offer)
    phone.respond(await phone.hearsNewRequest('INVITE'), 200, [], offer)
    expect((await second).status).toBe(200)
  })
})
