import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inDialog, offer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
beforeEach(async () => {
  stage = await openSipdStage({ t1: 10 })
})
afterEach(() => stage.close())

/** Resolves when sipd has nothing in hand any more. */
async function settled(): Promise<object> {
  const deadline = Date.now() + 4_000
  for (;;) {
    const counts = await stage.sipd.counts()
    const left = { serverTransactions: counts?.serverTransactions, dialogs: counts?.dialogs, unfinished: counts?.unfinished }
    if (Object.values(left).every((count) => count === 0) || Date.now() > deadline) return left
    await new Promise((resolve) => setImmediate(resolve))
  }
}

// Client transactions of failed INVITEs stay for the 32 s of Timer D, whatever T1 is.
const nothing = { serverTransactions: 0, dialogs: 0, unfinished: 0 }

describe('a call or subscription leaves nothing behind in sipd', () => {
  it('if both sides were answered, acknowledged and ended', async () => {
    const application = await stage.application()
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    const invite = caller.request({ method: 'INVITE', body: offer })
    caller.send(invite)
    const arrived = await application.arrives('INVITE')
    await application.request('INVITE', callee.uri, [], offer)
    callee.respond(await callee.hearsRequest('INVITE'), 200, [], offer)
    const { dialogId } = await application.arrives('200')
    await application.requestInDialog(dialogId, 'ACK')
    await application.respond(arrived, 200, [], offer)
    const answer = await caller.hearsResponse(200, 'INVITE')
    caller.send(caller.request(inDialog(invite, answer, { method: 'ACK' })))
    await application.arrives('ACK')
    caller.send(caller.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
    await application.respond(await application.arrives('BYE'), 200)
    await application.requestInDialog(dialogId, 'BYE')
    callee.respond(await callee.hearsRequest('BYE'), 200)
    await application.arrives('200')
    expect(await settled()).toEqual(nothing)
  })

  it('if it failed on either side', async () => {
    const application = await stage.application()
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    caller.send(caller.request({ method: 'INVITE', body: offer }))
    const arrived = await application.arrives('INVITE')
    await application.request('INVITE', callee.uri, [], offer)
    callee.respond(await callee.hearsRequest('INVITE'), 486)
    await application.arrives('486')
    await application.respond(arrived, 180)
    await application.respond(arrived, 486)
    expect(await settled()).toEqual(nothing)
  })

  it('if nobody sent an ACK on either side: both get BYE', async () => {
    const application = await stage.application()
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    caller.send(caller.request({ method: 'INVITE', body: offer }))
    await application.respond(await application.arrives('INVITE'), 200, [], offer)
    await application.request('INVITE', callee.uri, [], offer)
    callee.respond(await callee.hearsRequest('INVITE'), 200, [], offer)
    callee.respond(await callee.hearsRequest('BYE'), 200)
    caller.respond(await caller.hearsRequest('BYE'), 200)
    expect(await callee.hearsRequest('ACK')).toBeDefined()
    expect(await settled()).toEqual(nothing)
  })

  it('if it ended during a re-INVITE: the late 2xx is acknowledged, and the dialog does not come back', async () => {
    const application = await stage.application([])
    const callee = await stage.udpPeer()
    await application.request('INVITE', callee.uri, [], offer)
    const invite = await callee.hearsRequest('INVITE')
    callee.respond(invite, 200, [], offer)
    const { dialogId } = await application.arrives('200')
    await application.requestInDialog(dialogId, 'ACK')
    await callee.hearsRequest('ACK')
    await application.requestInDialog(dialogId, 'INVITE', [], offer)
    const again = await callee.hearsRequest('INVITE')
    const bye = { method: 'BYE', to: invite.from.uri, toTag: invite.from.tag, fromTag: callee.tag, callId: invite.callId }
    callee.send(callee.request(bye))
    await application.respond(await application.arrives('BYE'), 200)
    callee.respond(again, 200, [], offer)
    expect((await callee.hearsRequest('ACK')).cseq.number).toBe(again.cseq.number)
    expect(await settled()).toEqual(nothing)
  })

  it('if the callee ended it while it was ringing: a late 2xx is acknowledged, and the callee gets BYE (§15)', async () => {
    const application = await stage.application([])
    const callee = await stage.udpPeer()
    await application.request('INVITE', callee.uri, [], offer)
    const invite = await callee.hearsRequest('INVITE')
    callee.respond(invite, 180)
    await application.arrives('180')
    callee.send(callee.request({ method: 'BYE', to: invite.from.uri, toTag: invite.from.tag, fromTag: callee.tag, callId: invite.callId }))
    await application.respond(await application.arrives('BYE'), 200)
    callee.respond(invite, 200, [], offer)
    expect((await callee.hearsRequest('ACK')).cseq.number).toBe(invite.cseq.number)
    callee.respond(await callee.hearsRequest('BYE'), 200)
    expect(await settled()).toEqual(nothing)
  })

  it('if a SUBSCRIBE is refused after a NOTIFY has created its dialog', async () => {
    const application = await stage.application([])
    const notifier = await stage.udpPeer()
    await application.request('SUBSCRIBE', notifier.uri, [['Event', 'presence']])
    const subscribe = await notifier.hearsRequest('SUBSCRIBE')
    const { from, callId } = subscribe
    const headers = [
      ['Event', 'presence'],
      ['Subscription-State', 'active'],
    ] as const
    notifier.send(notifier.request({ method: 'NOTIFY', to: from.uri, toTag: from.tag, fromTag: notifier.tag, callId, headers }))
    await application.respond(await application.arrives('NOTIFY'), 200)
    expect((await stage.sipd.counts())?.dialogs).toBe(1)
    notifier.respond(subscribe, 403)
    await application.arrives('403')
    expect(await settled()).toEqual(nothing)
  })

  it('if the application disconnects during the call', async () => {
    const application = await stage.application()
    const [caller, callee] = [await stage.udpPeer(), await stage.udpPeer()]
    caller.send(caller.request({ method: 'INVITE', body: offer }))
    await application.arrives('INVITE')
    await application.request('INVITE', callee.uri, [], offer)
    const ringing = await callee.hearsRequest('INVITE')
    callee.respond(ringing, 180)
    await application.close()
    callee.respond(await callee.hearsRequest('CANCEL'), 200)
    callee.respond(ringing, 487)
    await caller.hearsResponse(480)
    expect(await settled()).toEqual(nothing)
  })
})
