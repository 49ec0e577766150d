import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import type { Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { offer, openTcpPhone, openTcpServer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/**
 * Phones behind address translation: their Contact is an address that nobody has, their Via shows what the world sees. They are registered at
 * the second of two sockets over UDP, or over a connection.
 */
const nowhere = '127.77.7.7:5060'
const contact = `<sip:HD0001@${nowhere}>`

let office: TestOffice
let node: TestNode
let first: string
let second: { readonly host: string; readonly port: number }
let desk: Phone
const opened: SipPeer[] = []
const calls: PhoneCall[] = []

beforeAll(async () => {
  office = await openTestOffice()
  node = await startNode('udp://127.0.0.1:0,udp://127.0.0.2:0,tcp://127.0.0.1:0')
  desk = await office.phone('HD0002', node)
  await office.seat({ 100: 'HD0001', 101: 'HD0002' })
}, 60_000)
afterAll(() => office.close())
/** What a failed test leaves is not there for the next. */
afterEach(async () => {
  for (const call of calls.splice(0)) if (!call.dialog.ended) void call.hangUp()
  for (const peer of opened.splice(0)) await peer.close()
})
beforeEach(async () => {
  await until(
    'no call is up',
    () => metricOf(node, 'hotdesk_calls_active'),
    (calls) => calls === 0,
  )
})

async function startNode(listen: string): Promise<TestNode> {
  const env = { HOTDESK_SIP_LISTEN: listen, HOTDESK_REGISTRATION_KEEP_ALIVE_SECONDS: '1' }
  const started = await office.node('paris-1', 'paris', { env })
  first = /udp\/(127\.0\.0\.1:\d+)/.exec(started.output())?.[1] ?? ''
  second = { host: '127.0.0.2', port: Number(/udp\/127\.0\.0\.2:(\d+)/.exec(started.output())?.[1]) }
  return started
}

interface Behind {
  readonly peer: SipPeer
  readonly phone: RawPhone
}

function behind(peer: SipPeer): Behind {
  opened.push(peer)
  return { peer, phone: createRawPhone({ peer, device: 'HD0001', password: passwordOf('HD0001'), domain }) }
}

/** HD0001 behind address translation, registered at the second socket. */
async function hiddenPhone(parts: Parameters<RawPhone['register']>[1] = {}): Promise<Behind> {
  const hidden = behind(await openUdpPeer(second, ['NOTIFY']))
  await hidden.phone.register(contact, parts)
  return hidden
}

interface Talk {
  readonly at: PhoneCall
  /** What the raw phone sends in the dialog is made from these. */
  readonly invite: SipRequest
  readonly answer: SipResponse
}

/** The desk calls the phone. */
async function called({ peer }: Behind): Promise<Talk> {
  const dialling = await desk.dial('100')
  const invite = await peer.hearsRequest('INVITE')
  const answer = peer.respond(invite, 200, [['Contact', contact]], offer)
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
  calls.push(dialled.call)
  await peer.hearsRequest('ACK')
  return { at: dialled.call, invite, answer }
}

/** The phone calls the desk. */
async function calling({ phone }: Behind): Promise<Talk> {
  const ringing = desk.nextCall()
  const { final } = phone.dial('101', { contact })
  const at = await (await ringing).answer()
  calls.push(at)
  return { at, ...(await final) }
}

function fromSecondSocket({ topVia }: SipRequest): void {
  expect([topVia.host, topVia.port]).toEqual([second.host, second.port])
}

describe('a phone whose Via is public and whose Contact is private (RFC 5626 §5.3, RFC 3581)', () => {
  it('gets the INVITE, the re-INVITE, its ACK and the BYE of a call to it on the flow that it registered on', async () => {
    const hidden = await hiddenPhone()
    const { at, invite } = await called(hidden)
    fromSecondSocket(invite)
    const held = at.dialog.reinvite(offer)
    const again = await hidden.peer.hearsRequest('INVITE')
    fromSecondSocket(again)
    hidden.peer.respond(again, 200, [['Contact', contact]], offer)
    expect((await held).status).toBe(200)
    await hidden.peer.hearsRequest('ACK')
    void at.hangUp()
    const bye = await hidden.peer.hearsRequest('BYE')
    fromSecondSocket(bye)
    expect(bye.uri).toBe(`sip:HD0001@${nowhere}`)
    hidden.peer.respond(bye, 200)
  })

  it('gets the re-INVITE, INFO and BYE of a call that it made at the address that its INVITE came from', async () => {
    const hidden = await hiddenPhone()
    const { at } = await calling(hidden)
    const held = at.dialog.reinvite(offer)
    hidden.peer.respond(await hidden.peer.hearsRequest('INVITE'), 200, [['Contact', contact]], offer)
    await held
    await hidden.peer.hearsRequest('ACK')
    void at.dialog.request('INFO', { headers: { 'Content-Type': 'application/dtmf' }, body: '5' })
    hidden.peer.respond(await hidden.peer.hearsRequest('INFO'), 200)
    void at.hangUp()
    const bye = await hidden.peer.hearsRequest('BYE')
    fromSecondSocket(bye)
    hidden.peer.respond(bye, 200)
  })

  it('gets the NOTIFY that refreshes it there', async () => {
    const { peer } = await hiddenPhone()
    await office.redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
    fromSecondSocket(await peer.hearsRequest('NOTIFY'))
  })

  it('is kept reachable', async () => {
    const { peer } = await hiddenPhone()
    await until(
      'the phone hears something now and then',
      () => peer.keepAlives,
      (heard) => heard > 1,
      10_000,
    )
  })

  it('is followed to another port that NAT gives it during a call', async () => {
    const before = await hiddenPhone({ callId: 'one-registration@phone' })
    const { at } = await called(before)
    const after = behind(await openUdpPeer(second, ['NOTIFY']))
    await after.phone.register(contact, { callId: 'one-registration@phone', cseq: 5 })
    after.peer.respond(await after.peer.hearsRequest('OPTIONS'), 200)
    void at.hangUp()
    after.peer.respond(await after.peer.hearsRequest('BYE'), 200)
    expect(before.peer.untaken).not.toContain('BYE')
  })

  it('is followed by its own requests in the call', async () => {
    const before = await hiddenPhone()
    const { at, invite, answer } = await called(before)
    const after = behind(await openUdpPeer(second, ['NOTIFY']))
    after.peer.send(
      after.peer.request({
        method: 'INFO',
        callId: invite.callId,
        fromTag: answer.to.tag,
        toTag: invite.from.tag,
        headers: [['Content-Type', 'application/dtmf-relay']],
      }),
    )
    await after.peer.hearsResponse(200, 'INFO').catch(() => after.peer.hearsResponse(415, 'INFO'))
    void at.hangUp()
    after.peer.respond(await after.peer.hearsRequest('BYE'), 200)
  })
})

describe('a phone that dies in a call', () => {
  it('and registers again is asked whether it still has the call; if not, the call ends, and a logout that waited for it takes effect', async () => {
    const before = await hiddenPhone()
    const { at } = await called(before)
    await office.redisSays('1', 'EXISTS', '{hd}:oncall:HD0001')
    expect(await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'drain')).toMatch(/^DRAINING/)
    onTestFinished(async () => {
      await office.redisSays('FREE', 'FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')
      await office.seat({ 100: 'HD0001' })
    })
    const after = behind(await openUdpPeer(second, ['NOTIFY']))
    await after.phone.register(contact)
    const reasons: string[] = []
    at.dialog.onEnd(({ reason }) => void reasons.push(reason))
    after.peer.respond(await after.peer.hearsRequest('OPTIONS'), 481)
    await at.ended
    expect(reasons).toEqual(['SIP;cause=480;text="The phone at the other end is lost"'])
    await node.logged('call.ended', ({ result, reason }) => result === 'client' && reason === 'phone lost')
    await office.redisSays('FREE', 'FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')
  })

  it('over a connection that is gone: its BYE is not delivered, which is logged, and the other side gets its BYE', async () => {
    const lost = behind(await openTcpPhone({ port: Number(node.tcp.split(':')[1]) }))
    // No other contact of the device is left to try.
    await lost.phone.register('*', { headers: [['Expires', '0']] })
    await lost.phone.register(`<sip:HD0001@${nowhere};transport=tcp>`)
    const { at } = await calling(lost)
    await lost.peer.close()
    await at.hangUp()
    const line = await node.logged('call.undelivered')
    expect(line).toMatchObject({ method: 'BYE', status: 503 })
  })
})

describe('a phone over a connection', () => {
  it('whose Contact is unreachable gets everything over the connection that it opened (RFC 5923, RFC 5626)', async () => {
    const connected = behind(await openTcpPhone({ port: Number(node.tcp.split(':')[1]) }))
    await connected.phone.register('<sip:HD0001@203.0.113.77:5061;transport=tcp>')
    const { at } = await calling(connected)
    void at.hangUp()
    const bye = await connected.peer.hearsRequest('BYE')
    connected.peer.respond(bye, 200)
  })

  it('that is gone is called at its Contact, if that is at the same address', async () => {
    const lost = behind(await openTcpPhone({ port: Number(node.tcp.split(':')[1]) }))
    await lost.phone.register('*', { headers: [['Expires', '0']] })
    const listening = await openTcpServer()
    opened.push(listening)
    await lost.phone.register(`<${listening.uri}>`)
    await lost.peer.close()
    const dialling = await desk.dial('100')
    listening.respond(await listening.hearsRequest('INVITE'), 486)
    const dialled = await dialling.result
    expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
    await listening.hearsRequest('ACK')
  })

  it('that connects again in the call gets the rest over its new connection', async () => {
    const port = Number(node.tcp.split(':')[1])
    const before = behind(await openTcpPhone({ port }))
    await before.phone.register(`<sip:HD0001@${nowhere};transport=tcp;n=1>`)
    const { at } = await calling(before)
    await before.peer.close()
    const after = behind(await openTcpPhone({ port }))
    await after.phone.register(`<sip:HD0001@${nowhere};transport=tcp;n=2>`)
    after.peer.respond(await after.peer.hearsRequest('OPTIONS'), 200)
    void at.hangUp()
    after.peer.respond(await after.peer.hearsRequest('BYE'), 200)
  })
})

describe('after a restart of the node', () => {
  it('the phone is called from the socket that it registered at', async () => {
    const hidden = await hiddenPhone()
    await hidden.phone.register('*', { headers: [['Expires', '0']] })
    await hidden.phone.register(contact)
    await office.redisSays(`${second.host}:${second.port}`, 'HGET', '{hd}:reg:HD0001', 'local')
    const listen = `udp://${first},udp://${second.host}:${second.port},tcp://${node.tcp}`
    await node.stop()
    node = await startNode(listen)
    const { at, invite } = await called(hidden)
    fromSecondSocket(invite)
    void at.hangUp()
    hidden.peer.respond(await hidden.peer.hearsRequest('BYE'), 200)
  })
})
