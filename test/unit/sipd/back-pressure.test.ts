import { afterEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createSrf, type SipApplication, type SipDialog } from '../../../src/srf/srf.js'
import { type CutWire, openCutWire } from '../../support/net/cut-wire.js'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

const mebibyte = 1024 * 1024

/** The application does not read what the SIP server sends it. */
describe('an application that does not read', () => {
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  interface Slow {
    readonly stage: SipdStage
    readonly wire: CutWire
    readonly srf: SipApplication
    readonly phone: SipPeer
    readonly dialog: SipDialog
    readonly request: (method: string, cseq: number, body?: string) => ReturnType<SipPeer['request']>
  }

  async function open(): Promise<Slow> {
    const stage = await openSipdStage()
    closers.push(() => stage.close())
    const wire = await openCutWire(stage.sipd.admin.port)
    closers.push(() => wire.close())
    const srf = await createSrf({ admin: { host: '127.0.0.1', port: wire.port, secret: new Secret('cymru') }, log: silentLogger() })
    closers.push(() => srf.close())
    const phone = await stage.tcpPhone()
    srf.onRequest('MESSAGE', (message) => message.respond(202))
    const taken = new Promise<SipDialog>((resolve, reject) => {
      srf.onInvite((invite) => invite.accept({ sdp: offer }).then(resolve, reject))
    })
    // A command behind those that name the methods: when it has been done, they are known.
    const peer = await stage.udpPeer()
    const asked = srf.request('OPTIONS', `sip:x@127.0.0.1:${peer.port}`)
    peer.respond(await peer.hearsRequest('OPTIONS'), 200)
    await asked
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const answer = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK', cseq: invite.cseq.number })))
    const dialog = await taken
    dialog.onRequest((request) => request.respond(200))
    return {
      stage,
      wire,
      srf,
      phone,
      dialog,
      request: (method, cseq, body = '') => phone.request(inDialog(invite, answer, { method, cseq, body })),
    }
  }

  const unread = async ({ stage }: Slow): Promise<number> => (await stage.sipd.counts()).unread

  test('gets no new requests above a limit, emergency calls up to a higher one, and existing calls go on; memory is bounded', async () => {
    const slow = await open()
    const { phone, wire, stage } = slow
    wire.stop()
    const body = 'x'.repeat(60_000)
    const before = (await stage.sipd.counts()).requests
    let sent = 0
    while ((await stage.sipd.counts()).shed === 0 && sent < 1_000) {
      for (let batch = 0; batch < 20; batch += 1) phone.send(phone.request({ method: 'MESSAGE', body }))
      sent += 20
      await expect.poll(async () => (await stage.sipd.counts()).requests, { interval: 1 }).toBe(before + sent)
    }
    const [{ shed }, most] = [await stage.sipd.counts(), await unread(slow)]
    process.stdout.write(`of ${sent} messages of 60 kB ${shed} got 503; ${(most / mebibyte).toFixed(1)} MiB wait\n`)
    await phone.hearsResponse(503, 'MESSAGE')
    for (let more = 0; more < 100; more += 1) phone.send(phone.request({ method: 'MESSAGE', body }))
    await expect.poll(async () => (await stage.sipd.counts()).shed).toBeGreaterThan(99)
    expect(await unread(slow)).toBeLessThan(8 * mebibyte)

    // An ordinary call is refused, one for help is given to the application, and so is what goes on in a call.
    const ordinary = phone.request({ method: 'INVITE', body: offer })
    phone.send(ordinary)
    await phone.hearsResponse(503, 'INVITE')
    const help = phone.request({ method: 'INVITE', uri: 'sip:112@127.0.0.1', body: offer })
    phone.send(help)
    phone.send(slow.request('INFO', 2))
    wire.goOn()
    await phone.hears(
      '200 to the call for help',
      (message) => message.kind === 'response' && message.status === 200 && message.callId === help.callId,
    )
    await phone.hearsResponse(200, 'INFO')
    await expect.poll(() => unread(slow)).toBeLessThan(mebibyte)
    phone.send(phone.request({ method: 'MESSAGE', body }))
    await phone.hearsResponse(202, 'MESSAGE')
    expect(slow.dialog.ended).toBe(false)
  }, 30_000)

  test('gets no more requests of existing calls above a limit either, but still their end', async () => {
    const slow = await open()
    const { phone, wire, stage } = slow
    wire.stop()
    const body = 'x'.repeat(60_000)
    let cseq = 1
    while ((await stage.sipd.counts()).shed === 0 && cseq < 1_000) {
      const before = (await stage.sipd.counts()).requests
      for (let batch = 0; batch < 20; batch += 1) phone.send(slow.request('INFO', ++cseq, body))
      await expect.poll(async () => (await stage.sipd.counts()).requests, { interval: 1 }).toBe(before + 20)
    }
    await phone.hearsResponse(503, 'INFO')
    expect(await unread(slow)).toBeLessThan(17 * mebibyte)
    phone.send(slow.request('BYE', ++cseq))
    const ended = new Promise<void>((resolve) => slow.dialog.onEnd(() => resolve()))
    wire.goOn()
    await ended
    await phone.hearsResponse(200, 'BYE')
  }, 30_000)

  test('whose link then breaks loses nothing that was accepted', async () => {
    const slow = await open()
    const { phone, wire, stage } = slow
    wire.stop()
    for (let sent = 0; sent < 60; sent += 1) phone.send(phone.request({ method: 'MESSAGE', body: 'x'.repeat(60_000) }))
    await expect.poll(async () => (await stage.sipd.counts()).unfinished).toBe(60)
    phone.send(slow.request('INFO', 2))
    wire.cut()
    for (let heard = 0; heard < 60; heard += 1) await phone.hearsResponse(202, 'MESSAGE')
    await phone.hearsResponse(200, 'INFO')
    expect((await stage.sipd.counts()).resumptions).toBe(1)
    expect(slow.dialog.ended).toBe(false)
  })
})
