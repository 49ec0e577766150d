import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.js'
import { Secret } from '../../../src/base/secret.js'
import { createSrf, type SipApplication, type SipDialog } from '../../../src/srf/srf.js'
import { type CutWire, openCutWire } from '../../support/net/cut-wire.js'
import { keepLog } from '../../support/node/kept-log.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { inDialog, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'
import { type Dlg, happens, openSrfStage } from '../../support/sip/srf-stage.js'

interface Cuttable {
  readonly stage: SipdStage
  readonly wire: CutWire
  readonly srf: SipApplication
  /** The states of the link after it was established, from the log. */
  states(): readonly string[]
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function stateIn(line: string): string[] {
  const { msg } = JSON.parse(line) as { msg: string }
  return [...(msg.startsWith('SIP server lost') ? ['lost'] : []), ...(msg === 'SIP server connected' ? ['connected'] : [])]
}

/** An application, a SIP server, and a link between them that can be cut. */
async function open(clock: Clock = systemClock): Promise<Cuttable> {
  const stage = await openSipdStage({ clock })
  closers.push(() => stage.close())
  const wire = await openCutWire(stage.sipd.admin.port)
  closers.push(() => wire.close())
  const { log, lines } = keepLog()
  const srf = await createSrf({ admin: { host: '127.0.0.1', port: wire.port, secret: new Secret('cymru') }, log, clock })
  closers.push(() => srf.close())
  return { stage, wire, srf, states: () => lines.flatMap(stateIn).slice(1) }
}

const patience = { timeout: 5_000, interval: 20 }

const resumed = ({ stage }: Cuttable, times: number): Promise<void> =>
  vi.waitFor(async () => expect((await stage.sipd.counts()).resumptions).toBe(times), patience)

/** Waits until the server has the routes of the application: a later command has been executed. */
async function routed(srf: SipApplication, phone: SipPeer): Promise<void> {
  const asked = srf.request('OPTIONS', `sip:x@127.0.0.1:${phone.port}`)
  phone.respond(await phone.hearsRequest('OPTIONS'), 200)
  await asked
}

/** A phone calls, and the application answers. */
async function callIn({ stage, srf }: Cuttable) {
  const phone = await stage.udpPeer()
  const taken = new Promise<SipDialog>((resolve, reject) => {
    srf.onInvite((invite) => invite.accept({ sdp: offer }).then(resolve, reject))
  })
  await routed(srf, phone)
  const invite = phone.request({ method: 'INVITE', body: offer })
  phone.send(invite)
  const answer = await phone.hearsResponse(200, 'INVITE')
  phone.send(phone.request(inDialog(invite, answer, { method: 'ACK', cseq: invite.cseq.number })))
  return {
    phone,
    dialog: await taken,
    request: (method: string, cseq: number) => phone.request(inDialog(invite, answer, { method, cseq })),
  }
}

describe('when the link to the SIP server breaks', () => {
  test('a call goes on: requests of both sides pass, also those sent before the new connection', async () => {
    const cuttable = await open()
    const { phone, dialog, request } = await callIn(cuttable)
    const heard: string[] = []
    dialog.onRequest((each) => {
      heard.push(each.method)
      each.respond(200)
    })
    const ended = new Promise((resolve) => dialog.onEnd(resolve))
    cuttable.wire.cut()
    phone.send(request('INFO', 2))
    await phone.hearsResponse(200, 'INFO')
    await resumed(cuttable, 1)
    cuttable.wire.cut()
    const sent = dialog.request('OPTIONS')
    phone.respond(await phone.hearsRequest('OPTIONS'), 200)
    expect((await sent).status).toBe(200)
    await resumed(cuttable, 2)
    phone.send(request('BYE', 3))
    await phone.hearsResponse(200, 'BYE')
    await ended
    expect(heard).toEqual(['INFO'])
    expect(cuttable.states()).toEqual([])
    expect(await cuttable.stage.sipd.counts()).toMatchObject({ dialogs: 0, unfinished: 0 })
  })

  test('a pending request gets its response, and new requests wait for the application', async () => {
    const cuttable = await open()
    const { stage, srf, wire } = cuttable
    const phone = await stage.udpPeer()
    srf.onRequest('MESSAGE', (message) => message.respond(202))
    const asked = srf.request('OPTIONS', `sip:x@127.0.0.1:${phone.port}`)
    const options = await phone.hearsRequest('OPTIONS')
    wire.isDown = true
    wire.cut()
    phone.respond(options, 200)
    phone.send(phone.request({ method: 'MESSAGE' }))
    wire.isDown = false
    expect((await asked).status).toBe(200)
    await phone.hearsResponse(202, 'MESSAGE')
  })

  test('and does not resume, pending requests get 503 and dialogs end', async () => {
    const clock = createManualClock()
    const cuttable = await open(clock)
    const { dialog } = await callIn(cuttable)
    const ended = new Promise((resolve) => dialog.onEnd(resolve))
    cuttable.wire.isDown = true
    cuttable.wire.cut()
    const asked = cuttable.srf.request('OPTIONS', 'sip:x@127.0.0.1:9')
    // The application waits from the time it notices, and the server a little longer.
    await vi.waitFor(() => {
      clock.advance(4_000)
      expect(cuttable.states()).toEqual(['lost'])
    }, patience)
    expect(await ended).toMatchObject({ by: 'server' })
    expect((await asked).status).toBe(503)
    await vi.waitFor(async () => {
      clock.advance(2_000)
      expect((await cuttable.stage.sipd.counts()).dialogs).toBe(0)
    }, patience)
  })

  test('and too much data waits, the next connection does not resume, and the server keeps no dialog', async () => {
    const clock = createManualClock()
    const { stage, wire, srf, states } = await open(clock)
    await callIn({ stage, wire, srf, states })
    wire.isDown = true
    wire.cut()
    const headers = { 'Content-Type': 'text/plain' }
    for (let sent = 0; sent < 17; sent += 1) void srf.request('MESSAGE', 'sip:x@127.0.0.1:9', { headers, body: 'x'.repeat(1024 * 1024) })
    await vi.waitFor(() => expect(states()).toEqual(['lost']), patience)
    wire.isDown = false
    await vi.waitFor(() => expect(states()).toEqual(['lost', 'connected']), patience)
    await vi.waitFor(async () => {
      clock.advance(2_000)
      expect(await stage.sipd.counts()).toMatchObject({ dialogs: 0, resumptions: 0 })
    }, patience)
  })

  test('because the application has stopped, the server does not wait for it', async () => {
    const cuttable = await open()
    await callIn(cuttable)
    await cuttable.srf.close()
    await expect.poll(async () => (await cuttable.stage.sipd.counts()).dialogs).toBe(0)
  })

  test('repeatedly, in the middle of messages, none of 60 calls through a B2BUA is lost', async () => {
    const phones = await openSrfStage({ t1: 500 })
    closers.push(() => phones.close())
    const middle = await open()
    bridge(middle.srf, phones.stage.udp)
    const callees = answerAll(phones.srf)
    for (const { application } of [phones.stage, middle.stage]) await (await application([])).close()
    await routed(middle.srf, await middle.stage.udpPeer())
    // A pseudo-random sequence, so that a failure is reproducible.
    let seed = 7
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647)
    middle.wire.cutAfter(() => 10_000 + (next() % 40_000))
    middle.wire.cut()
    let placed = 0
    const line = async (): Promise<void> => {
      while (placed < 60) {
        placed += 1
        const called = callees.next(String(placed))
        const caller = await phones.srf.createUAC(`sip:${placed}@127.0.0.1:${middle.stage.udp}`, { localSdp: offer })
        const callee = await called
        const [first, second] = placed % 2 === 0 ? [caller, callee] : [callee, caller]
        const ended = happens(second, 'destroy')
        await first.destroy()
        await ended
      }
    }
    await Promise.all(Array.from({ length: 15 }, line))
    process.stdout.write(`60 calls, the link cut ${middle.wire.cuts} times\n`)
    expect(middle.wire.cuts).toBeGreaterThan(5)
    expect(middle.states()).toEqual([])
    const { dialogs, unfinished } = await middle.stage.sipd.counts()
    expect({ dialogs, unfinished }).toEqual({ dialogs: 0, unfinished: 0 })
  }, 60_000)
})

function bridge(srf: SipApplication, port: number): void {
  srf.onInvite(async (invite) => {
    const user = /sip:(\d+)@/.exec(invite.uri)?.[1] ?? ''
    const result = await srf.invite(`sip:${user}@127.0.0.1:${port}`, invite.body).result
    if (result.outcome !== 'answered') return invite.respond(500)
    const caller = await invite.accept({ sdp: result.reply.body })
    caller.onEnd(() => result.dialog.bye())
    result.dialog.onEnd(() => caller.bye())
  })
}

function answerAll(srf: Awaited<ReturnType<typeof openSrfStage>>['srf']): { next(number: string): Promise<Dlg> } {
  const waiting = new Map<string, (dialog: Dlg) => void>()
  srf.invite((req, res) => {
    void srf.createUAS(req, res, { localSdp: offer }).then((dialog) => dialog.once('ack', () => waiting.get(req.calledNumber)?.(dialog)))
  })
  return { next: (number) => new Promise((resolve) => waiting.set(number, resolve)) }
}
