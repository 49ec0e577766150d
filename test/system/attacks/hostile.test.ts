import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { damaged, hostileRequest, noise, numbersFrom, viaPort } from '../../support/net/hostile-bytes.js'
import { type HostileDatagrams, openHostileDatagrams } from '../../support/net/hostile-wire.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

interface Expected {
  readonly section: string
  readonly about: string
  readonly outcome: 'message' | 'malformed'
  readonly answer?: number | null
}

const folder = new URL('../../fixtures/torture/', import.meta.url)
const torture = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Readonly<Record<string, Expected>>
const bytesOf = (name: string): Buffer => readFileSync(new URL(`${name}.dat`, folder))

/** Datagrams of every bad kind at a node with a call that stands; after each of them the call goes on. */
describe('a node that is sent over UDP', () => {
  let office: TestOffice
  let node: TestNode
  let wire: HostileDatagrams
  let call: Conversation

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    const [desk1, desk2] = [await office.phone('HD0001', node), await office.phone('HD0002', node)]
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
    wire = await openHostileDatagrams(node.udp)
    call = await converse(desk1, '101', desk2)
  }, 60_000)

  afterAll(async () => {
    await hangUp(call)
    await wire.close()
    await office.close()
  })

  afterEach(async () => {
    await answersSoon()
    await expectUndisturbed(call)
    expect((await fetch(`${node.http}/healthz`)).status).toBe(200)
    expect(node.output().match(/^\{"level":"(error|fatal)".*/gm)).toBe(null)
  })

  /** A request of whoever behaves is answered soon, also on a busy machine: nothing before it keeps the node busy. */
  async function answersSoon(): Promise<void> {
    const asker = await openHostileDatagrams(node.udp)
    const began = performance.now()
    asker.send(hostileRequest())
    await asker.hears(/^SIP\/2\.0 200 /)
    expect(performance.now() - began).toBeLessThan(5_000)
    await asker.close()
  }

  const answered = Object.entries(torture).filter(([, { answer }]) => typeof answer === 'number')
  it.each(answered)('%s: a malformed request of RFC 4475 is told so, with what it has of its own headers', async (name, { answer }) => {
    const bytes = bytesOf(name)
    const sender = await openHostileDatagrams(node.udp)
    sender.send(viaPort(bytes, sender.port))
    const [response] = await sender.hears(/^SIP\/2\.0 .*\r\n\r\n/s)
    await sender.close()
    expect(response).toMatch(new RegExp(`^SIP/2\\.0 ${answer} [^\r]+\r\nVia: `, 'i'))
    expect(/^(?:Call-ID|i) *: *(\S+)/im.exec(response)?.[1]).toBe(/^(?:Call-ID|i) *: *(\S+)/im.exec(bytes.toString('latin1'))?.[1])
  })

  it('all 49 messages of RFC 4475, one after the other, and all at once', async () => {
    const messages = readdirSync(folder).filter((name) => name.endsWith('.dat'))
    expect(messages).toHaveLength(49)
    const datagrams = messages.map((name) => viaPort(bytesOf(name.replace('.dat', '')), wire.port))
    for (let times = 0; times <= 20; times++) for (const datagram of datagrams) wire.send(datagram)
    await wire.hears(/SIP\/2\.0 505 /)
  })

  it('random bytes', () => {
    const below = numbersFrom(20_261_122)
    for (let times = 0; times < 1_500; times++) wire.send(noise(below, 1 + below(1_400)))
  })

  it.each(['OPTIONS', 'REGISTER', 'INVITE', 'BYE', 'CANCEL', 'ACK', 'PRACK', 'UPDATE', 'SUBSCRIBE'])(
    '%s with its bytes damaged',
    (method) => {
      const below = numbersFrom(method.length)
      for (let times = 0; times < 250; times++) wire.send(damaged(hostileRequest({ method, uri: 'sip:101@hotdesk.test' }), below))
    },
  )

  describe('what is too large', () => {
    const blanks = ' '.repeat(16_000)
    it.each([
      ['16 KB of blanks in From', { from: `"a"${blanks}<sip:a@b>;tag=1` }],
      ['16 KB of blanks in the display name', { from: `"${blanks}" <sip:a@b>;tag=1` }],
      ['16 KB of blanks between the name and the angle bracket, and no bracket', { from: `a${blanks}b;tag=1` }],
      ['16 KB of sip: in From', { from: `<${'sip:'.repeat(4_000)}@b>;tag=1` }],
      ['16 KB of quotation marks', { from: `${'"'.repeat(16_001)} <sip:a@b>;tag=1` }],
      ['16 KB of backslashes', { from: `"${'\\'.repeat(16_000)}" <sip:a@b>;tag=1` }],
      ['16 KB of parameters in a URI', { uri: `sip:a@b${';x=y'.repeat(4_000)}` }],
      ['a user of 30 KB', { uri: `sip:${'1'.repeat(30_000)}@hotdesk.test` }],
      ['a Contact of 2,000 addresses', { method: 'REGISTER', contact: Array(2_000).fill('<sip:a@b>').join(',') }],
      ['5,000 headers', { more: Array.from({ length: 5_000 }, (_, index) => `X-${index}: a`) }],
      ['3,000 headers of one name', { more: Array.from({ length: 3_000 }, () => 'Route: <sip:a;lr>') }],
      ['1,500 Vias', { more: Array.from({ length: 1_500 }, (_, index) => `Via: SIP/2.0/UDP a;branch=z9hG4bK${index}`) }],
      ['folds without end', { more: [`X: a${'\r\n b'.repeat(10_000)}`] }],
      ['a body of 60 KB', { method: 'INVITE', body: 'v=0\r\n'.repeat(12_000) }],
      ['credentials of 40 KB', { method: 'REGISTER', more: [`Authorization: Digest ${'a="b",'.repeat(6_000)}c="d"`] }],
    ])('%s', async (_, parts) => {
      const sender = await openHostileDatagrams(node.udp)
      sender.send(hostileRequest(parts))
      // Whatever the answer is: there is one, and nothing hangs.
      await sender.hears(/^SIP\/2\.0 [1-6]\d\d /)
      await sender.close()
    })

    it('datagrams as large as there are', () => {
      for (let times = 0; times < 50; times++) wire.send(Buffer.alloc(65_507, times % 2 === 0 ? 'a' : hostileRequest()))
    })
  })

  describe('what lies', () => {
    it.each([
      ['a Content-Length beyond the datagram', { contentLength: '1000', body: 'v=0\r\n' }],
      ['a Content-Length beyond all numbers', { contentLength: '99999999999999999999' }],
      ['a negative Content-Length', { contentLength: '-1' }],
      ['a Content-Length in words', { contentLength: 'many' }],
      ['a NUL in the Request-URI', { uri: 'sip:1\x002@hotdesk.test' }],
      ['NULs for a From', { from: '\x00\x00' }],
      ['a CSeq beyond 32 bits', { more: ['CSeq: 99999999999 OPTIONS'] }],
    ])('%s is 400', async (_, parts) => {
      const sender = await openHostileDatagrams(node.udp)
      sender.send(hostileRequest(parts))
      await sender.hears(/^SIP\/2\.0 400 /)
      await sender.close()
    })

    it('a NUL in a header that means nothing to us, and in a body', async () => {
      const sender = await openHostileDatagrams(node.udp)
      sender.send(hostileRequest({ more: ['Subject: a\x00b'], body: '\x00'.repeat(100) }))
      await sender.hears(/^SIP\/2\.0 [24]00 /)
      await sender.close()
    })

    it('responses to requests that nobody has sent', () => {
      for (let times = 0; times < 500; times++) {
        wire.send(hostileRequest().replace('OPTIONS sip:hotdesk.test SIP/2.0', `SIP/2.0 ${100 + times} Whatever`))
      }
    })

    it('requests in dialogs that do not exist', async () => {
      for (const method of ['BYE', 'INVITE', 'UPDATE', 'INFO', 'REFER', 'NOTIFY']) {
        const sender = await openHostileDatagrams(node.udp)
        sender.send(hostileRequest({ method }).replace('To: <sip:somebody@hotdesk.test>', 'To: <sip:somebody@hotdesk.test>;tag=unknown'))
        await sender.hears(/^SIP\/2\.0 481 /m)
        await sender.close()
      }
    })
  })

  it('floods of requests by strangers: its memory has a bound', async () => {
    await flood(2_000)
    const before = await metricOf(node, 'process_resident_memory_bytes')
    for (let round = 0; round < 4; round++) await flood(2_000)
    const megabytes = ((await metricOf(node, 'process_resident_memory_bytes')) - before) / 1024 / 1024
    // 8,000 transactions are kept for 32 s each (RFC 3261 §17.2).
    expect(megabytes).toBeLessThan(150)
  })

  async function flood(times: number): Promise<void> {
    for (let index = 0; index < times; index++) {
      wire.send(hostileRequest({ method: ['INVITE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE'][index % 4] ?? '', uri: 'sip:101@hotdesk.test' }))
      // The socket's own buffer is no place to wait in.
      if (index % 100 === 99) await answersSoon()
    }
  }
})
