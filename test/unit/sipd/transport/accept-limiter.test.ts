import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { descriptorLimit } from '../../../../src/sipd/descriptors.js'
import { type AcceptLimiter, createAcceptLimiter } from '../../../../src/sipd/transport/accept-limiter.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'

let server: Server
let acceptLimiter: AcceptLimiter
let clock: ManualClock
let refused = 0
const sockets: Socket[] = []

beforeEach(async () => {
  clock = createManualClock()
  refused = 0
  server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  acceptLimiter.close()
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
})

/** 20 connections, 10 of them unproven, 3 of these from one address. */
function openGate(connections = 20): void {
  const limits = { connections, unprovenBySource: 1_000, firstMessageMs: 10_000, unprovenIdleMs: 120_000 }
  acceptLimiter = createAcceptLimiter({ clock, limits, onRefused: () => (refused += 1) })
  acceptLimiter.watch(server)
}

interface Guest {
  readonly remote: { address: string; port: number }
  readonly closed: Promise<void>
  readonly isOpen: boolean
}

async function visit(from = '127.0.0.1'): Promise<Guest> {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.all([once(socket, 'connect'), once(server, 'connection')])
  return {
    remote: { address: from, port: socket.localPort ?? 0 },
    closed,
    get isOpen() {
      return !socket.destroyed
    },
  }
}

const portOf = (): number => (server.address() as AddressInfo).port

describe('an accepted connection', () => {
  test('is closed after ten seconds without a message, after two minutes of silence, or never if it is proven', async () => {
    openGate()
    const [silent, spoke, proven] = [await visit(), await visit(), await visit()]
    clock.advance(5_000)
    acceptLimiter.advance(spoke.remote, portOf(), 'spoke')
    acceptLimiter.advance(proven.remote, portOf(), 'proven')
    clock.advance(5_000)
    await silent.closed
    expect([spoke.isOpen, proven.isOpen, acceptLimiter.unproven]).toEqual([true, true, 1])
    clock.advance(115_000)
    await spoke.closed
    clock.advance(24 * 3_600_000)
    expect(proven.isOpen).toBe(true)
  })

  test('has another ten seconds after its TLS handshake, once', async () => {
    openGate()
    const guest = await visit()
    clock.advance(9_000)
    acceptLimiter.handshakeDone(guest.remote, portOf())
    clock.advance(9_000)
    expect(guest.isOpen).toBe(true)
    clock.advance(1_000)
    await guest.closed
  })

  test('is closed for a newer one of its own address if that has too many, and for no other', async () => {
    openGate()
    const others = [await visit('127.0.0.2'), await visit('127.0.0.2')]
    const own = [await visit(), await visit(), await visit(), await visit()]
    await own[0]?.closed
    expect([...others, ...own.slice(1)].every(({ isOpen }) => isOpen)).toBe(true)
    expect(refused).toBe(1)
  })

  test('is closed for any newer one if there are too many unproven ones; proven ones stay', async () => {
    openGate()
    const proven = await visit('127.0.0.9')
    acceptLimiter.advance(proven.remote, portOf(), 'proven')
    const crowd = []
    for (let at = 0; at < 11; at += 1) crowd.push(await visit(`127.0.1.${1 + Math.floor(at / 3)}`))
    await crowd[0]?.closed
    expect([proven.isOpen, ...crowd.slice(1).map(({ isOpen }) => isOpen)].every(Boolean)).toBe(true)
  })

  test('stays open during an emergency call, however many connections arrive and however long it takes', async () => {
    openGate()
    const calling = await visit()
    acceptLimiter.advance(calling.remote, portOf(), 'emergency call')
    acceptLimiter.advance(calling.remote, portOf(), 'spoke')
    const crowd = [await visit(), await visit(), await visit(), await visit()]
    await crowd[0]?.closed
    clock.advance(600_000)
    await crowd[3]?.closed
    await expect.poll(() => acceptLimiter.unproven).toBe(0)
    expect(calling.isOpen).toBe(true)
    acceptLimiter.emergencyCallEnded(calling.remote, portOf())
    expect(acceptLimiter.unproven).toBe(1)
    clock.advance(120_000)
    await calling.closed
  })

  test('is refused if all others are proven', async () => {
    openGate(2)
    for (let at = 0; at < 2; at += 1) acceptLimiter.advance((await visit()).remote, portOf(), 'proven')
    await (await visit()).closed
    expect(refused).toBe(1)
  })
})

test.each([
  ['Max open files            20000                1048576              files     ', 20_000],
  ['Max processes 1 1\nMax open files            unlimited            unlimited            files     ', Number.MAX_SAFE_INTEGER],
  ['', 1_024],
])('the limit of descriptors is read from the system: %s', (text, limit) => {
  expect(descriptorLimit(() => text)).toBe(limit)
})

test('if the system does not show the limit of descriptors, a low one is assumed', () => {
  const unreadable = (): string => {
    throw new Error('ENOENT')
  }
  expect(descriptorLimit(unreadable)).toBe(1_024)
})
