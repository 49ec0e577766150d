import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Dns } from '../../src/sipd/transport/locate/dns-names.js'
import type { SipPeer } from '../support/sip-peer.js'
import { openSipdStage, type SipdStage } from '../support/sipd-stage.js'
import type { WireApplication } from '../support/wire-application.js'

let ports: readonly number[] = []
const dns: Dns = {
  naptr: () => Promise.resolve([]),
  srv: (name) =>
    Promise.resolve(name.startsWith('_sip._udp.') ? ports.map((port, priority) => ({ name: 'a', port, priority, weight: 0 })) : []),
  addresses: () => Promise.resolve(['127.0.0.1']),
}

let stage: SipdStage
let application: WireApplication
let first: SipPeer
let second: SipPeer
beforeEach(async () => {
  stage = await openSipdStage({ t1: 10, dns })
  application = await stage.application()
  first = await stage.udpPeer()
  second = await stage.udpPeer()
  ports = [first.port, second.port]
})
afterEach(() => stage.close())

describe('RFC 3263 §4.3: of two places that a name stands for', () => {
  it('the second MUST be tried where the first is silent, with a branch of its own', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    const unheard = await first.hearsRequest('OPTIONS')
    const heard = await second.hearsRequest('OPTIONS')
    expect([heard.callId, heard.vias.length]).toEqual([unheard.callId, 1])
    expect(heard.topVia.branch).not.toBe(unheard.topVia.branch)
    second.respond(heard, 200)
    await application.arrives('200')
  })

  it('the second MUST be tried where nobody listens at the first', async () => {
    await first.close()
    await application.request('OPTIONS', 'sip:desks.test')
    second.respond(await second.hearsRequest('OPTIONS'), 200)
    await application.arrives('200')
  })

  it('the second is tried where the first answers 503, which is not told', async () => {
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

  it('the 503 of a first that has begun to ring is told', async () => {
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
  ])('the second hears nothing of a call that was given up before the first %s', async (_, status) => {
    const { txnId } = await application.request('INVITE', 'sip:desks.test')
    const invite = await first.hearsRequest('INVITE')
    await application.cancel(txnId)
    if (status === 503) first.respond(invite, 503)
    await application.arrives(String(status))
    expect(second.untaken).toEqual([])
  })

  it('the 503 of the last is told', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    first.respond(await first.hearsRequest('OPTIONS'), 503)
    second.respond(await second.hearsRequest('OPTIONS'), 503)
    await application.arrives('503')
  })

  it('the second hears nothing of a request that the first has begun to answer', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    first.respond(await first.hearsRequest('OPTIONS'), 180)
    await application.arrives('408')
    expect(second.untaken).toEqual([])
  })

  it('the silence of both is a time-out', async () => {
    await application.request('OPTIONS', 'sip:desks.test')
    await second.hearsRequest('OPTIONS')
    await application.arrives('408')
  })
})
