import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { createNonces } from '../../../src/registrar/authentication/nonce.js'
import { createManualClock } from '../../support/process/manual-clock.js'

function noncesOf(secret = 'network') {
  const clock = createManualClock(1_800_000_000_000)
  return { clock, nonces: createNonces({ secret: new Secret(secret), clock, lifetimeMs: 60_000, capacity: 10 }) }
}

describe('nonces', () => {
  it('are fresh until their lifetime is over, then stale', () => {
    const { clock, nonces } = noncesOf()
    const nonce = nonces.issue('192.0.2.7')
    clock.advance(60_000)
    expect(nonces.stateOf(nonce)).toBe('fresh')
    clock.advance(1)
    expect(nonces.stateOf(nonce)).toBe('stale')
    expect(nonces.use(nonce, 1)).toBe('stale')
  })

  it('never repeat', () => {
    const { nonces } = noncesOf()
    expect(new Set(Array.from({ length: 1000 }, () => nonces.issue('192.0.2.7'))).size).toBe(1000)
  })

  it('of another node of the network are stale, because only that node knows which counts were used', () => {
    const { nonces } = noncesOf()
    expect(nonces.stateOf(noncesOf().nonces.issue('192.0.2.7'))).toBe('stale')
  })

  it('of another network are foreign', () => {
    const { nonces } = noncesOf()
    expect(nonces.stateOf(noncesOf('another').nonces.issue('192.0.2.7'))).toBe('foreign')
  })

  it('with any one character changed are foreign', () => {
    const { nonces } = noncesOf()
    const nonce = nonces.issue('192.0.2.7')
    for (let at = 0; at < nonce.length; at++) {
      const changed = nonce.slice(0, at) + (nonce[at] === 'A' ? 'B' : 'A') + nonce.slice(at + 1)
      expect(nonces.stateOf(changed), changed).toBe('foreign')
    }
  })

  it('that are malformed are foreign', () => {
    const { nonces } = noncesOf()
    for (const text of ['', 'x', '"', `${nonces.issue('192.0.2.7')}=`, 'ä'.repeat(48)]) expect(nonces.stateOf(text), text).toBe('foreign')
  })
})
