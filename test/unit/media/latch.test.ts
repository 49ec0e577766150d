import { expect, test } from 'vitest'
import type { Address } from '../../../src/media/rtp/address.js'
import { createLatch, type Latch, type SourceTrust } from '../../../src/media/rtp/latch.js'

const described = { address: '198.51.100.7', port: 4000 }
const behindNat = { address: '203.0.113.1', port: 33_000 }
const otherPort = { address: '198.51.100.7', port: 4444 }
const stranger = { address: '192.0.2.66', port: 4000 }

let sequence = 0
function event(latch: Latch, from: Address, now: number): SourceTrust {
  sequence += 1
  return latch.hear({ from, ssrc: from.port, sequence, kind: 'event' }, now)
}

/** Sends a packet every 20 ms; returns the trust of the last one. */
function speak(latch: Latch, from: Address, now: number, packets = 1): SourceTrust {
  let trust: SourceTrust = 'ignored'
  for (let step = 0; step < packets; step += 1) {
    sequence += 1
    trust = latch.hear({ from, ssrc: from.port, sequence, kind: 'sound' }, now + step * 20)
  }
  return trust
}

test('Before the first packet, we send to the described address', () => {
  const latch = createLatch()
  expect(latch.destination).toBeNull()
  latch.expect(described, null)
  expect(latch.destination).toEqual(described)
})

test('The first packet latches: we send to the source of a phone behind NAT', () => {
  const latch = createLatch()
  latch.expect(described, null)
  expect(event(latch, behindNat, 0)).toBe('unproven')
  expect(latch.destination).toEqual(behindNat)
})

test('Once the phone has sent audio, strangers are ignored, however long it is silent and whatever they send', () => {
  const latch = createLatch()
  latch.expect(described, null)
  speak(latch, behindNat, 0, 20)
  expect(speak(latch, stranger, 500, 50)).toBe('ignored')
  expect(event(latch, stranger, 60_000)).toBe('ignored')
  expect(latch.destination).toEqual(behindNat)
})

test('A stranger who was first loses to the described address, above all to its described port', () => {
  const latch = createLatch()
  latch.expect(described, null)
  speak(latch, stranger, 0, 50)
  expect(speak(latch, otherPort, 1_001)).toBe('unproven')
  expect(event(latch, described, 1_002)).toBe('proven')
  expect(speak(latch, otherPort, 1_003, 20)).toBe('ignored')
  expect(speak(latch, stranger, 1_004, 20)).toBe('ignored')
  expect(latch.destination).toEqual(described)
})

test('A stranger who was first, but only with keys, loses to the first source that sends audio', () => {
  const latch = createLatch()
  latch.expect(described, null)
  event(latch, stranger, 0)
  expect(speak(latch, behindNat, 20, 9)).toBe('ignored')
  expect(speak(latch, behindNat, 200)).toBe('proven')
  expect(latch.destination).toEqual(behindNat)
})

test('Of two sources elsewhere, the source of the SIP request is accepted at once', () => {
  const latch = createLatch()
  latch.expect(described, behindNat.address)
  speak(latch, stranger, 0, 50)
  expect(event(latch, behindNat, 1_001)).toBe('unproven')
  expect(latch.destination).toEqual(behindNat)
  expect(speak(latch, stranger, 1_020, 50)).toBe('ignored')
  expect(speak(latch, behindNat, 2_020, 10)).toBe('proven')
})

test('NAT may assign another port after a silence, and the stream that continues there stays proven', () => {
  const latch = createLatch()
  latch.expect(described, null)
  speak(latch, behindNat, 0, 20)
  const rebound = { ...behindNat, port: 33_001 }
  expect(speak(latch, rebound, 1_000)).toBe('ignored')
  expect(latch.hear({ from: rebound, ssrc: behindNat.port, sequence: sequence + 1, kind: 'event' }, 2_500)).toBe('proven')
  expect(latch.destination).toEqual(rebound)
})

test('A re-INVITE with the same address keeps the latch, with another one it starts over', () => {
  const latch = createLatch()
  expect(latch.expect(described, null)).toBe(true)
  speak(latch, behindNat, 0)
  expect(latch.expect({ ...described }, null)).toBe(false)
  expect(latch.destination).toEqual(behindNat)
  expect(latch.expect({ ...described, port: 5000 }, null)).toBe(true)
  expect(latch.destination).toEqual({ ...described, port: 5000 })
  expect(latch.expect(null, null)).toBe(true)
  expect(latch.destination).toBeNull()
})

test('Packets from any number of ports do not prevent the phone from being proven', () => {
  const latch = createLatch()
  latch.expect(described, behindNat.address)
  let port = 1_024
  for (let step = 0; step < 15; step += 1) {
    speak(latch, behindNat, step * 20)
    for (const last = port + 50; port < last; port += 1) speak(latch, { ...stranger, port }, step * 20 + 1)
  }
  expect(speak(latch, behindNat, 300)).toBe('proven')
})
