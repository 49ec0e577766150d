import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inDialog, offer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
beforeEach(async () => {
  stage = await openSipdStage({ t1: 20 })
})
afterEach(() => stage.close())

const reliably = [['Require', '100rel']] as const

async function asked() {
  const application = await stage.application()
  const phone = await stage.udpPeer()
  const invite = phone.request({ method: 'INVITE', body: offer, headers: [['Supported', '100rel']] })
  phone.send(invite)
  return { application, phone, invite, arrived: await application.arrives('INVITE') }
}

describe('reliable provisional responses that an application sends (RFC 3262 §3)', () => {
  it('are retransmitted until their PRACK, which the application answers', async () => {
    const { application, phone, invite, arrived } = await asked()
    const echo = await application.respond(arrived, 183, reliably, offer)
    const rseq = echo.message?.first('RSeq') ?? ''
    const progress = await phone.hearsResponse(183)
    expect((await phone.hearsResponse(183)).first('RSeq')).toBe(rseq)
    phone.send(phone.request(inDialog(invite, progress, { method: 'PRACK', cseq: 2, headers: [['RAck', `${rseq} 1 INVITE`]] })))
    await application.respond(await application.arrives('PRACK'), 200)
    expect(await phone.hearsResponse(200, 'PRACK')).toBeDefined()
  })

  it('have numbers that rise by one, and the next waits for the PRACK of the previous one', async () => {
    const { application, phone, invite, arrived } = await asked()
    await application.respond(arrived, 183, reliably)
    const second = application.respond(arrived, 180, reliably)
    const first = await phone.hearsResponse(183)
    const rseq = Number(first.first('RSeq'))
    expect(phone.untaken).not.toContain('180 INVITE')
    phone.send(phone.request(inDialog(invite, first, { method: 'PRACK', cseq: 2, headers: [['RAck', `${rseq} 1 INVITE`]] })))
    await second
    expect(Number((await phone.hearsResponse(180)).first('RSeq'))).toBe(rseq + 1)
  })

  it('are refused if the caller does not support them', async () => {
    const application = await stage.application()
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const refused = await application.respond(await application.arrives('INVITE'), 183, reliably)
    expect(refused.words.slice(3)).toEqual(['NOK', 'Remote endpoint does not support 100rel'])
  })

  it('without a PRACK for 64 × T1 end the INVITE with 5xx, and the application learns of it', async () => {
    const { application, phone, arrived } = await asked()
    await application.respond(arrived, 183, reliably)
    expect(await phone.hearsResponse(504)).toBeDefined()
    expect(await application.arrives('CANCEL')).toBeDefined()
  })

  it('without a PRACK end the INVITE, and a response that waited for it is refused', async () => {
    const { application, phone, arrived } = await asked()
    await application.respond(arrived, 183, reliably, offer)
    const waiting = application.respond(arrived, 200, [], offer)
    expect(await phone.hearsResponse(504)).toBeDefined()
    expect((await waiting).words.slice(3)).toEqual(['NOK', 'Response not sent due to unknown transaction'])
  })

  it('reject a PRACK that matches none of them: 481', async () => {
    const { application, phone, invite, arrived } = await asked()
    await application.respond(arrived, 183, reliably)
    const progress = await phone.hearsResponse(183)
    phone.send(phone.request(inDialog(invite, progress, { method: 'PRACK', cseq: 2, headers: [['RAck', '1 1 INVITE']] })))
    expect(await phone.hearsResponse(481)).toBeDefined()
  })
})

describe('reliable provisional responses that an application receives (RFC 3262 §4)', () => {
  it('are passed once each; copies and out-of-order responses are not', async () => {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    await application.request('INVITE', phone.uri, [['Supported', '100rel']], offer)
    const invite = await phone.hearsRequest('INVITE')
    const say = (rseq: number): unknown => phone.respond(invite, 183, [...reliably, ['RSeq', String(rseq)]], offer)
    say(7)
    say(7)
    say(9)
    say(8)
    const [first, second] = [await application.arrives('183'), await application.arrives('183')]
    expect([first, second].map(({ message }) => message?.first('RSeq'))).toEqual(['7', '8'])
    await application.requestInDialog(first.dialogId, 'PRACK', [['RAck', `7 ${invite.cseq.number} INVITE`]])
    expect((await phone.hearsRequest('PRACK')).first('RAck')).toBe(`7 ${invite.cseq.number} INVITE`)
  })
})
