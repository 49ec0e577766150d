import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { KnownSources } from '../../../src/sipd/sipd.js'
import type { WireApplication } from '../../support/admin-wire/wire-application.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { inDialog, offer, openTcpPhone, openTcpServer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStageOptions } from '../../support/sip/sipd-stage.js'

// The Contacts name a loopback address without a listener: a request sent to the Contact is lost.
const nowhere = '127.77.7.7:5060'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})
function keep<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
  opened.push(thing)
  return thing
}

/** A server with two sockets over UDP and one over TCP, and an application. */
async function openStage(more: Omit<SipdStageOptions, 'listen' | 't1'> = {}) {
  const listen = [
    { protocol: 'udp', address: '127.0.0.1', port: 0 },
    { protocol: 'udp', address: '127.0.0.2', port: 0 },
    { protocol: 'tcp', address: '127.0.0.1', port: 0 },
  ] as const
  const stage = keep(await openSipdStage({ listen, t1: 50, ...more }))
  const { sipd } = stage
  const [first, second, tcp] = sipd.listening.map(({ address, port }) => ({ address, host: address, port }))
  if (!first || !second || !tcp) throw new Error('not all sockets are open')
  return { sipd, first, second, tcp, application: await stage.application() }
}

interface Place {
  readonly address: string
  readonly port: number
}

const flowOf = (phone: SipPeer, protocol: string, local?: Place): string =>
  `sip:${phone.address};transport=${protocol};hotdesk-flow${local ? `=${local.address}:${local.port}` : ''}`

/** The application calls a phone, whose answer has a Contact that leads nowhere. */
async function call(application: WireApplication, phone: SipPeer, route: string, headers: readonly (readonly [string, string])[] = []) {
  await application.request('INVITE', `sip:phone@${nowhere}`, [], offer, route)
  const invite = await phone.hearsRequest('INVITE')
  const answer = phone.respond(invite, 200, [['Contact', `<sip:phone@${nowhere}>`], ...headers], offer)
  const { dialogId } = await application.arrives('200')
  await application.requestInDialog(dialogId, 'ACK')
  return { dialogId, invite, answer }
}

