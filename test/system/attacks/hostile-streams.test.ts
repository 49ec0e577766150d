import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import { damaged, hostileRequest, noise, numbersFrom } from '../../support/net/hostile-bytes.js'
import { type HostileWire, openHostileStream } from '../../support/net/hostile-wire.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'

const folder = new URL('../../fixtures/torture/', import.meta.url)
const tcp = (parts: Parameters<typeof hostileRequest>[0] = {}): string => hostileRequest({ transport: 'TCP', ...parts })

/** Streams of every bad kind at a node with a call that stands, between phones over TCP; after each of them the call goes on. */
describe('a node that is sent over TCP', () => {
  let office: TestOffice
  let bank: Softphones
  let node: TestNode
  let call: Conversation
  /** Opened first of all, and looked after at the end: half a message, then silence. */
  let halves: readonly HostileWire[]

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    halves = await Promise.all(Array.from({ length: 300 }, () => openHostileStream(node.tcp)))
    for (const half of halves) half.send(tcp().slice(0, 150))
    bank = await createSoftphones({ clock: systemClock, log: silentLogger(), protocol: 'tcp' })
    const phone = (device: string) => bank.phone({ device, password: passwordOf(device), node: node.tcp, domain })
    const [desk1, desk2] = [phone('HD0001'), phone('HD0002')]
    for (const [extension, desk] of [
      ['100', desk1],
      ['101', desk2],
    ] as const) {
      expect((await desk.register()).status).toBe(200)
      expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, desk.device)).toBe('LOGGED_IN')
      await office.settled(extension, desk.device)
    }
    call = await converse(desk1, '101', desk2)
  }, 60_000)

  afterAll(async () => {
    await hangUp(call)
    for (const half of halves) await half.close()
    await bank.close()
    await office.close()
  })

  afterEach(async () => {
    const asker = await openHostileStream(node.tcp, '127.0.0.2')
    asker.send(tcp())
    await asker.hears(/^SIP\/2\.0 200 /, 5_000)
    await asker.close()
    await expectUndisturbed(call)
    expect((await fetch(`${node.http}/healthz`)).status).toBe(200)
    expect(node.output().match(/^\{"level":"(error|fatal)".*/gm)).toBe(null)
  })

  /** Sends it over a connection of its own; answers what comes back until the node closes it. */
  async function untilClosed(bytes: Buffer | string): Promise<string> {
    const stream = await openHostileStream(node.tcp)
    stream.send(bytes)
    await stream.closed
    return stream.heard()
  }

  it('each of the 49 messages of RFC 4475, and then half of it', async () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.dat'))
    expect(names).toHaveLength(49)
    for (const name of names) {
      const bytes = readFileSync(new URL(name, folder))
      const stream = await openHostileStream(node.tcp)
      stream.send(Buffer.concat([bytes, bytes.subarray(0, bytes.length / 2)]))
      await stream.close()
    }
  })

  it('random bytes, in pieces', async () => {
    const below = numbersFrom(20_261_122)
    for (let times = 0; times < 100; times++) {
      const stream = await openHostileStream(node.tcp)
      for (let piece = 0; piece < 5; piece++) stream.send(noise(below, 1 + below(500)))
      await stream.close()
    }
  })

  it('requests with their bytes damaged', async () => {
    const below = numbersFrom(7)
    for (let times = 0; times < 200; times++) {
      const stream = await openHostileStream(node.tcp)
      for (let more = 0; more < 3; more++) stream.send(damaged(tcp({ method: ['OPTIONS', 'INVITE', 'REGISTER'][more] ?? '' }), below))
      await stream.close()
    }
  })

  describe('what leaves no way to tell where the next message begins, and is answered and cut off:', () => {
    it.each([
      ['no Content-Length', tcp().replace(/Content-Length: 0\r\n/, ''), /^SIP\/2\.0 400 /],
      ['two Content-Lengths that differ', tcp({ more: ['Content-Length: 5'] }), /^SIP\/2\.0 400 /],
      ['a negative one', tcp({ contentLength: '-5' }), /^SIP\/2\.0 400 /],
      ['one beyond all numbers', tcp({ contentLength: '99999999999999999999' }), /^SIP\/2\.0 (400|513) /],
      ['one of 10 MB', tcp({ contentLength: '10000000' }), /^SIP\/2\.0 513 /],
    ])('%s', async (_, text, answer) => {
      expect(await untilClosed(text)).toMatch(answer)
    })

    it('a Content-Length that is too small: the rest is no message', async () => {
      await untilClosed(tcp({ contentLength: '3', body: `v=0\r\n${'x'.repeat(200)}\r\n\r\n` }))
    })

    it('a line of a million characters', async () => {
      await untilClosed(`OPTIONS sip:${'a'.repeat(1_000_000)}`)
    })

    it('a header of a million characters', async () => {
      await untilClosed(tcp({ more: [`Subject: ${'a'.repeat(1_000_000)}`] }))
    })

    it('headers without end', async () => {
      await untilClosed(tcp({ more: Array.from({ length: 100_000 }, (_, index) => `X-${index}: a`) }))
    })

    it('another protocol', async () => {
      const hello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(300, '\0')
      for (const text of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', `${hello}\r\n\r\n`]) await untilClosed(text)
    })
  })

  it('16 KB of blanks in From', async () => {
    const stream = await openHostileStream(node.tcp)
    stream.send(tcp({ from: `a${' '.repeat(16_000)}<sip:a@b>;tag=1` }))
    await stream.hears(/^SIP\/2\.0 [24]00 /)
    await stream.close()
  })

  it('keep-alives without end, and NULs', async () => {
    const stream = await openHostileStream(node.tcp)
    stream.send('\r\n\r\n'.repeat(20_000))
    await stream.hears(/(\r\n){100}/)
    await stream.close()
    const silent = await openHostileStream(node.tcp)
    silent.send(Buffer.alloc(100_000))
    await silent.closed
  })

  it('thousands of connections that come and go: its memory has a bound', async () => {
    const comeAndGo = async (times: number): Promise<void> => {
      for (let index = 0; index < times; index++) {
        const stream = await openHostileStream(node.tcp)
        stream.send(tcp({ method: 'REGISTER' }))
        await stream.hears(/^SIP\/2\.0 401 /)
        await stream.close()
      }
    }
    await comeAndGo(300)
    const before = await metricOf(node, 'process_resident_memory_bytes')
    await comeAndGo(1_000)
    expect(((await metricOf(node, 'process_resident_memory_bytes')) - before) / 1024 / 1024).toBeLessThan(80)
  })

  it('half a message, and then silence, on 300 connections: they are closed in time', async () => {
    await Promise.all(halves.map(({ closed }) => closed))
  })
})
