import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMedia, type Media } from '../../../src/media/media.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { tlsSampleFiles } from '../../support/net/tls-sample.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, pinOf, type TestOffice } from '../../support/node/office.js'
import { openWebPhone, type WebPhone } from '../../support/sip/web-phone.js'

/** sip.js over WebSocket, open and secure, and a desk phone over UDP at the same node. */
describe('phones in web pages', () => {
  let office: TestOffice
  let node: TestNode
  let media: Media
  let desk: Phone
  const open: WebPhone[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    const { certificate, key } = tlsSampleFiles('first')
    node = await office.node('paris-1', 'paris', {
      env: {
        HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,ws://127.0.0.1:0,wss://127.0.0.1:0',
        HOTDESK_SIP_TLS_CERTIFICATE: certificate,
        HOTDESK_SIP_TLS_KEY: key,
      },
    })
    media = createMedia({ addresses: ['127.0.0.1'], ports: { from: 40_000, to: 59_999 }, clock: systemClock, log: silentLogger() })
    desk = await office.phone('HD0003', node)
    await seat('102', 'HD0003')
  }, 60_000)

  afterEach(async () => {
    for (const phone of open.splice(0)) await phone.close()
  })

  afterAll(async () => {
    await media.close()
    await office.close()
  })

  async function seat(extension: string, device: string): Promise<void> {
    await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, device)
    await office.settled(extension, device)
  }

  async function page(device: string, protocol: 'ws' | 'wss'): Promise<WebPhone> {
    const server = `${protocol}://${node.address(protocol)}`
    const phone = await openWebPhone({ device, password: passwordOf(device), server, domain, media })
    open.push(phone)
    return phone
  }

  async function registered(device: string, protocol: 'ws' | 'wss'): Promise<WebPhone> {
    const phone = await page(device, protocol)
    expect(await phone.register()).toBe(200)
    return phone
  }

  it.each(['ws', 'wss'] as const)('register over %s, and their flow is that connection', async (protocol) => {
    await registered('HD0001', protocol)
    const flow = await office.redis.cli('HGET', '{hd}:reg:HD0001', 'flow')
    expect(flow).toMatch(new RegExp(`^sip:127\\.0\\.0\\.1:\\d+;transport=${protocol}$`))
  })

  it('with a wrong password do not', async () => {
    const server = `ws://${node.address('ws')}`
    const phone = await openWebPhone({ device: 'HD0001', password: passwordOf('HD0002'), server, domain, media })
    open.push(phone)
    // sip.js tries once and takes the second challenge for a no.
    expect(await phone.register()).toBe(401)
  })

  it('call each other, each over the connection it has opened, and either ends the call', async () => {
    const one = await registered('HD0001', 'ws')
    const other = await registered('HD0002', 'ws')
    await seat('100', 'HD0001')
    await seat('101', 'HD0002')
    for (const who of ['caller', 'callee'] as const) {
      const dialling = one.dial('101')
      const ringing = await other.nextCall()
      expect(ringing.from).toBe('100')
      const callee = await ringing.answer()
      const caller = await dialling
      await callee.audio.press('5')
      await (who === 'caller' ? caller : callee).hangUp()
      await (who === 'caller' ? callee : caller).ended
    }
  })

  it('over wss with a certificate of our own are called by a desk phone, and call it', async () => {
    const phone = await registered('HD0001', 'wss')
    await seat('100', 'HD0001')
    const dialling = await desk.dial('100')
    const answered = await (await phone.nextCall()).answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status}`)
    await dialled.call.hangUp()
    await answered.ended
    const back = phone.dial('102')
    const call = await (await desk.nextCall()).answer()
    await (await back).hangUp()
    await call.ended
  })

  it('that refuse a call are busy for the caller', async () => {
    const phone = await registered('HD0001', 'wss')
    await seat('100', 'HD0001')
    const dialling = await desk.dial('100')
    await (await phone.nextCall()).reject(486)
    const dialled = await dialling.result
    expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
  })

  it('log a user in by the dial code', async () => {
    const phone = await registered('HD0002', 'ws')
    const call = await phone.dial('*77*101*')
    await call.audio.press(`${pinOf('101')}#`)
    await call.ended
    await office.redisSays('OCCUPIED 101', 'FCALL', 'hotdesk_who', '1', '{hd}', 'HD0002')
  })

  it('that were closed without a word are not waited for', async () => {
    const phone = await registered('HD0001', 'ws')
    await seat('100', 'HD0001')
    phone.vanish()
    const began = systemClock.now()
    const dialled = await (await desk.dial('100')).result
    expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(480)
    expect(systemClock.now() - began).toBeLessThan(10_000)
  })
})
