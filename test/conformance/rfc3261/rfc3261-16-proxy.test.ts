import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Heard, WireApplication } from '../../support/admin-wire/wire-application.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
beforeEach(async () => {
  stage = await openSipdStage({ t1: 20 })
})
afterEach(() => stage.close())

interface Plan {
  readonly flags?: string
  readonly forking?: 'serial' | 'simultaneous'
  readonly times?: string
  readonly headers?: string
}

function proxy(application: WireApplication, arrived: Heard, to: readonly Pick<SipPeer, 'uri'>[], plan: Plan = {}): Promise<Heard> {
  const { flags = '|fullResponse|', forking = 'serial', times = '|', headers = '' } = plan
  const targets = to.map(({ uri }) => uri).join('|')
  return application.command(`proxy|${arrived.txnId}|${flags}|${forking}|${times}|${targets}\r\nINVITE sip:x SIP/2.0\r\n${headers}\r\n`)
}

async function called(headers: readonly (readonly [string, string])[] = []) {
  const application = await stage.application()
  const caller = await stage.udpPeer()
  const invite = caller.request({ method: 'INVITE', to: `sip:bob@127.0.0.1:${stage.udp}`, body: offer, headers })
  caller.send(invite)
  return { application, caller, invite, arrived: await application.arrives('INVITE') }
}

const done = (application: WireApplication): Promise<Heard> => application.hears('done', ({ words }) => words[4] === 'done')

