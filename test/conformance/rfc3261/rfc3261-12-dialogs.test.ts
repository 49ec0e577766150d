import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inDialog, offer, type RequestParts, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
beforeEach(async () => {
  stage = await openSipdStage({ t1: 50 })
})
afterEach(() => stage.close())

/** A call from a phone, answered and acknowledged. */
async function answeredCall(phone: SipPeer, parts: Partial<RequestParts> = {}) {
  const application = await stage.application()
  const invite = phone.request({ method: 'INVITE', body: offer, ...parts })
  phone.send(invite)
  const arrived = await application.arrives('INVITE')
  const { dialogId } = await application.respond(arrived, 200, [], offer)
  const answer = await phone.hearsResponse(200, 'INVITE')
  phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
  await application.arrives('ACK')
  return { application, phone, invite, answer, dialogId }
}

describe('requests in a dialog (RFC 3261 §12.2)', () => {
  it('go to the remote target with rising numbers and the tags of the dialog (§12.2.1.1)', async () => {
    const { application, phone, invite, answer, dialogId } = await answeredCall(await stage.udpPeer())
    await application.requestInDialog(dialogId, 'INFO')
    await application.requestInDialog(dialogId, 'INFO')
    const [first, second] = [await phone.hearsNewRequest('INFO'), await phone.hearsNewRequest('INFO')]
    expect(first.uri).toBe(phone.uri)
    expect([first.from.tag, first.to.tag]).toEqual([answer.to.tag, invite.from.tag])
    expect(second.cseq.number).toBe(first.cseq.number + 1)
  })

  it('carry the route set, and loose routers leave the target in the Request-URI (§12.2.1.1)', async () => {
    const proxy = await stage.udpPeer()
    const phone = await stage.udpPeer()
    const route = `<sip:${proxy.address};lr>`
    const call = await answeredCall(phone, { headers: [['Record-Route', route]] })
    await call.application.requestInDialog(call.dialogId, 'INFO')
    const info = await proxy.hearsRequest('INFO')
    expect([info.uri, info.first('Route')]).toEqual([phone.uri, route])
  })

  it('put a strict router into the Request-URI and the target at the end of Route (§12.2.1.1)', async () => {
    const proxy = await stage.udpPeer()
    const phone = await stage.udpPeer()
    const call = await answeredCall(phone, { headers: [['Record-Route', `<sip:${proxy.address}>, <sip:127.0.0.9;lr>`]] })
    await call.application.requestInDialog(call.dialogId, 'INFO')
    const info = await proxy.hearsRequest('INFO')
    expect([info.uri, info.list('Route')]).toEqual([`sip:${proxy.address}`, ['<sip:127.0.0.9;lr>', `<${phone.uri}>`]])
  })

  it('follow the Contact of a re-INVITE (§12.2.2)', async () => {
    const moved = await stage.udpPeer()
    const { application, phone, invite, answer, dialogId } = await answeredCall(await stage.udpPeer())
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 2, contact: `<${moved.uri}>`, body: offer })))
    await application.respond(await application.arrives('INVITE'), 200, [], offer)
    const again = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, again, { method: 'ACK', cseq: 2 })))
    await application.arrives('ACK')
    await application.requestInDialog(dialogId, 'INFO')
    expect((await moved.hearsRequest('INFO')).uri).toBe(moved.uri)
  })

  it('get 481 if no dialog has their tags, and 500 if their number is too low (§12.2.2)', async () => {
    const { application, phone, invite, answer } = await answeredCall(await stage.udpPeer())
    phone.send(phone.request({ ...inDialog(invite, answer, { method: 'INFO', cseq: 5 }), toTag: 'other' }))
    expect(await phone.hearsResponse(481)).toBeDefined()
    phone.send(phone.request(inDialog(invite, answer, { method: 'INFO', cseq: 5 })))
    await application.respond(await application.arrives('INFO'), 200)
    await phone.hearsResponse(200, 'INFO')
    phone.send(phone.request(inDialog(invite, answer, { method: 'INFO', cseq: 4 })))
    expect(await phone.hearsResponse(500)).toBeDefined()
  })

  it('end with BYE: later ones get 481, and those of the application are refused (§15)', async () => {
    const { application, phone, invite, answer, dialogId } = await answeredCall(await stage.udpPeer())
    phone.send(phone.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
    const echo = await application.respond(await application.arrives('BYE'), 200)
    expect([echo.verdict, echo.dialogId]).toEqual(['OK', ''])
    phone.send(phone.request(inDialog(invite, answer, { method: 'INFO', cseq: 3 })))
    expect(await phone.hearsResponse(481)).toBeDefined()
    expect((await application.requestInDialog(dialogId, 'INFO')).words[4]).toMatch(/unable to find dialog/)
  })

  it('of another application are refused', async () => {
    const { dialogId } = await answeredCall(await stage.udpPeer())
    const other = await stage.application([])
    expect((await other.requestInDialog(dialogId, 'BYE')).verdict).toBe('NOK')
  })
})

