import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { openPortPair } from '../../../src/media/rtp/port-pair.js'
import { createPortPool } from '../../../src/media/rtp/port-pool.js'
import { createManualClock } from '../../support/process/manual-clock.js'

function pool(from: number, to: number) {
  const clock = createManualClock()
  return { clock, pool: createPortPool({ from, to, restMs: 10_000, clock }) }
}

function takeAll(from: number, to: number): Set<number | null> {
  const { pool: ports } = pool(from, to)
  const taken: (number | null)[] = []
  do taken.push(ports.take())
  while (taken.at(-1) !== null)
  return new Set(taken.slice(0, -1))
}

test('RTP uses even ports, each with the next odd port in the range (RFC 3550 §11)', () => {
  expect(takeAll(20_000, 20_007)).toEqual(new Set([20_000, 20_002, 20_004, 20_006]))
  expect(takeAll(20_001, 20_006)).toEqual(new Set([20_002, 20_004]))
  expect(takeAll(20_001, 20_002)).toEqual(new Set())
})

test('The first port is not always the same', () => {
  const first = new Set(Array.from({ length: 50 }, () => pool(20_000, 29_999).pool.take()))
  expect(first.size).toBeGreaterThan(10)
})

test('A port rests after use while others are free', () => {
  const { pool: ports, clock } = pool(20_000, 20_003)
  const used = ports.take()
  if (used === null) throw new Error('two pairs')
  ports.giveBack(used)
  const other = ports.take()
  expect(other).not.toBe(used)
  if (other === null) throw new Error('two pairs')
  ports.giveBack(other)
  clock.advance(10_000)
  expect(new Set([ports.take(), ports.take()])).toEqual(new Set([20_000, 20_002]))
})

test('If all others are taken, the port that has rested longest is used', () => {
  const { pool: ports, clock } = pool(20_000, 20_005)
  const all = [ports.take(), ports.take(), ports.take()]
  for (const port of all) {
    if (port !== null) ports.giveBack(port)
    clock.advance(100)
  }
  expect([ports.take(), ports.take()]).toEqual(all.slice(0, 2))
  expect(ports.taken).toBe(2)
})

test('A pair with a port of another program is skipped; without another pair the result is null', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((resolve) => {
    other.bind(0, '127.0.0.1', resolve)
  })
  try {
    const { port } = other.address()
    const even = port - (port % 2)
    const ports = createPortPool({ from: even, to: even + 1, restMs: 0, clock: systemClock })
    expect(await openPortPair('127.0.0.1', ports)).toBeNull()
    expect(ports.taken).toBe(0)
  } finally {
    other.close()
  }
})

test('An address that cannot be bound uses up no ports: there is one attempt', async () => {
  const { pool: ports } = pool(20_000, 29_999)
  let attempts = 0
  function take(): number | null {
    attempts += 1
    return ports.take()
  }
  // It cannot be bound, like an IPv6 address on a machine without IPv6.
  expect(await openPortPair('127.0.0.300', { ...ports, take })).toBeNull()
  expect([attempts, ports.taken]).toEqual([1, 0])
})
