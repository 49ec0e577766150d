import { afterEach, describe, expect, it } from 'vitest'
import type { Reply } from '../../../src/control/control.js'
import type { Device } from '../../../src/directory/directory.js'
import { createRecording, type RecordingLimits } from '../../../src/sipd/recording.js'
import type { Flow } from '../../../src/sipd/transport/flow.js'
import { type CallLegs, createTrace, type Trace, type TraceSubject } from '../../../src/trace/trace.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const local = { address: '10.0.0.1', port: 5060 }
const phone: Flow = { protocol: 'udp', remote: { address: '192.0.2.7', port: 5062 }, local, advertised: local, connection: null }
const other: Flow = { ...phone, remote: { address: '10.1.0.1', port: 5060 } }

const message = (start: string, callId: string, user = '101'): Buffer =>
  Buffer.from(
    [
      `${start} SIP/2.0`,
      'Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1',
      'From: <sip:anyone@hotdesk>;tag=1',
      `To: <sip:${user}@hotdesk>`,
      `Call-ID: ${callId}`,
      'CSeq: 1 INVITE',
      '\r\n',
    ].join('\r\n'),
  )

const closing: Trace[] = []
afterEach(() => {
  for (const trace of closing.splice(0)) trace.close()
})

function node(limits?: RecordingLimits) {
  const clock = createManualClock()
  const audits: unknown[] = []
  const legs: CallLegs[] = []
  let recording = createRecording(clock, limits)
  const trace = createTrace({
    recorded: (search) => Promise.resolve(recording.search(search)),
    legs: () => legs,
    isShown: (digits) => digits === '101',
    directory: { device: (id) => (id === 'HD0001' ? ({ id } as Device) : null) },
    clock,
    networkClock: { aheadMs: 500 },
    audit: (subject, by) => audits.push([subject, by]),
  })
  closing.push(trace)
  const begin = async (subject: TraceSubject, from: 'now' | 'recorded' = 'now') =>
    (await trace.trace({ subject, from, audit: true }, 'alice@host')) as Reply<'trace'>
  return {
    clock,
    audits,
    legs,
    trace,
    begin,
    receive: (text: Buffer, flow = phone) => recording.addReceived(text, flow),
    send: (text: Buffer, flow = phone) => recording.addSent(text, flow),
    restartServer() {
      recording = createRecording(clock, limits)
    },
    async next(begun: Reply<'trace'>, callIds: string[] = []) {
      const id = begun.outcome === 'begun' ? begun.trace : ''
      const reply = await trace.traced({ trace: id, callIds, waitMs: 0 }, 'alice@host')
      return { ...reply, seen: reply.messages.map(({ way, callId, peer }) => [way, callId, peer]) }
    },
  }
}

const leg = (callId: string, peer: string, isDialledByPhone = false) => ({ callId, peer, isDialledByPhone })
const device: TraceSubject = { kind: 'device', device: 'HD0001' }

