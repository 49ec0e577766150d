import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { type HeaderList, inDialog, offer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let clock: ManualClock
let stage: SipdStage

beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1))
  stage = await openSipdStage({ clock })
})
afterEach(() => stage.close())

const seconds = (count: number): void => clock.advance(count * 1000)

async function answered(asked: HeaderList, said: HeaderList = []) {
  const application = await stage.application()
  const phone = await stage.udpPeer()
  const invite = phone.request({ method: 'INVITE', body: offer, headers: asked })
  phone.send(invite)
  const { dialogId } = await application.respond(await application.arrives('INVITE'), 200, said, offer)
  const answer = await phone.hearsResponse(200, 'INVITE')
  phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
  await application.arrives('ACK')
  await phone.hearsResponse(100)
  return { application, phone, invite, answer, dialogId }
}

describe('a session that the far end refreshes (RFC 4028 §10)', () => {
  const asked: HeaderList = [
    ['Session-Expires', '120;refresher=uac'],
    ['Supported', 'timer'],
  ]

  it('is ended with BYE shortly before it expires, and the application learns of it', async () => {
    const { application, phone, answer } = await answered(asked)
    expect([answer.first('Session-Expires'), answer.first('Require')]).toEqual(['120;refresher=uac', 'timer'])
    seconds(87)
    expect(phone.untaken).toEqual([])
    seconds(2)
    expect((await phone.hearsRequest('BYE')).first('Reason')).toContain('Session timer expired')
    expect((await application.arrives('BYE')).txnId).toBe('unsolicited')
  })

  it('continues with every refresh', async () => {
    const { application, phone, invite, answer } = await answered(asked)
    seconds(60)
    phone.send(phone.request(inDialog(invite, answer, { method: 'UPDATE', cseq: 2, headers: asked })))
    await application.respond(await application.arrives('UPDATE'), 200)
    await phone.hearsResponse(200, 'UPDATE')
    seconds(80)
    expect(phone.untaken).toEqual([])
    seconds(10)
    expect(await phone.hearsRequest('BYE')).toBeDefined()
  })

  it('continues with an UPDATE of ours, from which the far end counts again', async () => {
    const { application, phone, dialogId } = await answered(asked)
    seconds(60)
    await application.requestInDialog(dialogId, 'UPDATE', [
      ['Session-Expires', '120;refresher=uas'],
      ['Supported', 'timer'],
    ])
    phone.respond(await phone.hearsRequest('UPDATE'), 200, [['Session-Expires', '120;refresher=uas']])
    await application.arrives('200')
    seconds(80)
    expect((await stage.sipd.counts()).dialogs).toBe(1)
    seconds(10)
    expect(await phone.hearsRequest('BYE')).toBeDefined()
  })

  it('does not begin before the call is answered', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    const invite = phone.request({ method: 'INVITE', body: offer, headers: asked })
    phone.send(invite)
    await application.respond(await application.arrives('INVITE'), 180)
    const ringing = await phone.hearsResponse(180)
    phone.send(phone.request(inDialog(invite, ringing, { method: 'UPDATE', cseq: 2, headers: asked })))
    await application.respond(await application.arrives('UPDATE'), 200)
    await phone.hearsResponse(200, 'UPDATE')
    seconds(118)
    expect((await stage.sipd.counts()).dialogs).toBe(1)
  })

  it('has no timer any more if it is refreshed without one (§9)', async () => {
    const { application, phone, invite, answer } = await answered(asked)
    seconds(1)
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 2, body: offer })))
    await phone.hearsResponse(100)
    await application.respond(await application.arrives('INVITE'), 200, [], offer)
    phone.send(phone.request(inDialog(invite, await phone.hearsResponse(200, 'INVITE'), { method: 'ACK', cseq: 2 })))
    await application.arrives('ACK')
    seconds(3600)
    expect(phone.untaken).toEqual([])
  })

  it('may not be shorter than 90 s: 422 with Min-SE, and the application does not get the request (§9)', async () => {
    const { application, phone, invite, answer } = await answered(asked)
    const headers: HeaderList = [
      ['Session-Expires', '60'],
      ['Supported', 'timer'],
    ]
    phone.send(phone.request(inDialog(invite, answer, { method: 'INVITE', cseq: 2, headers, body: offer })))
    expect((await phone.hearsResponse(422)).first('Min-SE')).toBe('90')
    phone.send(phone.request({ method: 'INVITE', headers, body: offer }))
    expect((await phone.hearsResponse(422)).first('Min-SE')).toBe('90')
    expect(application.untaken).toEqual([])
  })

  it.each([
    ['a far end without session timers, which would not understand the 422 (§9)', 'sip:100@127.0.0.1', '60', []],
    ['a far end with other extensions', 'sip:100@127.0.0.1', '5;refresher=uac', [['Supported', '100rel, replaces']]],
    ['a call to 112', 'sip:112@127.0.0.1', '60;refresher=uac', [['Supported', 'timer']]],
    ['a call to 911 that insists', 'sip:911@127.0.0.1', '1', [['Require', 'timer']]],
  ] satisfies [string, string, string, HeaderList][])('of %s is lengthened to 90 s and not refused', async (_, to, interval, headers) => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    const invite = phone.request({ method: 'INVITE', to, body: offer, headers: [['Session-Expires', interval], ...headers] })
    phone.send(invite)
    await application.respond(await application.arrives('INVITE'), 200, [], offer)
    const answer = await phone.hearsResponse(200, 'INVITE')
    expect(answer.first('Session-Expires')).toMatch(/^90;/)
    // So is each refresh of it.
    phone.send(phone.request(inDialog(invite, answer, { method: 'UPDATE', cseq: 2, headers: [['Session-Expires', interval], ...headers] })))
    await application.respond(await application.arrives('UPDATE'), 200)
    expect((await phone.hearsResponse(200, 'UPDATE')).first('Session-Expires')).toMatch(/^90;/)
  })
})

