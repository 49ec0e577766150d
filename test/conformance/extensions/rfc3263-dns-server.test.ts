import type { Answer } from 'dns-packet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemDns } from '../../../src/sipd/transport/locate/dns-names.js'
import type { WireApplication } from '../../support/admin-wire/wire-application.js'
import { type DnsServer, openDnsServer } from '../../support/net/dns-server.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { openTcpServer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

// A trunk whose address is a domain, with a DNS server that speaks the protocol. Targets are `localhost`, which the hosts file has.
let clock: ManualClock
let dns: DnsServer
let stage: SipdStage
let application: WireApplication
let records: Answer[]
beforeEach(async () => {
  records = []
  clock = createManualClock(Date.UTC(2026, 0, 1))
  dns = await openDnsServer(() => records)
  stage = await openSipdStage({ clock, dns: createSystemDns([dns.address]) })
  application = await stage.application()
})
afterEach(async () => {
  await stage.close()
  await dns.close()
})

const naptr = (order: number, services: string, replacement: string): Answer => ({
  type: 'NAPTR',
  name: 'carrier.test',
  data: { order, preference: 10, flags: 's', services, regexp: '', replacement },
})
const srv = (name: string, port: number, priority: number, weight = 0): Answer => ({
  type: 'SRV',
  name,
  data: { target: 'localhost', port, priority, weight },
})

async function answersOptions(peer: SipPeer): Promise<void> {
  peer.respond(await peer.hearsRequest('OPTIONS'), 200)
  await application.arrives('200')
}

describe('RFC 3263: the domain of a trunk', () => {
  it('§4.1: NAPTR selects the transport that the trunk prefers', async () => {
    const peer = await openTcpServer()
    const unused = await stage.udpPeer()
    records = [
      naptr(20, 'SIP+D2U', '_sip._udp.carrier.test'),
      naptr(10, 'SIP+D2T', '_sip._tcp.carrier.test'),
      naptr(5, 'SIPS+D2T', '_sips._tcp.carrier.test'),
      srv('_sip._tcp.carrier.test', peer.port, 0),
      srv('_sip._udp.carrier.test', unused.port, 0),
    ]
    await application.request('OPTIONS', 'sip:carrier.test')
    await answersOptions(peer)
    expect([peer.connections(), unused.untaken]).toEqual([1, []])
    await peer.close()
  })

  it('§4.3: SRV gives the targets by priority, and the next takes the call if one responds 503', async () => {
    const [first, second] = [await stage.udpPeer(), await stage.udpPeer()]
    records = [srv('_sip._udp.carrier.test', second.port, 20), srv('_sip._udp.carrier.test', first.port, 10)]
    await application.request('OPTIONS', 'sip:carrier.test')
    first.respond(await first.hearsRequest('OPTIONS'), 503)
    await answersOptions(second)
    expect(dns.asked).toContain('NAPTR carrier.test')
  })

  it('RFC 8767: is still reached if the DNS no longer responds, and no call waits for it', async () => {
    const peer = await stage.udpPeer()
    records = [srv('_sip._udp.carrier.test', peer.port, 0)]
    await application.request('OPTIONS', 'sip:carrier.test')
    await answersOptions(peer)
    dns.silence()
    clock.advance(60_000)
    await application.request('OPTIONS', 'sip:carrier.test')
    await answersOptions(peer)
  })
})