describe('a trace at a node', () => {
  it('drops the oldest of large messages that wait for a slow command, and says how many are missing', async () => {
    const { begin, next, receive } = node({ bytes: 32 * 1024 * 1024, messages: 1_000 })
    const large = Buffer.concat([message('INVITE sip:101@hotdesk', 'large'), Buffer.alloc(60_000, 'x')])
    for (let count = 0; count < 400; count += 1) receive(large)
    const { messages, missed } = await next(await begin({ kind: 'address', address: '192.0.2.7' }, 'recorded'))
    expect(missed).toBeGreaterThan(100)
    expect(messages[0]?.number).toBe(missed + 1)
  })

  it('follows a phone from now on, by its name and by its calls, each message once', async () => {
    const paris = node()
    paris.receive(message('REGISTER sip:hotdesk', 'before', 'HD0001'))
    const begun = await paris.begin(device)
    expect(begun).toMatchObject({ outcome: 'begun', known: true })
    expect((await paris.next(begun)).messages).toEqual([])
    paris.receive(message('REGISTER sip:hotdesk', 'r', 'HD0001'))
    paris.receive(message('INVITE sip:102@hotdesk', 'foreign'))
    paris.receive(message('INVITE sip:101@hotdesk', 'a'))
    paris.send(message('INVITE sip:101@hotdesk', 'b'), other)
    paris.legs.push({ id: '1', isOpen: true, legs: [leg('a', 'HD0001', true), leg('b', 'node london-1')] })
    expect(await paris.next(begun)).toMatchObject({
      seen: [
        ['in', 'r', 'HD0001'],
        ['in', 'a', 'HD0001'],
        ['out', 'b', 'node london-1'],
      ],
      callIds: ['a', 'b', 'r'],
      open: true,
    })
    expect(await paris.next(begun)).toMatchObject({ messages: [], callIds: [] })
  })

  it('shows earlier messages of a call that it learns of later, from another node or because its leg is known only now', async () => {
    const london = node()
    const begun = await london.begin(device)
    london.receive(message('INVITE sip:101@hotdesk', 'b'), other)
    london.send(message('INVITE sip:101@hotdesk', 'c'))
    expect((await london.next(begun)).messages).toEqual([])
    expect((await london.next(begun, ['b'])).seen).toEqual([['in', 'b', null]])
    london.legs.push({ id: '2', isOpen: true, legs: [leg('b', 'node paris-1'), leg('c', 'HD0003')] })
    expect(await london.next(begun)).toMatchObject({ seen: [['out', 'c', 'HD0003']], callIds: ['c'] })
  })

  it('shows a call that has ended from its first message', async () => {
    const paris = node()
    paris.receive(message('INVITE sip:101@hotdesk', 'a'))
    paris.legs.push({ id: '3f2a9c10', isOpen: false, legs: [leg('a', 'HD0001', true)] })
    const begun = await paris.begin({ kind: 'call', call: '3f2a9c10' }, 'recorded')
    expect(begun).toMatchObject({ known: true })
    expect(await paris.next(begun)).toMatchObject({ seen: [['in', 'a', 'HD0001']], open: false })
    expect(await paris.begin({ kind: 'call', call: 'a' }, 'recorded')).toMatchObject({ known: true })
    expect(await paris.begin({ kind: 'call', call: 'ffffffff' }, 'recorded')).toMatchObject({ known: false })
    expect(await paris.begin({ kind: 'device', device: 'HD9999' })).toMatchObject({ known: false })
  })

  it('leaves out what ended before a phone is followed', async () => {
    const paris = node()
    paris.receive(message('INVITE sip:101@hotdesk', 'a'))
    paris.legs.push({ id: '1', isOpen: false, legs: [leg('a', 'HD0001', true)] })
    const begun = await paris.begin(device)
    expect(await paris.next(begun)).toMatchObject({ messages: [], callIds: [], open: false })
  })

  it('blanks digits that a phone has dialled and that lead nowhere, but not those of other legs', async () => {
    const paris = node()
    paris.legs.push({ id: '1', isOpen: true, legs: [leg('a', 'HD0001', true), leg('b', 'trunk carrier')] })
    const begun = await paris.begin(device)
    paris.receive(message('INVITE sip:4711@hotdesk', 'a', '4711'))
    paris.receive(message('INVITE sip:331234@hotdesk', 'b', '331234'))
    paris.receive(message('REFER sip:4711@hotdesk', 'b', '101'))
    const texts = (await paris.next(begun)).messages.map(({ text }) => text)
    expect(texts[0]).toContain('INVITE sip:xxxx@hotdesk')
    expect(texts.join()).toContain('To: <sip:xxxx@hotdesk>')
    expect(texts[1]).toContain('INVITE sip:331234@hotdesk')
    expect(texts[2]).toContain('REFER sip:xxxx@hotdesk')
  })

  it('writes one event with the operator, and gives times by the clock of the network', async () => {
    const paris = node()
    const begun = await paris.begin({ kind: 'address', address: '192.0.2.7' })
    expect(paris.audits).toEqual([[{ address: '192.0.2.7' }, 'alice@host']])
    paris.receive(message('OPTIONS sip:hotdesk', 'o'))
    const { messages } = await paris.next(begun)
    expect(messages).toMatchObject([{ at: paris.clock.now() + 500, local: '10.0.0.1:5060', remote: '192.0.2.7:5062', protocol: 'udp' }])
  })

  it('ends when nobody asks for its messages any more', async () => {
    const paris = node()
    const begun = await paris.begin(device)
    paris.clock.advance(14_000)
    expect(await paris.next(begun)).toMatchObject({ known: true })
    paris.clock.advance(16_000)
    await paris.begin({ kind: 'address', address: '192.0.2.1' })
    expect(await paris.next(begun)).toMatchObject({ known: false, messages: [] })
  })

  it('waits for a message, and answers as soon as there is one', async () => {
    const paris = node()
    const begun = await paris.begin(device)
    const id = begun.outcome === 'begun' ? begun.trace : ''
    const waiting = Promise.resolve(paris.trace.traced({ trace: id, callIds: [], waitMs: 2_000 }, 'alice@host'))
    let answered = false
    void waiting.then(() => {
      answered = true
    })
    paris.receive(message('REGISTER sip:hotdesk', 'r', 'HD0001'))
    while (!answered) {
      paris.clock.advance(100)
      await new Promise(setImmediate)
    }
    expect((await waiting).messages).toHaveLength(1)
    expect(paris.clock.now()).toBeLessThan(createManualClock().now() + 1_000)
  })

  it('counts messages that were overwritten before it looked, and goes on after the SIP server was restarted', async () => {
    const paris = node({ bytes: 4_096, messages: 8 })
    const begun = await paris.begin(device)
    paris.receive(message('REGISTER sip:hotdesk', 'r', 'HD0001'))
    await paris.next(begun)
    for (let count = 0; count < 20; count += 1) paris.receive(message('OPTIONS sip:hotdesk', `o${count}`))
    expect(await paris.next(begun)).toMatchObject({ missed: 12, messages: [] })
    paris.restartServer()
    paris.receive(message('REGISTER sip:hotdesk', 's', 'HD0001'))
    await paris.next(begun)
    expect((await paris.next(begun)).seen).toEqual([['in', 's', 'HD0001']])
  })

  it('reports much in several replies', async () => {
    const paris = node()
    const begun = await paris.begin(device)
    for (let count = 0; count < 250; count += 1) paris.receive(message('REGISTER sip:hotdesk', `r${count}`, 'HD0001'))
    const replies = [await paris.next(begun), await paris.next(begun), await paris.next(begun)]
    expect(replies.map(({ messages, more }) => [messages.length, more])).toEqual([
      [100, true],
      [100, true],
      [50, false],
    ])
  })

  it('is not available with a drachtio-server', async () => {
    const { legs, isShown, directory, clock } = {
      legs: () => [],
      isShown: () => true,
      directory: { device: () => null },
      clock: createManualClock(),
    }
    const trace = createTrace({ recorded: null, legs, isShown, directory, clock, networkClock: { aheadMs: 0 }, audit: () => undefined })
    expect(await trace.trace({ subject: device, from: 'now', audit: true }, 'alice@host')).toEqual({ outcome: 'unavailable' })
  })
})
