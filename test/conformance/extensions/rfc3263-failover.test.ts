import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { WireApplication } from '../../support/admin-wire/wire-application.js'
import { dnsOf } from '../../support/net/places-dns.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let ports: readonly number[] = []
const dns = dnsOf(() => ports)

let clock: ManualClock
let stage: SipdStage
let application: WireApplication
let first: SipPeer
let second: SipPeer
let third: SipPeer
beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1))
  stage = await openSipdStage({ clock, dns })
  application = await stage.application()
  first = await stage.udpPeer()
  second = await stage.udpPeer()
  third = await stage.udpPeer()
  ports = [first.port, second.port]
})
afterEach(() => stage.close())

/** 64 × T1 with nothing heard. */
const timeOut = (): void => clock.advance(32_000)

describe('RFC 3263 §4.3: of two addresses of a name', () => {
  it('the second MUST be tried if the first is silent, with its own branch', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    const unheard = await first.hearsRequest('OPTIONS')
    timeOut()
    const heard = await second.hearsRequest('OPTIONS')
    expect([heard.callId, heard.vias.length]).toEqual([unheard.callId, 1])
    expect(heard.topVia.branch).not.toBe(unheard.topVia.branch)
    second.respond(heard, 200)
    await application.arrives('200')
  })

  it('the second MUST be tried if nothing listens at the first', async () => {
    await first.close()
    await application.request('OPTIONS', 'sip:desks.test')
    const heard = second.hearsRequest('OPTIONS')
    // Long before the time-out.
    const ticking = setInterval(() => clock.advance(50), 10)
    second.respond(await heard, 200)
    clearInterval(ticking)
    expect(clock.now()).toBeLessThan(Date.UTC(2026, 0, 1, 0, 0, 30))
    await application.arrives('200')
  })

  it('the second is tried if the first responds 503, which is not reported', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    first.respond(await first.hearsRequest('OPTIONS'), 503)
    second.respond(await second.hearsRequest('OPTIONS'), 200)
    await application.arrives('200')
    expect(application.untaken.join(' ')).not.toContain('503')
  })

  it('the second is tried with an INVITE as well, and the 503 of the first is acknowledged', async () => {
    await application.request('INVITE', 'sip:desks.test')
    const invite = await first.hearsRequest('INVITE')
    first.respond(invite, 100)
    first.respond(invite, 503)
    await first.hearsRequest('ACK')
    second.respond(await second.hearsRequest('INVITE'), 486)
    await application.arrives('486')
  })

  it('the 503 of a first that has begun to ring is reported', async () => {
    await application.request('INVITE', 'sip:desks.test')
    const invite = await first.hearsRequest('INVITE')
    first.respond(invite, 180)
    first.respond(invite, 503)
    await application.arrives('503')
    expect(second.untaken).toEqual([])
  })

  it.each([
    ['has answered 503', 503],
    ['has not answered at all', 408],
  ])('the second gets nothing of a call that was given up before the first %s', async (_, status) => {
    const { txnId } = await application.request('INVITE', 'sip:desks.test')
    const invite = await first.hearsRequest('INVITE')
    await application.cancel(txnId)
    if (status === 503) first.respond(invite, 503)
    else timeOut()
    await application.arrives(String(status))
    expect(second.untaken).toEqual([])
  })

  it('the 503 of the last is reported', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    first.respond(await first.hearsRequest('OPTIONS'), 503)
    second.respond(await second.hearsRequest('OPTIONS'), 503)
    await application.arrives('503')
  })

  describe('for a call', () => {
    async function bothCalled() {
      const { txnId } = await application.request('INVITE', 'sip:desks.test', [], offer)
      const one = await first.hearsRequest('INVITE')
      clock.advance(2_000)
      const other = await second.hearsRequest('INVITE')
      expect([other.callId, other.from.tag]).toEqual([one.callId, one.from.tag])
      expect(other.topVia.branch).not.toBe(one.topVia.branch)
      return { txnId, one, other }
    }

    it('the second is tried after three transmissions, and not only after the time-out, if the first is silent', async () => {
      const { other } = await bothCalled()
      second.respond(other, 486)
      await application.arrives('486')
    })

    it('the second gets nothing if the first has sent 100', async () => {
      await application.request('INVITE', 'sip:desks.test')
      const invite = await first.hearsRequest('INVITE')
      const waiting = clock.pending
      first.respond(invite, 100)
      await expect.poll(() => clock.pending).toBeLessThan(waiting)
      clock.advance(2_000)
      first.respond(invite, 486)
      await application.arrives('486')
      expect(second.untaken).toEqual([])
    })

    it('the one that rings has the call, and the other one is cancelled when it responds', async () => {
      const { one, other } = await bothCalled()
      second.respond(other, 180)
      await application.arrives('180')
      first.respond(one, 100)
      expect((await first.hearsRequest('CANCEL')).topVia.branch).toBe(one.topVia.branch)
      first.respond(one, 487)
      await first.hearsRequest('ACK')
      second.respond(other, 200, [], offer)
      const { dialogId } = await application.arrives('200')
      await application.requestInDialog(dialogId, 'ACK')
      await second.hearsRequest('ACK')
      expect(application.untaken.join(' ')).not.toContain('487')
    })

    it('one that answers late has the call if the other one only rings', async () => {
      const { one, other } = await bothCalled()
      second.respond(other, 180)
      await application.arrives('180')
      first.respond(one, 200, [], offer)
      const { dialogId } = await application.arrives('200')
      await application.requestInDialog(dialogId, 'ACK')
      await first.hearsRequest('ACK')
      await second.hearsRequest('CANCEL')
      second.respond(other, 487)
      await second.hearsRequest('ACK')
      await application.requestInDialog(dialogId, 'BYE')
      first.respond(await first.hearsRequest('BYE'), 200)
      await application.arrives('200')
    })

    it('one that answers after the other one is acknowledged and gets BYE', async () => {
      const { one, other } = await bothCalled()
      second.respond(other, 200, [], offer)
      const { dialogId } = await application.arrives('200')
      await application.requestInDialog(dialogId, 'ACK')
      await second.hearsRequest('ACK')
      first.respond(one, 200, [], offer)
      await first.hearsRequest('ACK')
      first.respond(await first.hearsRequest('BYE'), 200)
      expect(second.untaken).toEqual([])
    })

    it('the failure of one is not reported as long as the other one may answer; a merged request is not a failure', async () => {
      const { one, other } = await bothCalled()
      second.respond(other, 482)
      await second.hearsRequest('ACK')
      first.respond(one, 486)
      await application.arrives('486')
      expect(application.untaken.join(' ')).not.toContain('482')
    })

    it('the second gets nothing of a re-INVITE as long as the first may respond to it', async () => {
      await application.request('INVITE', 'sip:desks.test', [], offer)
      first.respond(await first.hearsRequest('INVITE'), 200, [['Contact', '<sip:desks.test>']], offer)
      const { dialogId } = await application.arrives('200')
      await application.requestInDialog(dialogId, 'ACK')
      await first.hearsRequest('ACK')
      await application.requestInDialog(dialogId, 'INVITE', [], offer)
      const again = await first.hearsRequest('INVITE')
      clock.advance(2_000)
      first.respond(again, 488)
      await application.arrives('488')
      expect(second.untaken).toEqual([])
    })

    describe('an answer after the end of the call is acknowledged and ended with BYE', () => {
      async function comesTooLate(peer: SipPeer, invite: SipRequest): Promise<void> {
        peer.respond(invite, 200, [], offer)
        await peer.hears('ACK of the 200', (heard) => heard.kind === 'request' && heard.method === 'ACK' && heard.to.tag === peer.tag)
        peer.respond(await peer.hearsRequest('BYE'), 200)
        await expect.poll(async () => (await stage.sipd.counts()).dialogs).toBe(0)
      }

      it('because the other one is busy', async () => {
        const { one, other } = await bothCalled()
        second.respond(other, 486)
        await application.arrives('486')
        await comesTooLate(first, one)
      })

      it('because the caller has given up', async () => {
        const { txnId, one, other } = await bothCalled()
        first.respond(one, 100)
        second.respond(other, 100)
        await application.cancel(txnId)
        await first.hearsRequest('CANCEL')
        first.respond(one, 487)
        await application.arrives('487')
        await comesTooLate(second, other)
      })

      it('because the application has disconnected', async () => {
        const { one, other } = await bothCalled()
        first.respond(one, 180)
        await application.arrives('180')
        await application.close()
        await first.hearsRequest('CANCEL')
        first.respond(one, 487)
        await first.hearsRequest('ACK')
        await comesTooLate(second, other)
      })
    })

    it('requests in a call go to the address that has it, even if another one responds to the INVITE before its challenge', async () => {
      const head = [
        ['From', '<sip:a@x.test>;tag=abc'],
        ['Call-ID', 'challenged'],
      ] as const
      await application.request('INVITE', 'sip:desks.test', [...head, ['CSeq', '1 INVITE']], offer)
      const unproven = await first.hearsRequest('INVITE')
      clock.advance(2_000)
      second.respond(await second.hearsRequest('INVITE'), 407)
      await application.arrives('407')
      await application.request('INVITE', 'sip:desks.test', [...head, ['CSeq', '2 INVITE']], offer)
      const proven = await second.hears('the INVITE with credentials', (heard) => heard.kind === 'request' && heard.cseq.number === 2)
      second.respond(proven as SipRequest, 200, [], offer)
      const { dialogId } = await application.arrives('200')
      await application.requestInDialog(dialogId, 'ACK')
      first.respond(unproven, 200, [], offer)
      first.respond(await first.hearsRequest('BYE'), 200)
      await application.requestInDialog(dialogId, 'BYE')
      expect(await second.hearsRequest('BYE')).toBeDefined()
    })

    it('a third is tried at once if the second fails and the first is silent', async () => {
      ports = [first.port, second.port, third.port]
      const { other } = await bothCalled()
      second.respond(other, 503)
      third.respond(await third.hearsRequest('INVITE'), 486)
      await application.arrives('486')
    })

    it('a silent one is tried last for a minute', async () => {
      const { other } = await bothCalled()
      second.respond(other, 486)
      await application.arrives('486')
      const asked = async (peer: SipPeer): Promise<void> => {
        await application.request('INVITE', 'sip:desks.test', [], offer)
        const invite = await peer.hears('another INVITE', (heard) => heard.kind === 'request' && heard.callId !== other.callId)
        peer.respond(invite as SipRequest, 486)
        await application.arrives('486')
      }
      clock.advance(57_000)
      await asked(second)
      clock.advance(3_000)
      await asked(first)
    })

    it('both are cancelled when the caller gives up', async () => {
      const { txnId, one, other } = await bothCalled()
      first.respond(one, 100)
      second.respond(other, 100)
      await application.cancel(txnId)
      await first.hearsRequest('CANCEL')
      await second.hearsRequest('CANCEL')
      first.respond(one, 487)
      second.respond(other, 487)
      await application.arrives('487')
    })
  })

  it('the second gets nothing of a request that the first has begun to answer', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    first.respond(await first.hearsRequest('OPTIONS'), 180)
    await application.arrives('180')
    timeOut()
    await application.arrives('408')
    expect(second.untaken).toEqual([])
  })

  it('the silence of both is a time-out', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    timeOut()
    await second.hearsRequest('OPTIONS')
    timeOut()
    await application.arrives('408')
  })
})
