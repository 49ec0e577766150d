import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { agreedTerms, longerOffer, withSessionTerms } from '../../../src/srf/session.js'
import { createSrf, type SipApplication, type SipDialog } from '../../../src/srf/srf.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { type HeaderList, inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

const session = { seconds: 1_800 }
const headed = (headers: Readonly<Record<string, string>>) => ({ header: (name: string): string => headers[name] ?? '' })

describe('the session timer of our 2xx (RFC 4028 §9, table 2)', () => {
  it.each([
    ['a caller that asks for nothing', {}, '1800;refresher=uas'],
    ['a caller that can and does not say who refreshes', { 'Session-Expires': '600', Supported: '100rel, timer' }, '600;refresher=uas'],
    ['a caller that insists', { 'Session-Expires': '600;refresher=uac', Supported: 'timer' }, '600;refresher=uac'],
    ['a proxy that asks for a caller that cannot', { 'Session-Expires': '600;refresher=uac' }, '600;refresher=uas'],
    ['more than our own', { 'Session-Expires': '7200', Supported: 'timer' }, '1800;refresher=uas'],
    ['not less than the minimum of the caller', { 'Session-Expires': '7200', 'Min-SE': '3600', Supported: 'timer' }, '3600;refresher=uas'],
    ['not less than 90', { 'Session-Expires': '10', Supported: 'timer' }, '90;refresher=uas'],
    ['a caller that requires session timers', { 'Session-Expires': '600;refresher=uac', Require: 'timer' }, '600;refresher=uac'],
    ['a minimum with a parameter', { 'Session-Expires': '600', 'Min-SE': '700;by=proxy', Supported: 'timer' }, '700;refresher=uas'],
    ['an excessive minimum', { 'Session-Expires': '600', 'Min-SE': '4294967295', Supported: 'timer' }, '600;refresher=uas'],
    ['nonsense', { 'Session-Expires': 'soon;refresher=nobody', 'Min-SE': 'later' }, '1800;refresher=uas'],
  ])('for %s', (_, asked, expected) => {
    const { headers, terms } = withSessionTerms(session, headed(asked), { Supported: '100rel' })
    expect(headers).toMatchObject({ 'Session-Expires': expected, Supported: '100rel, timer' })
    const byCaller = expected.endsWith('uac')
    expect([headers.Require, terms.refresher]).toEqual(byCaller ? ['timer', 'them'] : [undefined, 'us'])
  })
})

it('a far end without session timers is refreshed by us', () => {
  expect(agreedTerms(session, headed({}))).toEqual({ seconds: 1_800, refresher: 'us' })
  expect(agreedTerms(session, headed({ 'Session-Expires': '600;refresher=uas' }))).toEqual({ seconds: 600, refresher: 'them' })
})

it('only a 422 that requires a longer interval leads to one', () => {
  const reply = (status: number, least: string) => ({ status, reason: '', body: '', ...headed({ 'Min-SE': least }) })
  expect([
    longerOffer(session, reply(422, '3600')),
    longerOffer(session, reply(422, '90')),
    longerOffer(session, reply(486, '3600')),
    longerOffer(session, reply(422, ' 3600 ;by=proxy')),
    longerOffer(session, reply(422, 'an hour')),
    longerOffer(session, reply(422, '86401')),
  ]).toEqual([{ seconds: 3_600, least: 3_600 }, null, null, { seconds: 3_600, least: 3_600 }, null, null])
})