describe('a request that an application forwards (RFC 3261 §16.6)', () => {
  it('has our Via on top, a lower Max-Forwards and the header fields that the application adds', async () => {
    const { application, caller, arrived } = await called()
    const callee = await stage.udpPeer()
    void proxy(application, arrived, [callee], { headers: 'X-Proxy: yes\r\n' }).catch(() => undefined)
    const invite = await callee.hearsRequest('INVITE')
    expect([invite.uri, invite.vias.length, invite.first('Max-Forwards'), invite.first('X-Proxy')]).toEqual([callee.uri, 2, '69', 'yes'])
    expect(invite.has('Record-Route')).toBe(false)
    callee.respond(invite, 486)
    expect((await caller.hearsResponse(486)).vias).toHaveLength(1)
    await done(application)
  })

  it('leaves no dialog whose requests would be forwarded if no target accepts it', async () => {
    const { application, caller, invite, arrived } = await called()
    const callee = await stage.udpPeer()
    void proxy(application, arrived, [callee], { flags: 'remainInDialog|fullResponse|' }).catch(() => undefined)
    callee.respond(await callee.hearsRequest('INVITE'), 486)
    const refusal = await caller.hearsResponse(486)
    await done(application)
    caller.send(caller.request(inDialog(invite, refusal, { method: 'BYE', uri: callee.uri, cseq: 2 })))
    expect(await caller.hearsResponse(481, 'BYE')).toBeDefined()
  })

  it('is refused with 483 if Max-Forwards is 0', async () => {
    const application = await stage.application()
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    const invite = caller.request({ method: 'INVITE', body: offer })
    invite.set('Max-Forwards', '0')
    caller.send(invite)
    const answer = await proxy(application, await application.arrives('INVITE'), [callee])
    expect(answer.words[4]).toMatch(/^Rejected with 483/)
    expect(await caller.hearsResponse(483)).toBeDefined()
  })

  it('may ring for longer than an application has time to respond', async () => {
    await stage.close()
    const clock = createManualClock(Date.UTC(2026, 0, 1))
    stage = await openSipdStage({ clock })
    const { application, caller, arrived } = await called()
    const callee = await stage.udpPeer()
    void proxy(application, arrived, [callee]).catch(() => undefined)
    const invite = await callee.hearsRequest('INVITE')
    callee.respond(invite, 180)
    await caller.hearsResponse(180)
    clock.advance(128 * 500 + 1_000)
    callee.respond(invite, 200, [], offer)
    const final = await caller.hears('a final response', (heard) => heard.kind === 'response' && heard.status >= 200)
    expect(final).toMatchObject({ status: 200 })
  })

  it.each([
    ['simultaneous forking: a target without a transport does not end the request', 'simultaneous', 'sip:x@127.0.0.1:9;transport=tls'],
    ['serial forking: a target that is listed twice is tried once, then the next', 'serial', null],
  ] as const)('%s', async (_title, forking, unreachable) => {
    const { application, caller, arrived } = await called()
    const [busy, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    const first = unreachable === null ? [busy, busy] : [{ uri: unreachable }]
    void proxy(application, arrived, [...first, callee], { forking }).catch(() => undefined)
    if (unreachable === null) busy.respond(await busy.hearsRequest('INVITE'), 486)
    callee.respond(await callee.hearsRequest('INVITE'), 200)
    const final = await caller.hears('a final response', (heard) => heard.kind === 'response' && heard.status >= 200)
    expect(final).toMatchObject({ status: 200 })
    await done(application)
  })

  it('keeps a Request-URI that is not ours: the target is only the next hop', async () => {
    const application = await stage.application()
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    caller.send(caller.request({ method: 'INVITE', to: 'sip:bob@example.org', body: offer }))
    void proxy(application, await application.arrives('INVITE'), [callee]).catch(() => undefined)
    const invite = await callee.hearsRequest('INVITE')
    expect(invite.uri).toBe('sip:bob@example.org')
    callee.respond(invite, 486)
    await done(application)
  })
})

describe('forking (RFC 3261 §16.7)', () => {
  it('serial: a failure leads to the next target, and each attempt is reported', async () => {
    const { application, caller, arrived } = await called()
    const [first, second] = [await stage.udpPeer(), await stage.udpPeer()]
    const attempt = proxy(application, arrived, [first, second])
    first.respond(await first.hearsRequest('INVITE'), 404)
    expect((await attempt).words.slice(3, 5)).toEqual(['OK', 'network'])
    second.respond(await second.hearsRequest('INVITE'), 200, [], offer)
    expect(await caller.hearsResponse(200, 'INVITE')).toBeDefined()
    await done(application)
  })

  it('serial: no response within the provisional time leads to the next target', async () => {
    const { application, caller, arrived } = await called()
    const [silent, second] = [await stage.udpPeer(), await stage.udpPeer()]
    void proxy(application, arrived, [silent, second], { times: '50ms|' }).catch(() => undefined)
    second.respond(await second.hearsRequest('INVITE'), 200, [], offer)
    expect(await caller.hearsResponse(200, 'INVITE')).toBeDefined()
  })

  it('simultaneous: the best failure is forwarded when all branches have failed, and a 6xx cancels the others', async () => {
    const { application, caller, arrived } = await called()
    const [first, second] = [await stage.udpPeer(), await stage.udpPeer()]
    void proxy(application, arrived, [first, second], { forking: 'simultaneous' }).catch(() => undefined)
    const ringing = await second.hearsRequest('INVITE')
    second.respond(ringing, 180)
    await caller.hearsResponse(180)
    first.respond(await first.hearsRequest('INVITE'), 603)
    second.respond(await second.hearsRequest('CANCEL'), 200)
    second.respond(ringing, 487)
    expect(await caller.hearsResponse(603)).toBeDefined()
    await done(application)
  })

  it('follows a redirection if the application asks for it', async () => {
    const { application, caller, arrived } = await called()
    const [first, second] = [await stage.udpPeer(), await stage.udpPeer()]
    void proxy(application, arrived, [first], { flags: '|fullResponse|followRedirects' }).catch(() => undefined)
    first.respond(await first.hearsRequest('INVITE'), 302, [['Contact', `<${second.uri}>`]])
    second.respond(await second.hearsRequest('INVITE'), 486)
    expect(await caller.hearsResponse(486)).toBeDefined()
  })

  it('is cancelled by the caller: every branch gets CANCEL, the caller gets 487 (§16.10)', async () => {
    const { application, caller, invite, arrived } = await called()
    const callee = await stage.udpPeer()
    void proxy(application, arrived, [callee]).catch(() => undefined)
    const ringing = await callee.hearsRequest('INVITE')
    callee.respond(ringing, 180)
    await caller.hearsResponse(180)
    const { branch } = invite.topVia
    caller.send(caller.request({ method: 'CANCEL', uri: invite.uri, callId: invite.callId, fromTag: invite.from.tag, branch }))
    expect(await caller.hearsResponse(200, 'CANCEL')).toBeDefined()
    callee.respond(await callee.hearsRequest('CANCEL'), 200)
    callee.respond(ringing, 487)
    expect(await caller.hearsResponse(487, 'INVITE')).toBeDefined()
  })
})

describe('a request in a dialog that was not record-routed', () => {
  it('is not forwarded: this server is not an open relay', async () => {
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    const headers = [['Route', `<sip:127.0.0.1:${stage.udp};lr>`]] as const
    caller.send(caller.request({ method: 'BYE', to: callee.uri, toTag: 'x', headers }))
    expect(await caller.hearsResponse(481)).toBeDefined()
    expect(callee.untaken).toEqual([])
  })
})
