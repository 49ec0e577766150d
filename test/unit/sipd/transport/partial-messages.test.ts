import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { LayerLimits, LiveTransactionLayer } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { openLayer } from '../../../support/sip/sip-pair.js'
import { wire } from '../../../support/sip/still-layer.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const options = (protocol: 'TCP' | 'WS', id = 'one'): string =>
  wire({ line: 'OPTIONS sip:x@127.0.0.1 SIP/2.0', branch: `z9hG4bK${id}`, cseq: '1 OPTIONS', callId: id }).replace('/UDP', `/${protocol}`)

async function open(protocol: 'tcp' | 'ws', clock: ManualClock, limits: Partial<LayerLimits> = {}) {
  const layer: LiveTransactionLayer = await openLayer({
    listen: [{ protocol, address: '127.0.0.1', port: 0 }],
    clock,
    limits: { messageMs: 20_000, ...limits },
  })
  closers.push(() => layer.close())
  layer.onRequest((transaction) => transaction.respond(createResponse(transaction.request, 200, undefined, 'x')))
  return layer.listening[0]?.local.port ?? 0
}

async function webSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sip')
  closers.push(() => socket.terminate())
  socket.on('error', () => undefined)
  await once(socket, 'open')
  return socket
}

async function tcp(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  closers.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Resolves when the server has read what was sent: pings are answered in order. */
async function read(socket: WebSocket): Promise<void> {
  const pong = once(socket, 'pong')
  socket.ping()
  await pong
}

describe('a message in fragments over a WebSocket', () => {
  test('that never ends closes its connection, however many pings arrive between the fragments', async () => {
    const clock = createManualClock()
    const socket = await webSocket(await open('ws', clock))
    const closed = once(socket, 'close')
    socket.send('OPTIONS sip:x@', { fin: false })
    for (let at = 0; at < 10; at += 1) {
      await read(socket)
      socket.send('x', { fin: false })
      await read(socket)
      clock.advance(2_000)
    }
    clock.advance(1_000)
    await closed
  })

  test('gets a response if it is complete in time; pings alone close nothing', async () => {
    const clock = createManualClock()
    const socket = await webSocket(await open('ws', clock))
    const text = options('WS')
    socket.send(text.slice(0, 40), { fin: false })
    await read(socket)
    clock.advance(15_000)
    const answered = once(socket, 'message')
    socket.send(text.slice(40), { fin: true })
    await answered
    for (let at = 0; at < 10; at += 1) {
      await read(socket)
      clock.advance(10_000)
    }
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })
})

describe('messages on a stream', () => {
  test('without a gap between them do not count as one that never ends', async () => {
    const clock = createManualClock()
    const socket = await tcp(await open('tcp', clock))
    const text = options('TCP')
    socket.write(text.slice(0, 50))
    for (let at = 0; at < 12; at += 1) {
      const answered = once(socket, 'data')
      // The rest of one, and the beginning of the next: the connection is never between two messages.
      socket.write(text.slice(50) + text.slice(0, 50))
      await answered
      clock.advance(5_000)
    }
    expect(socket.destroyed).toBe(false)
  })

  test('that are incomplete use bounded memory: the slowest are closed', async () => {
    const clock = createManualClock()
    // Neither is closed because it takes its time.
    const port = await open('tcp', clock, { partialBytes: 100_000, messageMs: 3_600_000, firstMessageMs: 3_600_000 })
    const sockets: Socket[] = []
    for (let at = 0; at < 4; at += 1) {
      const socket = await tcp(port)
      const pong = once(socket, 'data')
      socket.write('\r\n\r\n')
      await pong
      // Each is whole with its next byte.
      socket.write(`${options('TCP', `${at}`).replace('Content-Length: 0', 'Content-Length: 40000').padEnd(40_000, 'a')}`)
      sockets.push(socket)
      clock.advance(10)
    }
    const closed = once(sockets[0] as Socket, 'close')
    // What was sent has to be read first; how long that takes nobody can tell.
    const again = setInterval(() => clock.advance(100), 20)
    closers.push(() => clearInterval(again))
    await closed
    expect(sockets[3]?.destroyed).toBe(false)
  })
})
