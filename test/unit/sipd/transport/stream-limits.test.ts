import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { LayerLimits, LiveTransactionLayer } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import type { ServerTransaction } from '../../../../src/sipd/transaction/transaction-layer.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { openLayer } from '../../../support/sip/sip-pair.js'
import { wire } from '../../../support/sip/still-layer.js'

const minute = 60_000

let clock: ManualClock
let layer: LiveTransactionLayer
const closers: (() => unknown)[] = []
beforeEach(() => {
  clock = createManualClock()
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(protocol: 'tcp' | 'ws', limits: Partial<LayerLimits> = {}): Promise<number> {
  layer = await openLayer({ listen: [{ protocol, address: '127.0.0.1', port: 0 }], clock, limits })
  closers.push(() => layer.close())
  layer.onRequest((transaction) => answer(transaction, 200))
  return layer.listening[0]?.local.port ?? 0
}

const answer = ({ request, respond }: ServerTransaction, status: number): void =>
  void respond(createResponse(request, status, undefined, 'ours'))

/** From now on all other sources are unknown. */
const guard = (flows: readonly string[] = []): void => layer.setKnownSources({ addresses: [], flows, uris: [], challenge: null })

async function tcp(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  closers.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.resume()
  return socket
}

let number = 0
function request(method = 'OPTIONS', more: readonly string[] = []): string {
  number += 1
  const parts = { line: `${method} sip:x@127.0.0.1 SIP/2.0`, branch: `z9hG4bK${number}`, cseq: `1 ${method}`, callId: `call-${number}` }
  return wire({ ...parts, more }).replace('/UDP', '/TCP')
}

/** Sends it, and resolves with what comes back. */
async function ask(socket: Socket, text: string): Promise<string> {
  const heard = once(socket, 'data')
  socket.write(text)
  const [bytes] = (await heard) as [Buffer]
  return bytes.toString('latin1')
}

describe('the first valid message must come within ten seconds', () => {
  const malformed = request().replace(/CSeq: [^\r]*\r\n/, '')

  test.each([
    ['pings are none', '\r\n\r\n', '\r\n'],
    ['a malformed request is none', malformed, 'SIP/2.0 400'],
  ])('%s', async (_what, text, reply) => {
    const socket = await tcp(await open('tcp'))
    const closed = once(socket, 'close')
    for (let seconds = 0; seconds < 9; seconds += 3) {
      expect(await ask(socket, text)).toMatch(reply)
      clock.advance(3_000)
    }
    expect(socket.destroyed).toBe(false)
    clock.advance(1_000)
    await closed
  })

  test('a message of a banned source does not count', async () => {
    const port = await open('tcp')
    guard()
    const scanner = await tcp(port)
    const hungUp = once(scanner, 'close')
    scanner.write(request('OPTIONS', ['User-Agent: friendly-scanner']))
    await hungUp
    const again = await tcp(port)
    const closed = once(again, 'close')
    // Dropped; the ping shows that it has been read.
    expect(await ask(again, `${request()}\r\n\r\n`)).toBe('\r\n')
    clock.advance(10_000)
    await closed
  })

  test('then an unknown source has two minutes for the next one', async () => {
    const port = await open('tcp')
    guard()
    const socket = await tcp(port)
    const closed = once(socket, 'close')
    await ask(socket, request())
    clock.advance(2 * minute - 1_000)
    expect(socket.destroyed).toBe(false)
    clock.advance(1_000)
    await closed
  })
})

describe('a connection that is silent for hours', () => {
  test('stays open if its phone is registered, and is closed after 65 minutes otherwise', async () => {
    const port = await open('tcp')
    const [phone, other] = [await tcp(port), await tcp(port)]
    await ask(other, request())
    guard([`tcp 127.0.0.1:${phone.localPort}`])
    await ask(phone, request())
    const closed = once(other, 'close')
    clock.advance(66 * minute)
    await closed
    expect(phone.destroyed).toBe(false)
  })

  test('stays open for an hour with an answered call of an unknown source, and for two minutes if the call was refused', async () => {
    const port = await open('tcp')
    guard()
    const [answered, refused] = [await tcp(port), await tcp(port)]
    // With credentials that prove nothing: otherwise the source would become a known one.
    const more = ['Authorization: Digest username="x", realm="x", nonce="invented", uri="sip:x", response="00"']
    await ask(answered, request('INVITE', more))
    layer.onRequest((transaction) => answer(transaction, 486))
    await ask(refused, request('INVITE'))
    const closed = once(refused, 'close')
    clock.advance(60 * minute)
    await closed
    expect(answered.destroyed).toBe(false)
  })
})

test('a message that arrives one byte at a time must be complete within twenty seconds', async () => {
  const port = await open('tcp')
  const [slow, other] = [await tcp(port), await tcp(port)]
  for (const socket of [slow, other]) await ask(socket, request())
  const closed = once(slow, 'close')
  for (const byte of request().slice(0, 19)) {
    slow.write(byte)
    // What is answered here was sent after that byte, which has been read as well.
    await ask(other, '\r\n\r\n')
    clock.advance(1_000)
  }
  expect(slow.destroyed).toBe(false)
  clock.advance(1_000)
  await closed
})

describe('a peer that does not read', () => {
  const flood = 400
  const long = 'a'.repeat(8_000)

  /** 400 responses of 56 kB: far more than the system's buffers hold. */
  function answerAtLength(): void {
    layer.onRequest(({ request: asked, respond }) => {
      const response = createResponse(asked, 200, undefined, 'ours')
      for (let lines = 0; lines < 7; lines += 1) response.append('X-Long', long)
      respond(response)
    })
  }

  test('over TCP loses its connection', async () => {
    const socket = await tcp(await open('tcp'))
    answerAtLength()
    socket.pause()
    for (let requests = 0; requests < flood; requests += 1) socket.write(request())
    await expect.poll(() => layer.load().connections).toBe(0)
  })

  test('over a WebSocket loses its connection', async () => {
    const socket = await webSocket(await open('ws'))
    answerAtLength()
    socket.pause()
    for (let requests = 0; requests < flood; requests += 1) socket.send(request().replace('/TCP', '/WS'))
    await expect.poll(() => layer.load().connections).toBe(0)
  })
})

async function webSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sip')
  closers.push(() => socket.terminate())
  socket.on('error', () => undefined)
  await once(socket, 'open')
  return socket
}

test.each([
  ['in one piece', [70_000]],
  ['in fragments', [30_000, 30_000, 10_000]],
])('a WebSocket message of more than 64 kB ends the connection: %s', async (_how, sizes) => {
  const socket = await webSocket(await open('ws'))
  const closed = once(socket, 'close')
  for (const [at, size] of sizes.entries()) socket.send('a'.repeat(size), { fin: at === sizes.length - 1 })
  expect((await closed)[0]).toBe(1009)
})