describe('a session that we refresh (RFC 4028 §10)', () => {
  const asked: HeaderList = [
    ['Session-Expires', '120;refresher=uas'],
    ['Supported', 'timer'],
  ]

  it('is refreshed with UPDATE at half its time if the far end supports it, without the application', async () => {
    const { application, phone } = await answered([...asked, ['Allow', 'INVITE, UPDATE']])
    for (let turn = 0; turn < 2; turn += 1) {
      seconds(60)
      const update = await phone.hearsRequest('UPDATE')
      expect([update.first('Session-Expires'), update.body.length]).toEqual(['120;refresher=uac', 0])
      phone.respond(update, 200, [['Session-Expires', '120;refresher=uac']])
      await application.command('ping')
    }
    expect(application.untaken).toEqual([])
  })

  it('is refreshed with the last session description that was sent if it does not', async () => {
    const { phone } = await answered(asked)
    seconds(60)
    const invite = await phone.hearsRequest('INVITE')
    expect(invite.body.toString()).toBe(offer)
    phone.respond(invite, 200, [['Session-Expires', '120;refresher=uac']], offer)
    expect((await phone.hearsRequest('ACK')).cseq.number).toBe(invite.cseq.number)
  })

  it.each(['UPDATE', 'INVITE'])(
    'is refreshed once more with the interval that a 422 to %s requests, and from then on (§7.3, §7.4)',
    async (method) => {
      const { application, phone } = await answered([...asked, ['Allow', method]])
      const body = method === 'INVITE' ? offer : ''
      seconds(60)
      phone.respond(await phone.hearsRequest(method), 422, [['Min-SE', '600;because=so']])
      for (const wait of [0, 300]) {
        seconds(wait)
        const again = await phone.hearsRequest(method)
        expect([again.first('Session-Expires'), again.first('Min-SE')]).toEqual(['600;refresher=uac', '600'])
        phone.respond(again, 200, [['Session-Expires', '600;refresher=uac']], body)
        if (method === 'INVITE') await phone.hearsRequest('ACK')
        await application.command('ping')
      }
    },
  )

  it('is not refreshed endlessly if each 422 requests a longer interval', async () => {
    const { application, phone } = await answered([...asked, ['Allow', 'UPDATE']])
    seconds(60)
    for (const least of ['600', '601']) phone.respond(await phone.hearsRequest('UPDATE'), 422, [['Min-SE', least]])
    await application.command('ping')
    expect(phone.untaken).not.toContain('UPDATE')
  })

  it('is not refreshed while an offer in UPDATE of the far end has no answer (RFC 3311 §5.1)', async () => {
    const { application, phone, invite, answer } = await answered(asked)
    seconds(59)
    phone.send(phone.request(inDialog(invite, answer, { method: 'UPDATE', cseq: 2, body: offer })))
    const update = await application.arrives('UPDATE')
    seconds(2)
    await application.command('ping')
    expect(phone.untaken).toEqual([])
    await application.respond(update, 488)
    await phone.hearsResponse(488, 'UPDATE')
    seconds(3)
    await phone.hearsRequest('INVITE')
  })

  it('is ended if the refresh gets no response', async () => {
    const { phone } = await answered([...asked, ['Allow', 'UPDATE']])
    seconds(60)
    phone.respond(await phone.hearsRequest('UPDATE'), 481)
    seconds(30)
    expect(await phone.hearsRequest('BYE')).toBeDefined()
  })

  it.each([
    ['', 'application/sdp', offer],
    [
      ' and sent with something else beside the session description',
      'multipart/mixed;boundary=b',
      `--b\r\n\r\nelse\r\n--b\r\n\r\n${offer}--b--\r\n`,
    ],
  ])('is also one that the application requested in its INVITE%s', async (_, type, body) => {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    await application.request(
      'INVITE',
      phone.uri,
      [
        ['Session-Expires', '120'],
        ['Supported', 'timer'],
        ['Content-Type', type],
      ],
      body,
    )
    const invite = await phone.hearsRequest('INVITE')
    phone.respond(invite, 200, [['Session-Expires', '120;refresher=uac']], offer)
    await application.requestInDialog((await application.arrives('200')).dialogId, 'ACK')
    await phone.hearsRequest('ACK')
    seconds(60)
    const refresh = await phone.hearsRequest('INVITE')
    expect([refresh.first('Content-Type'), refresh.body.toString()]).toEqual([type, body])
  })
})

