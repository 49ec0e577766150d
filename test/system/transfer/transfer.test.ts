import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Incoming, Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, expectUndisturbed } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { credentialsFor } from '../../support/sip/raw-phone.js'
import { openUdpPeer } from '../../support/sip/sip-peer.js'

/** 100, 101 and 102 at three phones of one node. */
describe('transfer between phones of one node', () => {
  let office: TestOffice
  let node: TestNode
  let alice: Phone
  let bob: Phone
  let carol: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    await office.directory.putDevice('HD0007', { site: 'paris', hotdesk: true, password: passwordOf('HD0007'), location: 'desk 7' })
    await office.follows('device:HD0007', (device) => device !== undefined)
    alice = await office.phone('HD0001', node)
    bob = await office.phone('HD0002', node)
    carol = await office.phone('HD0007', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0007' })
  }, 60_000)

  afterAll(() => office.close())

  const at = (number: string): string => `sip:${number}@${domain}`

  const calls: PhoneCall[] = []

  async function talk(by: Phone, number: string, to: Phone): Promise<Conversation> {
    const whole = await converse(by, number, to)
    calls.push(whole.caller, whole.callee)
    return whole
  }

  /** A phone that transfers holds its calls. Sound of it would mislead the others, whose far ends share its address. */
  function mute(...held: readonly PhoneCall[]): void {
    for (const { audio } of held) audio.close()
  }

  async function answer({ answer: accept }: Incoming): Promise<PhoneCall> {
    const call = await accept()
    calls.push(call)
    return call
  }

  // Also after a failure, so that the next test finds idle phones.
  afterEach(async () => {
    await Promise.all(calls.splice(0).map((call) => call.hangUp()))
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0007')
  })

  /** These two have the call, and no phone has another. */
  async function end(one: PhoneCall, other: PhoneCall): Promise<void> {
    await one.hangUp()
    await other.ended
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0007')
  }

  describe.each(['callee', 'caller'] as const)('by the %s', (role) => {
    /** Bob transfers, Alice is transferred. */
    async function conversation(): Promise<{ readonly whole: Conversation; readonly alice: PhoneCall; readonly bob: PhoneCall }> {
      const whole = role === 'callee' ? await talk(alice, '101', bob) : await talk(bob, '100', alice)
      const [first, second] = role === 'callee' ? [whole.caller, whole.callee] : [whole.callee, whole.caller]
      return { whole, alice: first, bob: second }
    }

    it('a blind transfer is reported, connects the other side, and frees the phone (RFC 5589 §6.1)', async () => {
      const before = await conversation()
      const referral = await refer(before.bob, `<${at('102')}>`)
      expect(referral.response.status).toBe(202)
      const ringing = await carol.nextCall()
      expect(ringing.callerNumber).toBe('100')
      expect(ringing.invite.header('Referred-By')).toContain('sip:101@')
      const transferred = await answer(ringing)
      expect(await referral.final).toEqual({ statusLine: 'SIP/2.0 200 OK', event: 'refer' })
      expect(referral.reports[0]).toBe('SIP/2.0 100 Trying')
      await before.bob.ended
      await expectSound({ caller: before.alice, callee: transferred })
      await end(before.alice, transferred)
    })

    it('a busy target is reported, and the call goes on', async () => {
      const before = await conversation()
      const referral = await refer(before.bob, `<${at('102')}>`)
      ;(await carol.nextCall()).reject(486)
      expect((await referral.final).statusLine).toBe('SIP/2.0 486 Busy Here')
      await expectUndisturbed(before.whole)
      await end(before.alice, before.bob)
    })

    it('a phone that hangs up at once leaves the other side to the target', async () => {
      const before = await conversation()
      await refer(before.bob, `<${at('102')}>`)
      const ringing = await carol.nextCall()
      await before.bob.hangUp()
      const transferred = await answer(ringing)
      await expectSound({ caller: before.alice, callee: transferred })
      await end(before.alice, transferred)
    })

    it('a phone that hangs up at once, and a target that is busy: the other side is hung up', async () => {
      const before = await conversation()
      await refer(before.bob, `<${at('102')}>`)
      const ringing = await carol.nextCall()
      await before.bob.hangUp()
      ringing.reject(486)
      await before.alice.ended
    })

    it('the other side hangs up meanwhile: the target stops ringing, and the phone is hung up', async () => {
      const before = await conversation()
      await refer(before.bob, `<${at('102')}>`)
      const ringing = await carol.nextCall()
      await before.alice.hangUp()
      await ringing.cancelled
      await before.bob.ended
    })

    it('an attended transfer connects the other sides of both calls, and frees the phone (RFC 5589 §7.3)', async () => {
      const before = await conversation()
      const second = await talk(bob, '102', carol)
      mute(before.bob, second.caller)
      const referral = await refer(before.bob, replacing(second.caller, at('102')))
      expect(referral.response.status).toBe(202)
      expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
      await Promise.all([before.bob.ended, second.caller.ended])
      await expectSound({ caller: before.alice, callee: second.callee })
      await end(before.alice, second.callee)
    })
  })

  it('the forward of a transfer’s target applies', async () => {
    await office.directory.putUser('103', { name: 'Dora', home: 'paris', forwards: { notLoggedIn: '102' } })
    await office.follows('user:103', (user) => user?.get('forwardNotLoggedIn') === '102')
    const before = await talk(alice, '101', bob)
    const referral = await refer(before.callee, `<${at('103')}>`)
    const transferred = await answer(await carol.nextCall())
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await end(before.caller, transferred)
  })

  it.each([
    ['an unknown number', `<sip:199@${domain}>`, 404],
    ['a login code', `<sip:*77*100*@${domain}>`, 404],
    ['a logout code', `<sip:%2A77%2A5%2A@${domain}>`, 404],
    ['another domain', '<sip:102@elsewhere.example>', 404],
    ['an emergency number', `<sip:112@${domain}>`, 603],
    ['the emergency service', '<urn:service:sos>', 603],
    ['a web page', '<https://hotdesk.example>', 416],
    ['another method', `<sip:102@${domain};method=SUBSCRIBE>`, 501],
    ['a call that does not exist', `<sip:102@${domain}?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>`, 404],
    ['nothing', '', 400],
  ])('a transfer to %s is refused, and the call goes on', async (_what, target, status) => {
    const before = await talk(alice, '101', bob)
    expect((await refer(before.callee, target)).response.status).toBe(status)
    await expectUndisturbed(before)
    await end(before.caller, before.callee)
  })

  it('a transfer that requires an unknown extension is refused: 420 (RFC 3261 §8.2.2.3)', async () => {
    const before = await talk(alice, '101', bob)
    const { response } = await refer(before.callee, `<${at('102')}>`, { Require: 'norefersub, teleport' })
    expect([response.status, response.header('Unsupported')]).toEqual([420, 'teleport'])
  })

  it('an attended transfer by a phone that hangs up both calls at once connects the other sides', async () => {
    const before = await talk(alice, '101', bob)
    const second = await talk(bob, '102', carol)
    const hungUp = new Promise<void>((resolve) => {
      second.callee.dialog.onRequest(async (request) => {
        await Promise.all([before.callee.hangUp(), second.caller.hangUp()])
        resolve()
        request.respond(200, { headers: { 'Content-Type': 'application/sdp' }, body: second.callee.audio.reoffer() })
      })
    })
    await refer(before.callee, replacing(second.caller, at('102')))
    await hungUp
    await expectSound({ caller: before.caller, callee: second.callee })
  })

  it('a second transfer of a call is refused as long as the first is under way', async () => {
    const before = await talk(alice, '101', bob)
    const referral = await refer(before.callee, `<${at('102')}>`)
    const ringing = await carol.nextCall()
    const again = await before.callee.dialog.request('REFER', { headers: { 'Refer-To': `<${at('102')}>` } })
    expect(again.status).toBe(491)
    ringing.reject(486)
    await referral.final
    await end(before.caller, before.callee)
  })

  it('SUBSCRIBE refreshes or ends the reports of a transfer, and another subscription gets 481 (RFC 3515 §2.4.4)', async () => {
    const before = await talk(alice, '101', bob)
    const referral = await refer(before.callee, `<${at('102')}>`)
    const ringing = await carol.nextCall()
    const subscribe = async (event: string, expires: string): Promise<readonly [number, string]> => {
      const { status, header } = await before.callee.dialog.request('SUBSCRIBE', { headers: { Event: event, Expires: expires } })
      return [status, header('Expires')]
    }
    expect(await subscribe('refer', '60')).toEqual([200, '60'])
    expect(await subscribe('refer;id=77', '60')).toEqual([481, ''])
    expect(await subscribe('presence', '60')).toEqual([489, ''])
    expect((await subscribe('refer', '0'))[0]).toBe(202)
    expect((await referral.final).statusLine).toMatch(/^SIP\/2.0 1/)
    const transferred = await answer(ringing)
    await before.callee.ended
    expect(referral.reports).not.toContain('SIP/2.0 200 OK')
    await end(before.caller, transferred)
  })

  it('a call is not joined to itself, and a call that is up is not an early dialog (RFC 3891 §3)', async () => {
    const before = await talk(alice, '101', bob)
    expect((await refer(before.callee, replacing(before.callee, at('100')))).response.status).toBe(404)
    const second = await talk(bob, '102', carol)
    const early = replacing(second.caller, at('102')).replace('>', '%3Bearly-only>')
    expect((await refer(before.callee, early)).response.status).toBe(486)
    for (const { dialog } of [before.caller, second.callee]) expect(dialog.ended).toBe(false)
  })

  it('the other side refuses the new session: both calls go on, each with the session that it had', async () => {
    const before = await talk(alice, '101', bob)
    const second = await talk(bob, '102', carol)
    before.caller.dialog.onRequest((request) => request.respond(request.method === 'INVITE' ? 488 : 200))
    const restored = new Promise<string>((resolve) => second.callee.dialog.onAck((sdp) => void (sdp !== '' && resolve(sdp))))
    const referral = await refer(before.callee, replacing(second.caller, at('102')))
    expect((await referral.final).statusLine).toContain('SIP/2.0 488')
    expect(await restored).toBe(second.caller.audio.localSdp)
    mute(before.caller, before.callee)
    await expectUndisturbed(second)
    for (const { dialog } of [before.caller, before.callee]) expect(dialog.ended).toBe(false)
  })

  it('a REFER from another port is challenged, and accepted with the password of the phone alone (RFC 3515 §5)', async () => {
    const before = await talk(alice, '101', bob)
    const { callId, localTag, remoteTag } = before.callee.dialog
    const moved = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['NOTIFY', 'BYE'])
    const send = (cseq: number, credentials: readonly [string, string][] = []) => {
      const headers = [['Refer-To', `<${at('102')}>`] as const, ...credentials]
      const request = moved.request({ method: 'REFER', callId, fromTag: localTag, toTag: remoteTag, cseq, headers })
      moved.send(request)
      return request
    }
    const first = send(1_001)
    const challenge = await moved.hearsResponse(407, 'REFER')
    send(1_002, [credentialsFor(first, challenge, { device: 'HD0001', password: passwordOf('HD0001') })])
    await moved.hearsResponse(403, 'REFER')
    await expectUndisturbed(before)
    const again = send(1_003)
    const next = await moved.hearsResponse(407, 'REFER')
    send(1_004, [credentialsFor(again, next, { device: 'HD0002', password: passwordOf('HD0002') })])
    await moved.hearsResponse(202, 'REFER')
    const transferred = await answer(await carol.nextCall())
    const reported = await moved.hears('the final NOTIFY', (message) => message.kind === 'request' && message.body.includes('200 OK'))
    expect(reported.first('Subscription-State')).toMatch(/^terminated/)
    await expectSound({ caller: before.caller, callee: transferred })
    await end(before.caller, transferred)
    await moved.close()
  })

  it('a call of somebody else cannot be taken over', async () => {
    const before = await talk(alice, '101', bob)
    const named = replacing(before.caller, at('101'))
    const other = await talk(carol, '100', alice)
    expect((await refer(other.caller, named)).response.status).toBe(404)
    await expectUndisturbed(before)
  })
})
