import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newCallId } from '../../../src/sip/ids.js'
import type { SipMessage, SipRequest } from '../../../src/sip/message/message.js'
import { multipart } from '../../../src/sip/message/multipart.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { createRawPhone, type InviteParts, type RawPhone } from '../../support/sip/raw-phone.js'
import { type HeaderList, inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const powerful: HeaderList = [
  ['Alert-Info', '<http://www.example.com>;info=alert-autoanswer;delay=0'],
  ['Call-Info', '<sip:x>;answer-after=0'],
  ['Answer-Mode', 'Auto'],
  ['Priv-Answer-Mode', 'Auto;require'],
  ['P-Auto-Answer', 'normal'],
  ['P-Preferred-Identity', '"Boss" <sip:101@x>'],
  ['P-Asserted-Identity', '"Boss" <sip:101@x>'],
  ['Remote-Party-ID', '"Boss" <sip:101@x>;party=calling'],
  ['Diversion', '<sip:101@x>'],
  ['History-Info', '<sip:101@x>;index=1'],
  ['Geolocation', '<sip:a@x>'],
  ['Replaces', 'a;to-tag=b;from-tag=c'],
  ['Join', 'a;to-tag=b;from-tag=c'],
  ['Reason', 'SIP;cause=200'],
  ['Feature-Caps', '*;+x'],
  ['Accept-Contact', '*;x'],
  ['Reject-Contact', '*;x'],
  ['Request-Disposition', 'no-fork'],
  ['Priority', 'psap-callback'],
  ['X-Answer-After', '0'],
]
/** Replaces of a phone names a dialog of its user, or the call is refused (RFC 3891 §3). */
const ofPhones = powerful.filter(([name]) => name !== 'Replaces')
const names = powerful.map(([name]) => name)
const alerts = ['Alert-Info', 'Call-Info']

/** Callers who try to make a phone answer by itself, or do anything else that only its own server may ask of it. */
describe('a header with power over a phone', () => {
  let office: TestOffice
  let peers: readonly SipPeer[]
  let caller: RawPhone
  let granted: RawPhone
  let callee: SipPeer
  let callerPeer: SipPeer
  let trunk: SipPeer
  let door: SipPeer

  beforeAll(async () => {
    office = await openTestOffice()
    const towards = { port: 0 }
    peers = await Promise.all(Array.from({ length: 5 }, () => openUdpPeer(towards, ['NOTIFY', 'CANCEL', 'BYE'])))
    const [first, second, third, fourth, fifth] = peers
    if (!first || !second || !third || !fourth || !fifth) throw new Error('five peers')
    ;[callerPeer, callee, trunk, door] = [first, second, third, fourth]
    const plan = JSON.parse(planOver(trunk.address, door.address)) as { trunks: Record<string, object> }
    const trunks = { ...plan.trunks, 'line-2': { ...plan.trunks['line-2'], alertInfo: 'yes' } }
    const node = await office.node('paris-1', 'paris', { dialplan: JSON.stringify({ ...plan, trunks, alertInfo: ['102'] }) })
    towards.port = Number(node.udp.split(':')[1])
    const phone = (peer: SipPeer, device: string) => createRawPhone({ peer, device, password: passwordOf(device), domain })
    caller = phone(callerPeer, 'HD0001')
    granted = phone(fifth, 'HD0003')
    await caller.register()
    await granted.register()
    // A Contact with a header in its URI, which must not come back in a Request-URI.
    await phone(callee, 'HD0002').register(`<sip:desk@${callee.address}?Alert-Info=auto>`)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
  }, 60_000)

  afterAll(async () => {
    for (const peer of peers) await peer.close()
    await office.close()
  })

  /** The call as the called phone has it; it is busy. */
  async function called(by: RawPhone, parts: InviteParts): Promise<SipRequest> {
    const { final } = by.dial('101', parts)
    const invite = await callee.hearsRequest('INVITE')
    callee.respond(invite, 486)
    expect((await final).answer.status).toBe(486)
    return invite
  }

  async function calledBy(line: SipPeer, headers: HeaderList): Promise<SipRequest> {
    line.send(line.request({ method: 'INVITE', to: `sip:+33199000101@${domain}`, body: offer, headers, callId: newCallId() }))
    const invite = await callee.hearsRequest('INVITE')
    callee.respond(invite, 486)
    await line.hearsResponse(486)
    return invite
  }

  function carriedBy(message: SipMessage): readonly string[] {
    return names.filter((name) => message.has(name))
  }

  it('stays behind where another phone has sent it', async () => {
    const invite = await called(caller, { headers: ofPhones })
    // Our own.
    expect(carriedBy(invite)).toEqual(['P-Asserted-Identity'])
    expect(invite.first('P-Asserted-Identity')).toContain('<sip:100@')
  })

  it('stays behind where a trunk has sent it', async () => {
    const invite = await calledBy(trunk, powerful)
    expect(carriedBy(invite)).toEqual(['P-Asserted-Identity'])
    expect(invite.first('P-Asserted-Identity')).toBe(`<sip:0101@${domain}>`)
  })

  it('passes only from the user and the trunk that the dial plan names, and only to alert', async () => {
    expect(carriedBy(await called(granted, { headers: ofPhones }))).toEqual([...alerts, 'P-Asserted-Identity'])
    expect(carriedBy(await calledBy(door, powerful))).toEqual([...alerts, 'P-Asserted-Identity'])
  })

  it('stays behind among the parameters of the URI that was dialled', async () => {
    const invite = await called(caller, { uri: `sip:101@${domain};intercom=true;answer-after=0` })
    expect(invite.uri).toBe(`sip:desk@${callee.address}`)
    expect(invite.toBuffer().toString()).not.toMatch(/intercom|answer-after/i)
  })

  it('stays behind among the headers of the URI that was dialled', async () => {
    const invite = await called(caller, { uri: `sip:101@${domain}?Alert-Info=auto&Answer-Mode=Auto` })
    expect(invite.uri).toBe(`sip:desk@${callee.address}`)
    expect(invite.toBuffer().toString()).not.toMatch(/alert-info|answer-mode/i)
  })

  it('stays behind in a body beside the session description', async () => {
    const command = { headers: { 'Content-Type': 'application/x-cisco-remotecc-request+xml' }, content: '<x>answer</x>' }
    const { type, body } = multipart('mixed', [command, { headers: { 'Content-Type': 'application/sdp' }, content: offer }])
    const invite = await called(caller, { body, headers: [['Content-Type', type]] })
    expect([invite.first('Content-Type'), invite.body.toString()]).toEqual(['application/sdp', offer])
  })

  it('stays behind in responses, and in requests within the call', async () => {
    const { final } = caller.dial('101')
    const invite = await callee.hearsRequest('INVITE')
    callee.respond(invite, 180, powerful)
    const ringing = await callerPeer.hearsResponse(180)
    expect(carriedBy(ringing)).toEqual([])
    const answer = callee.respond(invite, 200, powerful, offer)
    const answered = await final
    expect(carriedBy(answered.answer)).toEqual([])
    expect(answer.status).toBe(200)

    let cseq = answered.invite.cseq.number
    const send = (method: string, type: string, body: string): void => {
      const request = callerPeer.request(inDialog(answered.invite, answered.answer, { method, cseq: ++cseq, headers: powerful, body }))
      if (type !== '') request.set('Content-Type', type)
      callerPeer.send(request)
    }
    for (const [method, type] of [
      ['INFO', 'application/x-broadsoft-event+xml'],
      ['INFO', 'application/sdp'],
      ['MESSAGE', 'application/xml'],
      ['UPDATE', 'text/plain'],
    ] as const) {
      send(method, type, '<answer/>')
      const refused = await callerPeer.hearsResponse(415, method)
      expect(refused.first('Accept')).toBeTruthy()
    }
    send('INFO', 'application/dtmf-relay', 'Signal=5\r\nDuration=100\r\n')
    const key = await callee.hearsRequest('INFO')
    expect([carriedBy(key), key.first('Content-Type')]).toEqual([[], 'application/dtmf-relay'])
    callee.respond(key, 200, powerful)
    expect(carriedBy(await callerPeer.hearsResponse(200, 'INFO'))).toEqual([])
    send('BYE', '', '')
    await callee.hearsRequest('BYE')
    expect(callee.untaken).not.toContain('MESSAGE')
  })
})