describe('the session description for a refresh by INVITE is the last one that we sent', () => {
  const asked: HeaderList = [
    ['Session-Expires', '120'],
    ['Supported', 'timer'],
  ]
  const ours = offer.replace('o=', 'o=ours-')

  /** The application calls; what it sends to be described is up to the test. */
  async function called(body?: string) {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    await application.request('INVITE', phone.uri, asked, body)
    phone.respond(await phone.hearsRequest('INVITE'), 200, [['Session-Expires', '120;refresher=uac']], offer)
    const { dialogId } = await application.arrives('200')
    return { application, phone, dialogId }
  }

  async function refreshed(phone: Awaited<ReturnType<typeof stage.udpPeer>>): Promise<string> {
    seconds(60)
    return (await phone.hearsRequest('INVITE')).body.toString()
  }

  it('in the ACK of a 2xx that made the offer', async () => {
    const { application, phone, dialogId } = await called()
    await application.requestInDialog(dialogId, 'ACK', [], ours)
    await phone.hearsRequest('ACK')
    expect(await refreshed(phone)).toBe(ours)
  })

  it('in an UPDATE', async () => {
    const { application, phone, dialogId } = await called(offer)
    await application.requestInDialog(dialogId, 'ACK')
    await phone.hearsRequest('ACK')
    await application.requestInDialog(dialogId, 'UPDATE', asked, ours)
    phone.respond(await phone.hearsRequest('UPDATE'), 200, [['Session-Expires', '120;refresher=uac']], offer)
    await application.arrives('200')
    expect(await refreshed(phone)).toBe(ours)
  })
})

describe('a request right behind an ACK', () => {
  it('waits a moment, so that drachtio-srf has its dialog first', async () => {
    const { application, phone, invite, answer } = await answered([])
    phone.send(phone.request(inDialog(invite, answer, { method: 'INFO', cseq: 2 })))
    phone.send(phone.request(inDialog(invite, answer, { method: 'BYE', cseq: 3 })))
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    await application.arrives('INVITE')
    expect(application.untaken).toEqual([])
    clock.advance(20)
    await application.arrives('INFO')
    expect(await application.arrives('BYE')).toBeDefined()
  })
})

describe('an INVITE that rings for long (RFC 3261 §13.3.1.1)', () => {
  it('is followed by a provisional response every minute, and no longer than it rings', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const arrived = await application.arrives('INVITE')
    await application.respond(arrived, 180)
    await phone.hearsResponse(180)
    for (let minute = 0; minute < 3; minute += 1) {
      seconds(60)
      await phone.hearsResponse(180)
    }
    await application.respond(arrived, 486)
    await phone.hearsResponse(486)
    seconds(20)
    expect(phone.untaken).not.toContain('180 INVITE')
  })
})