describe('a dialog with a phone that is called over its flow (RFC 5626 §5.3)', () => {
  it('sends all its requests on this flow, whatever the Contact is: over UDP from the socket that the phone knows', async () => {
    const { application, second } = await openStage()
    const phone = keep(await openUdpPeer(second))
    const { dialogId, invite } = await call(application, phone, flowOf(phone, 'udp', second))
    expect(invite.topVia.host).toBe('127.0.0.2')
    await phone.hearsRequest('ACK')
    for (const method of ['INFO', 'UPDATE', 'NOTIFY', 'OPTIONS', 'BYE']) {
      await application.requestInDialog(dialogId, method)
      const request = await phone.hearsRequest(method)
      expect([request.uri, request.topVia.host, request.topVia.port]).toEqual([`sip:phone@${nowhere}`, '127.0.0.2', second.port])
    }
  })

  it('uses the connection that the phone has opened, even if its Contact is an address of the public network', async () => {
    const { application, tcp } = await openStage()
    const phone = keep(await openTcpPhone(tcp))
    phone.send(phone.request({ method: 'OPTIONS' }))
    await phone.hears('any answer', ({ kind }) => kind === 'response')
    const contact = ['Contact', '<sip:phone@203.0.113.9:5061;transport=tcp>'] as const
    await application.request('INVITE', 'sip:phone@203.0.113.9:5061;transport=tcp', [], offer, flowOf(phone, 'tcp', tcp))
    phone.respond(await phone.hearsRequest('INVITE'), 200, [contact], offer)
    const { dialogId } = await application.arrives('200')
    await application.requestInDialog(dialogId, 'ACK')
    await phone.hearsRequest('ACK')
    await application.requestInDialog(dialogId, 'BYE')
    expect((await phone.hearsRequest('BYE')).uri).toBe('sip:phone@203.0.113.9:5061;transport=tcp')
  })

  it('uses the next flow that the application names, also for requests that the server sends by itself', async () => {
    const { application, first, second } = await openStage()
    const phone = keep(await openUdpPeer(second))
    const moved = keep(await openUdpPeer(first))
    const { dialogId } = await call(application, phone, flowOf(phone, 'udp', second))
    await phone.hearsRequest('ACK')
    await application.command(inDialogOver(dialogId, flowOf(moved, 'udp', first), 'INVITE'))
    const invite = await moved.hearsRequest('INVITE')
    expect(invite.topVia.port).toBe(first.port)
    moved.respond(invite, 200, [['Contact', `<sip:phone@${nowhere}>`]], offer)
    await application.arrives('200')
    await application.requestInDialog(dialogId, 'ACK')
    await moved.hearsRequest('ACK')
    await application.requestInDialog(dialogId, 'INFO')
    await moved.hearsRequest('INFO')
  })

  it('follows the port that NAT gives the phone: any request of the phone shows it', async () => {
    const { application, second } = await openStage()
    const phone = keep(await openUdpPeer(second))
    const moved = keep(await openUdpPeer(second))
    const { dialogId, invite, answer } = await call(application, phone, flowOf(phone, 'udp', second))
    const info = { method: 'INFO', callId: invite.callId, fromTag: answer.to.tag, toTag: invite.from.tag, cseq: 7, via: nowhere }
    moved.send(moved.request(info))
    await application.respond(await application.arrives('INFO'), 200)
    await application.requestInDialog(dialogId, 'BYE')
    await moved.hearsRequest('BYE')
  })

  it('does not follow a request that is challenged: it may come from a third party (RFC 3261 §22)', async () => {
    const { application, second } = await openStage()
    const phone = keep(await openUdpPeer(second))
    const other = keep(await openUdpPeer(second))
    const { dialogId, invite, answer } = await call(application, phone, flowOf(phone, 'udp', second))
    const dialog = { callId: invite.callId, fromTag: answer.to.tag, toTag: invite.from.tag }
    for (const [cseq, method] of (['INVITE', 'REFER', 'INFO'] as const).entries()) {
      other.send(other.request({ ...dialog, method, cseq: cseq + 7 }))
      await application.respond(await application.arrives(method), 407)
      await other.hearsResponse(407, method)
    }
    await application.requestInDialog(dialogId, 'BYE')
    await phone.hearsRequest('BYE')
  })

  it('uses the port of the Contact, at the same address, if the connection of the flow is gone', async () => {
    const { application, tcp } = await openStage()
    const phone = keep(await openTcpPhone(tcp))
    const server = keep(await openTcpServer())
    phone.send(phone.request({ method: 'OPTIONS' }))
    await phone.hears('any answer', ({ kind }) => kind === 'response')
    const route = flowOf(phone, 'tcp', tcp)
    await application.request('INVITE', server.uri, [], offer, route)
    phone.respond(await phone.hearsRequest('INVITE'), 200, [['Contact', `<${server.uri}>`]], offer)
    const { dialogId } = await application.arrives('200')
    await application.requestInDialog(dialogId, 'ACK')
    await phone.hearsRequest('ACK')
    await phone.close()
    await application.command(inDialogOver(dialogId, route, 'BYE'))
    expect((await server.hearsRequest('BYE')).uri).toBe(server.uri)
  })

  it('uses the route set if a proxy has recorded a route (RFC 3261 §12.2.1.1)', async () => {
    const { application, second } = await openStage()
    const [phone, proxy] = [keep(await openUdpPeer(second)), keep(await openUdpPeer(second))]
    const { dialogId } = await call(application, phone, flowOf(phone, 'udp', second), [['Record-Route', `<sip:${proxy.address};lr>`]])
    await proxy.hearsRequest('ACK')
    await application.command(inDialogOver(dialogId, flowOf(phone, 'udp', second), 'BYE'))
    await proxy.hearsRequest('BYE')
  })
})

describe('a request to a phone with a Path (RFC 3327 §5.3)', () => {
  it('carries the Path as Route; the dialog keeps it if no proxy records a route', async () => {
    const { application, second } = await openStage()
    const proxy = keep(await openUdpPeer(second))
    const path = `<sip:${proxy.address};lr>, <sip:127.0.0.9;lr;ob>`
    await application.request('INVITE', `sip:phone@${nowhere}`, [['Route', path]], offer, flowOf(proxy, 'udp', second))
    const invite = await proxy.hearsRequest('INVITE')
    expect([invite.uri, invite.list('Route').join(', ')]).toEqual([`sip:phone@${nowhere}`, path])
    proxy.respond(invite, 200, [['Contact', `<sip:phone@${nowhere}>`]], offer)
    const { dialogId } = await application.arrives('200')
    await application.requestInDialog(dialogId, 'ACK')
    expect((await proxy.hearsRequest('ACK')).list('Route').join(', ')).toBe(path)
    await application.requestInDialog(dialogId, 'BYE')
    expect((await proxy.hearsRequest('BYE')).list('Route').join(', ')).toBe(path)
  })

  it('has its CANCEL take the same way (RFC 3261 §9.1)', async () => {
    const { application, second } = await openStage()
    const proxy = keep(await openUdpPeer(second))
    const path = `<sip:${proxy.address};lr>`
    const sent = await application.request('INVITE', `sip:phone@${nowhere}`, [['Route', path]], offer, flowOf(proxy, 'udp', second))
    proxy.respond(await proxy.hearsRequest('INVITE'), 180)
    await application.arrives('180')
    await application.cancel(sent.txnId)
    expect((await proxy.hearsRequest('CANCEL')).list('Route')).toEqual([path])
  })
})

