import { expect, test } from 'vitest'
import { createLatch } from '../../../src/media/rtp/latch.js'

const described = { address: '198.51.100.7', port: 4000 }
const behindNat = { address: '203.0.113.1', port: 33_000 }
const otherPort = { address: '198.51.100.7', port: 4444 }
const stranger = { address: '192.0.2.66', port: 4000 }

test('Before anything is heard we send to the described address', () => {
  const latch = createLatch()
  expect(latch.destination).toBeNull()
  latch.expect(described)
  expect(latch.destination).toEqual(described)
})

test('The first packet latches: a phone behind NAT is answered where it sends from', () => {
  const latch = createLatch()
  latch.expect(described)
  expect(latch.admits(behindNat, 0)).toBe(true)
  expect(latch.destination).toEqual(behindNat)
})

test('Once the phone has spoken, strangers are ignored, however long it is silent', () => {
  const latch = createLatch()
  latch.expect(described)
  latch.admits(behindNat, 0)
  expect(latch.admits(stranger, 1)).toBe(false)
  expect(latch.admits(stranger, 60_000)).toBe(false)
  expect(latch.destination).toEqual(behindNat)
})

test('A stranger who was first loses to the described address, and to its port most of all', () => {
  const latch = createLatch()
  latch.expect(described)
  latch.admits(stranger, 0)
  expect(latch.admits(otherPort, 1)).toBe(true)
  expect(latch.admits(described, 2)).toBe(true)
  expect(latch.admits(otherPort, 3)).toBe(false)
  expect(latch.admits(stranger, 4)).toBe(false)
  expect(latch.destination).toEqual(described)
})

test('NAT may give the phone another port after a silence', () => {
  const latch = createLatch()
  latch.expect(described)
  latch.admits(behindNat, 0)
  const rebound = { ...behindNat, port: 33_001 }
  expect(latch.admits(rebound, 1_000)).toBe(false)
  expect(latch.admits(rebound, 2_500)).toBe(true)
  expect(latch.destination).toEqual(rebound)
})

test('A re-INVITE with the same address keeps the latch, with another one it begins anew', () => {
  const latch = createLatch()
  latch.expect(described)
  latch.admits(behindNat, 0)
  latch.expect({ ...described })
  expect(latch.destination).toEqual(behindNat)
  latch.expect({ ...described, port: 5000 })
  expect(latch.destination).toEqual({ ...described, port: 5000 })
  latch.expect(null)
  expect(latch.destination).toBeNull()
})
