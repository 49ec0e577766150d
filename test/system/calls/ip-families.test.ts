import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import type { SipReply } from '../../../src/srf/srf.js'
import { freePort } from '../../support/net/free-port.js'
import { dialAnswered, logIn, logOut } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** One node with phones of IPv4 and of IPv6. Its trunk is of IPv4. */
let office: TestOffice
let node: TestNode
let bank: Softphones
let trunk: SipPeer
const phones = {} as { four: Phone; otherFour: Phone; six: Phone; otherSix: Phone }

beforeAll(async () => {
  const towards = { port: 9 }
  office = await openTestOffice()
  trunk = await openUdpPeer(towards, ['OPTIONS'])
  await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
  const port = await freePort()
  // The node names its addresses last first.
  const listen = `udp://[::1]:${port}, udp://127.0.0.1:0, tcp://127.0.0.1:0`
  const env = { HOTDESK_SIP_LISTEN: listen, HOTDESK_MEDIA_ADDRESS: '127.0.0.1, ::1' }
  node = await office.node('paris-1', 'paris', { dialplan: planOver(trunk.address), env })
  towards.port = Number(node.udp.split(':')[1])
  bank = await createSoftphones({ clock: systemClock, log: silentLogger(), address: '::1' })
  phones.four = await office.phone('HD0001', node)
  phones.otherFour = await office.phone('HD0002', node)
  phones.six = bank.phone({ device: 'HD0003', password: passwordOf('HD0003'), node: `[::1]:${port}`, domain })
  phones.otherSix = bank.phone({ device: 'HD0004', password: passwordOf('HD0004'), node: `[::1]:${port}`, domain })
  for (const phone of [phones.six, phones.otherSix]) expect((await phone.register()).status).toBe(200)
}, 60_000)

afterAll(async () => {
  await bank?.close()
  await trunk?.close()
  await office.close()
})

async function refused(phone: Phone, number: string): Promise<SipReply> {
  const dialled = await (await phone.dial(number)).result
  if (dialled.outcome === 'answered') throw new Error(`${phone.device} dialled ${number} and was answered`)
  return dialled.answer
}

describe('phones of IPv4 and of IPv6 at one node', () => {
  it('hear the prompts and log in by PIN, each in its own family', async () => {
    await Promise.all([logIn(phones.four, '100'), logIn(phones.six, '102')])
    await office.settled('100', 'HD0001')
    await office.settled('102', 'HD0003')
  })

  it('hear an announcement if nobody is logged in', async () => {
    for (const phone of [phones.otherFour, phones.otherSix]) {
      const dialling = await phone.dial('100')
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && [dialled.answer.status, dialled.answer.reason]).toEqual([480, 'Log In First'])
      expect(dialling.heard).toContain(183)
    }
  })

  it('call phones of their family', async () => {
    await office.seat({ '101': 'HD0002', '103': 'HD0004' })
    for (const [caller, callee, number] of [
      [phones.four, phones.otherFour, '101'],
      [phones.six, phones.otherSix, '103'],
    ] as const) {
      const dialling = dialAnswered(caller, number)
      const answered = await (await callee.nextCall()).answer()
      const call = await dialling
      for (const { audio } of [call, answered]) await expect.poll(() => audio.heard.packets).toBeGreaterThan(5)
      await call.hangUp()
    }
  })

  it.each([
    ['IPv4 to IPv6', 'four', '102'],
    ['IPv6 to IPv4', 'six', '100'],
    ['IPv6 to a trunk of IPv4', 'six', '00147000001'],
  ] as const)('are refused a call from %s, before it rings, with a Warning and a reason in the log', async (_title, caller, number) => {
    const answer = await refused(phones[caller], number)
    // RFC 3261 §20.43.
    expect([answer.status, answer.header('Warning')]).toEqual([488, expect.stringMatching(/^301 /)])
    const line = await node.logged('call.refused')
    expect(line).toMatchObject({ reason: 'other-family', msg: expect.stringMatching(/IPv4 and IPv6/) as string })
    expect(await node.logged('call.ended', ({ reason }) => reason === 'other-family')).toMatchObject({ result: 'client' })
  })

  it('reach the emergency centre whatever the families are', async () => {
    const dialling = dialAnswered(phones.six, '112')
    trunk.respond(await trunk.hearsRequest('INVITE'), 200, [], offer)
    const call = await dialling
    const over = call.hangUp()
    trunk.respond(await trunk.hearsRequest('BYE'), 200)
    await over
  })

  it('log out', async () => {
    await Promise.all([logOut(phones.otherFour), logOut(phones.otherSix)])
    expect(await office.redis.cli('HMGET', '{hd}:devices', 'HD0002', 'HD0004')).toBe('')
  })
})

describe('an offer that no prompt can be spoken to', () => {
  let peer: SipPeer
  beforeAll(async () => {
    peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['NOTIFY'])
  })
  afterAll(() => peer.close())

  const withMedia = (line: string) => offer.replace(/m=audio.*\r\n/, `${line}\r\na=rtpmap:0 PCMU/8000\r\n`)

  it.each([
    ['SRTP', 'm=audio 40000 RTP/SAVP 0', 302, 'profile RTP/SAVP'],
    ['a browser', 'm=audio 9 UDP/TLS/RTP/SAVPF 0', 302, 'profile UDP/TLS/RTP/SAVPF'],
    ['SRTP with feedback', 'm=audio 40000 RTP/SAVPF 0', 302, 'profile RTP/SAVPF'],
    ['other codecs', 'm=audio 40000 RTP/AVP 9 18', 305, 'no-common-codec'],
    ['video alone', 'm=video 40000 RTP/AVP 31', 304, 'no-audio'],
  ])('of %s to a dial code is refused with 488, and the log says why', async (_title, line, warning, reason) => {
    const phone = createRawPhone({ peer, device: 'HD0002', password: passwordOf('HD0002'), domain })
    const { answer } = await phone.dial('*77*101*', { body: withMedia(line) }).final
    expect([answer.status, answer.first('Warning')]).toEqual([488, expect.stringMatching(new RegExp(`^${warning} `))])
    expect(await node.logged('call.refused', (logged) => logged.reason === reason)).toMatchObject({ status: 488 })
  })

  it('of SRTP from a phone where nobody is logged in is refused as if it had heard the announcement', async () => {
    const phone = createRawPhone({ peer, device: 'HD0002', password: passwordOf('HD0002'), domain })
    const { answer } = await phone.dial('100', { body: withMedia('m=audio 40000 RTP/SAVP 0') }).final
    expect([answer.status, answer.reason]).toEqual([480, 'Log In First'])
    expect(await node.logged('call.refused', ({ reason }) => reason === 'profile RTP/SAVP')).toMatchObject({
      msg: expect.stringMatching(/not announced/) as string,
    })
  })
})
