import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRequest } from '../../../src/sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import type { Incoming, Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, expectUndisturbed } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { refer } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { type HeaderList, inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** 101 is a phone whose every message the test writes; 100 and 102 are ours. */
describe('a phone with two calls', () => {
  let office: TestOffice
  let node: TestNode
  let alice: Phone
  let carol: Phone
  let carrier: Carrier
  let peer: SipPeer
  let raw: RawPhone
  const calls: PhoneCall[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const rights = { one: { allow: ['internal', 'national'], limits: { callsAtOnce: 1 } } }
    const dialplan = JSON.stringify({ ...(JSON.parse(planOver(carrier.address)) as object), rights })
    node = await office.node('paris-1', 'paris', { dialplan })
    await office.directory.putDevice('HD0007', { site: 'paris', hotdesk: true, password: passwordOf('HD0007'), location: 'desk 7' })
    await office.follows('device:HD0007', (device) => device !== undefined)
    alice = await office.phone('HD0001', node)
    carol = await office.phone('HD0007', node)
    peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['NOTIFY', 'OPTIONS', 'BYE'])
    raw = createRawPhone({ peer, device: 'HD0002', password: passwordOf('HD0002'), domain })
    await raw.register()
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0007' })
  }, 60_000)

  afterAll(async () => {
    await peer.close()
    await office.close()
    await carrier.close()
  })

  afterEach(async () => {
    await Promise.all(calls.splice(0).map((call) => call.hangUp()))
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0007')
  })

  async function answer(ringing: Incoming): Promise<PhoneCall> {
    const call = await ringing.answer()
    calls.push(call)
    return call
  }

  /** 101 talks with 100, or another number, and calls 102, which rings. Then it transfers the first to the call that rings (RFC 5589 §7.6). */
  async function transferRinging(number = '100', at = alice) {
    const first = raw.dial(number)
    const alices = await answer(await at.nextCall())
    const { invite, answer: accepted } = await first.final
    const second = raw.dial('102')
    const ringing = await carol.nextCall()
    const early = await peer.hears(
      'ringing',
      (message) => message.kind === 'response' && message.status === 180 && message.to.uri.includes('102'),
    )
    const replaces = encodeURIComponent(`${early.callId};to-tag=${early.to.tag};from-tag=${early.from.tag}`)
    const headers = [['Refer-To', `<sip:102@${domain}?Replaces=${replaces}>`]] as const
    peer.send(peer.request(inDialog(invite, accepted, { method: 'REFER', cseq: 10, headers })))
    await peer.hearsResponse(202, 'REFER')
    return { alices, ringing, second }
  }

  it('the other side takes over a call that still rings', async () => {
    const { alices, ringing, second } = await transferRinging()
    // The INVITE that was taken over has ended for this phone (RFC 3891 §3).
    expect((await second.final).answer.status).toBe(487)
    await peer.hears('that it rings', (message) => message.kind === 'request' && message.body.toString().includes('SIP/2.0 180'))
    const carols = await answer(ringing)
    await peer.hears('the final report', (message) => message.kind === 'request' && message.body.toString().includes('SIP/2.0 200 OK'))
    await peer.hearsRequest('BYE')
    await expectSound({ caller: alices, callee: carols })
  })

  it('a call outside still counts after it', async () => {
    await office.directory.putUser('101', { rights: 'one' })
    await office.follows('user:101', (user) => user?.get('rights') === 'one')
    const { ringing } = await transferRinging('00123456789', carrier.line('+33123456789', node.udp))
    const carols = await answer(ringing)
    await peer.hearsRequest('BYE')
    const refused = await raw.dial('00123456788').final
    expect([refused.answer.status, refused.answer.reason]).toEqual([480, 'Call Limit Reached'])
    await carols.hangUp()
    await office.directory.putUser('101', { rights: '' })
    await office.follows('user:101', (user) => !user?.get('rights'))
  })

  it('the call that rings is declined: the first call goes on', async () => {
    const { alices, ringing, second } = await transferRinging()
    expect((await second.final).answer.status).toBe(487)
    ringing.reject(603)
    await peer.hears('the final report', (message) => message.kind === 'request' && message.body.toString().includes('SIP/2.0 603'))
    expect(alices.dialog.ended).toBe(false)
  })

  it('the other side hangs up: the phone stops ringing', async () => {
    const { alices, ringing } = await transferRinging()
    await alices.hangUp()
    await ringing.cancelled
  })

  it('that is transferred gets the descriptions of the target as its own session goes on (RFC 3264 §8)', async () => {
    const video = 'm=video 40002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n'
    const dialling = raw.dial('100', { body: `${offer}${video}` })
    const alices = await answer(await alice.nextCall())
    const { invite, answer: accepted } = await dialling.final
    const before = accepted.body.toString()
    expect((await refer(alices, `<sip:102@${domain}>`)).response.status).toBe(202)
    const ringing = await carol.nextCall()
    const carols = await answer(ringing)
    const answered = new Promise<string>((resolve) => carols.dialog.onAck(resolve))
    const joined = await peer.hearsNewRequest('INVITE')
    const after = joined.body.toString()
    // The target has audio alone.
    expect(mediaOf(carols.audio.localSdp)).toHaveLength(1)
    expect(mediaOf(after)).toEqual([mediaOf(carols.audio.localSdp)[0], 'm=video 0 RTP/AVP 96'])
    expect(originOf(after)).toEqual({ ...originOf(before), version: originOf(before).version + 1 })
    peer.respond(joined, 200, [], `${offer}m=video 0 RTP/AVP 96\r\n`)
    expect(mediaOf(await answered)).toEqual(mediaOf(offer))
    await alices.ended
    peer.send(peer.request(inDialog(invite, accepted, { method: 'BYE', cseq: 10 })))
    await carols.ended
  })

  it('whose hops are used up is not transferred: 483 (RFC 7332 §4)', async () => {
    const dialling = raw.dial('100', { headers: [['Max-Forwards', '2']] })
    const alices = await answer(await alice.nextCall())
    await dialling.final
    expect((await refer(alices, `<sip:102@${domain}>`)).response.status).toBe(483)
  })

  describe('a REFER outside a dialog', () => {
    /** Sends it with the answer to its challenge. */
    async function referOutside(headers: HeaderList): Promise<SipResponse> {
      const { uri } = peer
      const target = `sip:101@${domain}`
      const whole: HeaderList = [['Refer-To', `<sip:102@${domain}>`], ...headers]
      const first = peer.request({ method: 'REFER', uri: target, to: target, contact: `<${uri}>`, headers: whole })
      first.set('From', `<sip:HD0002@${domain}>;tag=refers`)
      peer.send(first)
      const again = raw.authorized(first, await peer.hearsResponse(407, 'REFER'))
      for (const [name, value] of whole) again.set(name, value)
      peer.send(again)
      return (await peer.hears(
        'a final response',
        ({ kind, callId, cseq }) => kind === 'response' && callId === first.callId && cseq.number === again.cseq.number,
      )) as SipResponse
    }

    async function talk() {
      const dialling = raw.dial('100')
      const alices = await answer(await alice.nextCall())
      const { invite, answer: accepted } = await dialling.final
      return { alices, named: `${invite.callId};local-tag=${accepted.to.tag};remote-tag=${accepted.from.tag}`, invite, accepted }
    }

    /** The last NOTIFY for it. */
    const reported = ({ callId }: SipResponse, status: string) =>
      peer.hears(
        'the final report',
        (message) => message.callId === callId && message.kind === 'request' && message.body.toString().includes(status),
      )

    it('transfers the call that Target-Dialog names, with NOTIFYs in a dialog of its own (RFC 4538, RFC 5589 §6)', async () => {
      const { alices, named } = await talk()
      const accepted = await referOutside([
        ['Target-Dialog', named],
        ['Require', 'tdialog'],
      ])
      expect(accepted.status).toBe(202)
      const { callId, from, to, cseq } = accepted
      const dialog = { callId, fromTag: from.tag, toTag: to.tag, cseq: cseq.number + 1 }
      const headers = [['Event', 'refer'] as const, ['Expires', '60'] as const]
      peer.send(peer.request({ method: 'SUBSCRIBE', ...dialog, headers }))
      expect((await peer.hearsResponse(200, 'SUBSCRIBE')).first('Expires')).toBe('60')
      const carols = await answer(await carol.nextCall())
      const last = await reported(accepted, 'SIP/2.0 200 OK')
      expect(last.from.tag).toBe(accepted.to.tag)
      await peer.hearsRequest('BYE')
      await expectSound({ caller: alices, callee: carols })
    })

    it('is reported as failed when the other side hangs up', async () => {
      const { alices, named } = await talk()
      const accepted = await referOutside([['Target-Dialog', named]])
      const ringing = await carol.nextCall()
      await alices.hangUp()
      await ringing.cancelled
      const last = await reported(accepted, 'SIP/2.0 487')
      expect(last.first('Subscription-State')).toBe('terminated;reason=noresource')
    })

    it.each([
      ['without a Target-Dialog', [], 421],
      ['with half a Target-Dialog', [['Target-Dialog', 'a@b;local-tag=1']], 400],
      ['for a call that does not exist', [['Target-Dialog', 'a@b;local-tag=1;remote-tag=2']], 481],
    ] as const)('%s is refused', async (_what, headers, status) => {
      expect((await referOutside(headers)).status).toBe(status)
    })

    it('for a call of another phone is refused', async () => {
      const { caller, callee } = await converse(alice, '102', carol)
      calls.push(caller, callee)
      const { callId, localTag, remoteTag } = callee.dialog
      expect((await referOutside([['Target-Dialog', `${callId};local-tag=${remoteTag};remote-tag=${localTag}`]])).status).toBe(481)
      await expectUndisturbed({ caller, callee })
    })
  })

  describe('an INVITE with Replaces', () => {
    async function withReplaces({ dialog }: PhoneCall, end = ''): Promise<number> {
      const { callId, localTag, remoteTag } = dialog
      const headers = [['Replaces', `${callId};to-tag=${remoteTag};from-tag=${localTag}${end}`]] as const
      return (await raw.dial('100', { headers }).final).answer.status
    }

    async function talk(): Promise<Conversation> {
      const whole = await converse(alice, '102', carol)
      calls.push(whole.caller, whole.callee)
      return whole
    }

    it('does not replace a call of another user: 481', async () => {
      const before = await talk()
      expect(await withReplaces(before.callee)).toBe(481)
      await expectUndisturbed(before)
    })

    /** Alice talks with Carol, whose user 102 is logged in at the phone of the test too. */
    async function talkWithOneOfTwo(): Promise<Conversation> {
      await office.directory.putUser('102', { secondLogin: 'allow' })
      await office.follows('user:102', (user) => user?.get('secondLogin') === 'allow')
      expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0002')).toMatch(/^(LOGGED_IN|DISPLACED|UNCHANGED)/)
      await office.settled('102', 'HD0002')
      return talk()
    }

    it('that is cancelled leaves the call to the first phone, with the session that it had (RFC 3891 §3)', async () => {
      const before = await talkWithOneOfTwo()
      const { dialog, audio } = before.caller
      const offered: string[] = []
      const isCancelled = new Promise<void>((resolve) => {
        dialog.onRequest(async (request) => {
          if (request.method !== 'INVITE') return request.respond(200)
          offered.push(request.body)
          if (offered.length === 1) {
            peer.send(cancelOf(invite))
            await peer.hearsResponse(487, 'INVITE')
          } else resolve()
          request.respond(200, { headers: { 'Content-Type': 'application/sdp' }, body: audio.reanswer(request.body) ?? '' })
        })
      })
      const { callId, localTag, remoteTag } = before.callee.dialog
      const first = raw.invite('100')
      peer.send(first)
      const challenge = await peer.hearsResponse(407)
      raw.acknowledge(first, challenge)
      const invite = raw.authorized(first, challenge)
      invite.set('Replaces', `${callId};to-tag=${remoteTag};from-tag=${localTag}`)
      peer.send(invite)
      await isCancelled
      expect(offered).toHaveLength(2)
      expect(mediaOf(offered[0] ?? '')).toEqual(mediaOf(offer))
      expect(mediaOf(offered[1] ?? '')).toEqual(mediaOf(before.callee.audio.localSdp))
      await expectUndisturbed(before)
    })

    it('moves a call from one phone of a user to another (RFC 3891 §3)', async () => {
      const { caller, callee } = await talkWithOneOfTwo()
      expect(await withReplaces(callee, ';early-only')).toBe(486)
      expect(callee.dialog.ended).toBe(false)
      expect(await withReplaces(callee)).toBe(200)
      await callee.ended
      expect(caller.dialog.ended).toBe(false)
    })
  })
})

/** RFC 3261 §9.1 */
function cancelOf(invite: SipRequest): SipRequest {
  const copied = ['Via', 'From', 'To', 'Call-ID'].map((name) => [name, invite.first(name) ?? ''] as const)
  return createRequest({ method: 'CANCEL', uri: invite.uri, headers: [...copied, ['CSeq', `${invite.cseq.number} CANCEL`]] })
}

function mediaOf(description: string): readonly string[] {
  return description.match(/^m=[^\r\n]*/gm) ?? []
}

function originOf(description: string) {
  const [, session, version, address] = /^o=(\S+ \S+) (\d+) (.*)$/m.exec(description) ?? []
  return { session, version: Number(version), address }
}