describe('a call', () => {
  let clock: ManualClock
  let stage: SipdStage
  let srf: SipApplication
  let phone: SipPeer

  beforeEach(async () => {
    clock = createManualClock(Date.UTC(2026, 0, 1))
    stage = await openSipdStage({ clock })
    const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
    srf = stage.keep(await createSrf({ admin, session, log: silentLogger() }))
    phone = await stage.udpPeer()
  })
  afterEach(() => stage.close())

  async function called(headers: HeaderList = []): Promise<{ dialog: SipDialog; invite: SipRequest }> {
    const outgoing = srf.invite(phone.uri, offer)
    const invite = await phone.hearsRequest('INVITE')
    phone.respond(invite, 200, headers, offer)
    const result = await outgoing.result
    if (result.outcome !== 'answered') throw new Error(result.outcome)
    await phone.hearsRequest('ACK')
    return { dialog: result.dialog, invite }
  }

  it('offers a session timer, and tries again in the same call if the interval is too short, four times at most (§7.1, §7.3)', async () => {
    const outgoing = srf.invite(phone.uri, offer)
    const first = await phone.hearsRequest('INVITE')
    const offered = ['Session-Expires', 'Min-SE', 'Supported'].map((name) => first.first(name))
    expect(offered).toEqual(['1800;refresher=uac', '90', 'timer'])
    phone.respond(first, 422, [['Min-SE', '3600']])
    const second = await phone.hearsRequest('INVITE')
    expect([second.first('Session-Expires'), second.first('Min-SE'), second.callId, second.cseq.number]).toEqual([
      '3600;refresher=uac',
      '3600',
      first.callId,
      first.cseq.number + 1,
    ])
    phone.respond(second, 422, [['Min-SE', '7200']])
    for (const longer of ['7300', '7400']) phone.respond(await phone.hearsNewRequest('INVITE'), 422, [['Min-SE', longer]])
    const last = await phone.hearsNewRequest('INVITE')
    expect([last.first('Session-Expires'), last.first('Min-SE'), last.callId]).toEqual(['7400;refresher=uac', '7400', first.callId])
    phone.respond(last, 422, [['Min-SE', '7500']])
    expect(await outgoing.result).toMatchObject({ outcome: 'failed', reply: { status: 422 } })
  })

  it('to a trunk that requires credentials is refreshed by the trunk, because our refreshes have no credentials', async () => {
    const outgoing = srf.invite(phone.uri, offer, { credentials: { username: 'us', password: new Secret('ours') } })
    const first = await phone.hearsRequest('INVITE')
    phone.respond(first, 407, [['Proxy-Authenticate', 'Digest realm="carrier", nonce="n", qop="auth", algorithm=MD5']])
    await phone.hearsRequest('ACK')
    const second = await phone.hearsRequest('INVITE')
    expect([second.has('Proxy-Authorization'), second.first('Session-Expires')]).toEqual([true, '1800;refresher=uas'])
    phone.respond(second, 200, [['Session-Expires', '1800;refresher=uas']], offer)
    expect((await outgoing.result).outcome).toBe('answered')
    await phone.hearsRequest('ACK')
    clock.advance(1_000_000)
    expect((await stage.sipd.counts()).dialogs).toBe(1)
    clock.advance(800_000)
    expect(await phone.hearsRequest('BYE')).toBeDefined()
  })

  it('to a phone without session timers is refreshed after half the interval, and ended with BYE when the phone is gone', async () => {
    const { dialog } = await called()
    const end = new Promise((resolve) => dialog.onEnd(resolve))
    clock.advance(900_000)
    const refresh = await phone.hearsRequest('INVITE')
    expect([refresh.first('Session-Expires'), refresh.body.toString()]).toEqual(['1800;refresher=uac', offer])
    phone.respond(refresh, 200, [], offer)
    await phone.hearsRequest('ACK')
    clock.advance(900_000)
    await phone.hearsRequest('INVITE')
    // 64 × T1 without a response.
    clock.advance(32_000)
    expect((await phone.hearsRequest('BYE')).first('Reason')).toContain('Session timer expired')
    expect(await end).toMatchObject({ by: 'server' })
  })

  it('to a phone that refuses the refresh goes on, with INVITE if the phone does not support UPDATE', async () => {
    const { dialog } = await called([['Allow', 'INVITE, UPDATE']])
    clock.advance(900_000)
    phone.respond(await phone.hearsRequest('UPDATE'), 501)
    phone.respond(await phone.hearsRequest('INVITE'), 500)
    await phone.hearsRequest('ACK')
    await stage.sipd.counts()
    clock.advance(450_000)
    phone.respond(await phone.hearsRequest('INVITE'), 200, [], offer)
    await phone.hearsRequest('ACK')
    expect(dialog.ended).toBe(false)
  })

  it('keeps its timer through a hold from either side (§7.4, §9)', async () => {
    const { dialog, invite } = await called([
      ['Session-Expires', '600;refresher=uas'],
      ['Require', 'timer'],
    ])
    const held = dialog.reinvite(offer)
    const reinvite = await phone.hearsRequest('INVITE')
    expect(reinvite.first('Session-Expires')).toBe('600;refresher=uas')
    phone.respond(reinvite, 200, [], offer)
    await held
    await phone.hearsRequest('ACK')

    // The response names no refresher, so we refresh from now on (§7.2).
    const resumed = dialog.reinvite(offer)
    const second = await phone.hearsRequest('INVITE')
    expect(second.first('Session-Expires')).toBe('600;refresher=uac')
    phone.respond(second, 200, [], offer)
    await resumed
    await phone.hearsRequest('ACK')

    dialog.onRequest((request) => request.respond(200, { body: offer }))
    const back = {
      uri: invite.contacts[0]?.uri ?? '',
      to: invite.from.uri,
      toTag: invite.from.tag,
      fromTag: phone.tag,
      callId: invite.callId,
    }
    phone.send(phone.request({ method: 'INVITE', ...back, cseq: 7, body: offer }))
    expect((await phone.hearsResponse(200, 'INVITE')).first('Session-Expires')).toBe('600;refresher=uas')
  })

  it.each(['INVITE', 'UPDATE'] as const)(
    'whose %s is refused with 422 is asked once more, with the interval of the far end (§7.3, §7.4)',
    async (method) => {
      const { dialog } = await called()
      const asked =
        method === 'INVITE'
          ? dialog.reinvite(offer)
          : dialog.request('UPDATE', { body: offer, headers: { 'Content-Type': 'application/sdp' } })
      phone.respond(await phone.hearsRequest(method), 422, [['Min-SE', '3600']])
      const again = await phone.hearsRequest(method)
      expect([again.first('Session-Expires'), again.first('Min-SE'), String(again.body)]).toEqual(['3600;refresher=uac', '3600', offer])
      phone.respond(again, 200, [['Session-Expires', '3600;refresher=uac']], offer)
      expect((await asked).status).toBe(200)
      const later = dialog.reinvite(offer)
      const third = await phone.hearsRequest('INVITE')
      expect([third.first('Session-Expires'), third.first('Min-SE')]).toEqual(['3600;refresher=uac', '3600'])
      phone.respond(third, 422, [['Min-SE', '4000']])
      phone.respond(await phone.hearsRequest('INVITE'), 422, [['Min-SE', '5000']])
      expect((await later).status).toBe(422)
    },
  )

  it('from a phone without session timers has ours', async () => {
    let end: unknown
    const acknowledged = new Promise<void>((resolve) => {
      srf.onInvite(async (invite) => {
        const dialog = await invite.accept({ sdp: offer })
        dialog.onAck(() => resolve())
        dialog.onEnd((how) => {
          end = how
        })
      })
    })
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const answer = await phone.hearsResponse(200, 'INVITE')
    expect([answer.first('Session-Expires'), answer.first('Require')]).toEqual(['1800;refresher=uas', undefined])
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
    await acknowledged
    clock.advance(900_000)
    phone.respond(await phone.hearsRequest('INVITE'), 481)
    expect((await phone.hearsRequest('BYE')).first('Reason')).toContain('Session timer expired')
    await expect.poll(() => end).toMatchObject({ by: 'server' })
  })
})