describe('a dialog that came to one of several sockets', () => {
  it('has its requests leave from that socket (RFC 3581 §4, RFC 3261 §18)', async () => {
    const { application, second } = await openStage()
    const phone = keep(await openUdpPeer(second))
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const invite = await application.arrives('INVITE')
    const { dialogId } = await application.respond(invite, 200, [], offer)
    const answer = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(phone.request({ method: 'INVITE' }), answer, { method: 'ACK' })))
    await application.requestInDialog(dialogId, 'BYE')
    expect((await phone.hearsRequest('BYE')).topVia.host).toBe('127.0.0.2')
  })
})

describe('keep-alives (RFC 5626 §3.5)', () => {
  const known: KnownSources = { addresses: [], uris: [], flows: [], challenge: null }

  /** A socket that counts datagrams other than SIP messages. */
  async function listener(): Promise<Socket & { readonly heard: () => readonly string[] }> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const heard: string[] = []
    socket.on('message', (bytes, { address, port }) => heard.push(`${JSON.stringify(bytes.toString())} ${address}:${port}`))
    keep({ close: () => new Promise<void>((resolve) => void socket.close(() => resolve())) })
    return Object.assign(socket, { heard: () => heard })
  }

  it('reach each phone behind NAT from the socket that it knows, once per interval and spread over it', async () => {
    const clock = createManualClock(1_800_000_000_000)
    const { sipd, second } = await openStage({ clock })
    const phones = [await listener(), await listener(), await listener(), await listener()]
    const uris = phones.map((phone) => `sip:127.0.0.1:${phone.address().port};transport=udp;hotdesk-flow=${second.address}:${second.port}`)
    await sipd.setKnownSources({ ...known, keepAlive: { phones: uris, everyMs: 4_000 } })
    clock.advance(1_000)
    const counts = () => phones.map((phone) => phone.heard().length)
    await expect.poll(() => counts().reduce((sum, count) => sum + count)).toBe(1)
    for (let second = 2; second <= 4; second++) clock.advance(1_000)
    await expect.poll(counts).toEqual([1, 1, 1, 1])
    expect(phones[0]?.heard()).toEqual([`"\\r\\n\\r\\n" ${second.address}:${second.port}`])
  })

  it('stop if the phone is gone, or the interval is 0', async () => {
    const clock = createManualClock(1_800_000_000_000)
    const { sipd } = await openStage({ clock })
    const [phone, other] = [await listener(), await listener()]
    const uri = (socket: Socket): string => `sip:127.0.0.1:${socket.address().port};transport=udp`
    await sipd.setKnownSources({ ...known, keepAlive: { phones: [uri(phone), uri(other)], everyMs: 1_000 } })
    clock.advance(1_000)
    await expect.poll(() => other.heard().length).toBe(1)
    await sipd.setKnownSources({ ...known, keepAlive: { phones: [uri(other)], everyMs: 1_000 } })
    clock.advance(1_000)
    await expect.poll(() => other.heard().length).toBe(2)
    await sipd.setKnownSources({ ...known, keepAlive: { phones: [uri(other)], everyMs: 0 } })
    clock.advance(1_000)
    await sipd.setKnownSources({ ...known, keepAlive: { phones: [uri(other)], everyMs: 1_000 } })
    clock.advance(1_000)
    await expect.poll(() => other.heard().length).toBe(3)
    expect(phone.heard()).toHaveLength(1)
  })
})

describe('the connection of an authenticated phone', () => {
  it('is reported when it is closed; that of an unknown source is not', async () => {
    const gone: string[] = []
    const { sipd, tcp } = await openStage({ flowGone: (flow) => void gone.push(flow) })
    const [unknown, phone] = [await openTcpPhone(tcp), await openTcpPhone(tcp)]
    await sipd.setKnownSources({ addresses: [], uris: [], flows: [`tcp ${phone.address}`], challenge: null })
    await unknown.close()
    await expect.poll(async () => (await sipd.counts()).connections).toBe(1)
    await phone.close()
    await expect.poll(() => gone).toEqual([`tcp ${phone.address}`])
  })
})

function inDialogOver(dialogId: string, route: string, method: string): string {
  const body = method === 'INVITE' ? `Content-Type: application/sdp\r\n\r\n${offer}` : '\r\n'
  return `sip||${dialogId}|${route}\r\n${method} sip:placeholder SIP/2.0\r\n${body}`
}
