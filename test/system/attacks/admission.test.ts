import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { newCallId } from '../../../src/sip/ids.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import { floodRequest } from '../../support/net/flood.js'
import { converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** The phones, and whoever forges: the same address. */
const shared = '127.0.0.77'

const forged: Readonly<Record<string, string>> = {
  'a scanner': floodRequest('OPTIONS', 'sip:100@hotdesk.test', ['User-Agent: friendly-scanner']),
  'a scanner that calls': floodRequest('INVITE', 'sip:100@hotdesk.test', ['User-Agent: sipvicious']),
  'what is no SIP': 'GET / HTTP/1.1\r\n\r\n',
  'half a message': floodRequest('INVITE', 'sip:100@hotdesk.test').replace(/CSeq: [^\r]*\r\n/, ''),
  'a wrong password with an invented nonce': floodRequest('REGISTER', 'sip:hotdesk.test', [
    'Authorization: Digest username="HD0001", realm="hotdesk.test", nonce="invented", uri="sip:hotdesk.test", response="00", algorithm=MD5',
  ]),
}

describe('datagrams that name the address of phones as their source', () => {
  let office: TestOffice
  let node: TestNode
  let bank: Softphones
  let desk1: Phone
  let desk2: Phone
  let forger: Socket

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    bank = await createSoftphones({ clock: systemClock, log: silentLogger(), address: shared })
    ;[desk1, desk2] = [phone('HD0001'), phone('HD0002')]
    for (const desk of [desk1, desk2]) expect((await desk.register()).status).toBe(200)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
    forger = createSocket('udp4')
    forger.bind(0, shared)
    await once(forger, 'listening')
  }, 60_000)
  afterAll(async () => {
    forger.close()
    await bank.close()
    await office.close()
  })

  const phone = (device: string): Phone => bank.phone({ device, password: passwordOf(device), node: node.udp, domain })

  /** 60 of them over six seconds: enough for a ban by what is counted. */
  async function forge(message: string): Promise<void> {
    const [host = '', port = ''] = node.udp.split(':')
    for (let at = 0; at < 60; at += 1) {
      const text = message.replaceAll('{n}', crypto.randomUUID()).replaceAll('{via}', `${shared}:${forger.address().port}`)
      forger.send(Buffer.from(text, 'latin1'), Number(port), host)
      await pause(systemClock, 100)
    }
  }

  it('silence no phone there, in no way, and disturb no call', async () => {
    const call = await converse(desk1, '101', desk2)
    await Promise.all(Object.values(forged).map(forge))
    await expectUndisturbed(call)
    await hangUp(call)
    expect((await desk1.register()).status).toBe(200)
    // One that nobody knows yet, behind the same address.
    expect((await phone('HD0003').register()).status).toBe(200)
    await hangUp(await converse(desk1, '101', desk2))
    expect(await metricOf(node, 'hotdesk_sip_banned_sources')).toBe(0)
  }, 60_000)

  it('silence nobody in the first moments after a restart either', async () => {
    const again = sameAddresses(node)
    await node.stop()
    node = await office.node('paris-1', 'paris', { env: again })
    await Promise.all(Object.values(forged).map(forge))
    // Registered before the restart, and not since.
    await hangUp(await converse(desk1, '101', desk2))
    expect(await metricOf(node, 'hotdesk_sip_banned_sources')).toBe(0)
  }, 60_000)
})

/** Sources that are real: they answer the challenges that they get, with a wrong password. */
describe('wrong passwords', () => {
  let office: TestOffice
  let node: TestNode
  let registered: SipPeer
  let restarted: SipPeer
  let stranger: SipPeer

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    const open = () => openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    ;[registered, restarted, stranger] = [await open(), await open(), await open()]
    await phoneAt(registered, 'HD0001').register()
    await phoneAt(restarted, 'HD0002').register()
  }, 60_000)
  afterAll(async () => {
    for (const peer of [registered, restarted, stranger]) await peer.close()
    await office.close()
  })

  const phoneAt = (peer: SipPeer, device: string, password = passwordOf(device)): RawPhone =>
    createRawPhone({ peer, device, password, domain })

  /** Nine a second, for six seconds at least: enough for a ban. All of them answer one challenge. */
  async function guess(peer: SipPeer, device: string, seconds = 6.5): Promise<void> {
    const phone = phoneAt(peer, device, new Secret('not the password'))
    const request = peer.request({ method: 'REGISTER', uri: `sip:${domain}`, to: `sip:${device}@${domain}`, callId: newCallId() })
    peer.send(request)
    const challenge = await peer.hearsResponse(401)
    for (let guesses = 0; guesses < 9 * seconds; guesses += 1) {
      peer.send(phone.authorized(request, challenge))
      await pause(systemClock, 110)
    }
    while (peer.untaken.includes('401 REGISTER')) await peer.hearsResponse(401)
  }

  it('ban a stranger, and not the phone that has registered there', async () => {
    await Promise.all([guess(registered, 'HD0001'), guess(stranger, 'HD0003')])
    await phoneAt(registered, 'HD0001').register()
    await expect(phoneAt(stranger, 'HD0003').register()).rejects.toThrow('did not come')
    expect(await metricOf(node, 'hotdesk_sip_banned_sources')).toBe(1)
  }, 60_000)

  it('ban no phone that has registered before a restart, and not since', async () => {
    const again = sameAddresses(node)
    await node.stop()
    node = await office.node('paris-1', 'paris', { env: again })
    // In the first five seconds the node finds out what else is behind this address, which changes how failures are counted.
    await guess(restarted, 'HD0002', 12)
    await phoneAt(restarted, 'HD0002').register()
    expect(await metricOf(node, 'hotdesk_sip_banned_sources')).toBe(0)
  }, 60_000)
})