describe('a BYE that is challenged', () => {
  it('may be sent again with credentials, and the dialog is over with the response to it', async () => {
    const { application, phone, dialogId } = await answeredCall(await stage.udpPeer())
    await application.requestInDialog(dialogId, 'BYE')
    phone.respond(await phone.hearsRequest('BYE'), 407, [['Proxy-Authenticate', 'Digest realm="r", nonce="n"']])
    await application.arrives('407')
    expect((await application.requestInDialog(dialogId, 'INFO')).verdict).toBe('NOK')
    await application.requestInDialog(dialogId, 'BYE', [['Proxy-Authorization', 'Digest username="u"']])
    const again = await phone.hearsRequest('BYE')
    expect(again.first('Proxy-Authorization')).toBe('Digest username="u"')
    phone.respond(again, 200)
    await application.arrives('200')
    expect((await application.requestInDialog(dialogId, 'BYE')).verdict).toBe('NOK')
  })
})

describe('INVITE against INVITE (RFC 3261 §14)', () => {
  it('gets 491 while one of ours waits for its response (§14.2)', async () => {
    const { application, phone, invite, answer, dialogId } = await answeredCall(await stage.udpPeer())
    await application.requestInDialog(dialogId, 'INVITE', [], offer)
    await phone.hearsRequest('INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 2, body: offer })))
    expect(await phone.hearsResponse(491)).toBeDefined()
  })

  it('gets 500 and Retry-After while one of theirs waits for its response (§14.2)', async () => {
    const { application, phone, invite, answer } = await answeredCall(await stage.udpPeer())
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 2, body: offer })))
    await application.arrives('INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 3, body: offer })))
    expect((await phone.hearsResponse(500)).has('Retry-After')).toBe(true)
  })
})

describe('the next hop of a phone behind NAT', () => {
  it('is its source address if its Via host is another one', async () => {
    const phone = await stage.udpPeer()
    const hidden = { via: '192.168.7.7:5060', contact: '<sip:phone@192.168.7.7:5060>' }
    const { application, dialogId } = await answeredCall(phone, hidden)
    await application.requestInDialog(dialogId, 'INFO')
    expect((await phone.hearsRequest('INFO')).uri).toBe('sip:phone@192.168.7.7:5060')
  })

  it('is its own connection', async () => {
    const phone = await stage.tcpPhone()
    const { application, dialogId } = await answeredCall(phone, { contact: '<sip:phone@192.168.7.7:5060;transport=tcp>' })
    await application.requestInDialog(dialogId, 'BYE')
    expect((await phone.hearsRequest('BYE')).uri).toBe('sip:phone@192.168.7.7:5060;transport=tcp')
  })

  it('is the address that responded if we called it there', async () => {
    const phone = await stage.udpPeer()
    const application = await stage.application([])
    const contact = 'sip:phone@192.168.7.7:5060'
    await application.request('INVITE', contact, [], offer, phone.uri)
    phone.respond(await phone.hearsRequest('INVITE'), 200, [['Contact', `<${contact}>`]], offer)
    await application.requestInDialog((await application.arrives('200')).dialogId, 'ACK')
    expect((await phone.hearsRequest('ACK')).uri).toBe(contact)
  })
})

describe('an application that disconnects', () => {
  it('leaves nobody waiting: its INVITEs get 480, its dialogs 481', async () => {
    const { application, phone, invite, answer } = await answeredCall(await stage.udpPeer())
    const other = await stage.udpPeer()
    other.send(other.request({ method: 'INVITE', body: offer }))
    await application.arrives('INVITE')
    await application.close()
    expect(await other.hearsResponse(480)).toBeDefined()
    phone.send(phone.request(inDialog(invite, answer, { method: 'INFO', cseq: 2 })))
    expect(await phone.hearsResponse(481)).toBeDefined()
  })

  it('leaves no phone ringing: its attempts are cancelled, and a late answer is ended', async () => {
    const application = await stage.application([])
    const [ringing, answering] = [await stage.udpPeer(), await stage.udpPeer()]
    await application.request('INVITE', ringing.uri, [], offer)
    await application.request('INVITE', answering.uri, [], offer)
    const [first, second] = [await ringing.hearsRequest('INVITE'), await answering.hearsRequest('INVITE')]
    ringing.respond(first, 180)
    answering.respond(second, 180)
    await application.arrives('180')
    await application.arrives('180')
    await application.close()
    expect(await ringing.hearsRequest('CANCEL')).toBeDefined()
    await answering.hearsRequest('CANCEL')
    answering.respond(second, 200, [], offer)
    expect(await answering.hearsRequest('ACK')).toBeDefined()
    expect(await answering.hearsRequest('BYE')).toBeDefined()
  })

  it('leaves the dialogs of others alone', async () => {
    const { application, phone, dialogId } = await answeredCall(await stage.udpPeer())
    const other = await stage.application(['options'])
    await other.close()
    await application.requestInDialog(dialogId, 'INFO')
    expect(await phone.hearsRequest('INFO')).toBeDefined()
  })
})
