import type { Milliseconds } from '../../base/clock.js'
import { type Address, isSame } from './address.js'

/** Symmetric RTP (RFC 4961, RFC 7362 §4): we send to where the far end's packets come from, because NAT makes its description a guess. */
export interface Latch {
  /** Where to send; null before anything is known. */
  readonly destination: Address | null
  /** What the far end's description says; a changed one begins anew. */
  expect(described: Address | null): void
  /** False for a packet of a stranger: it is to be ignored. */
  admits(from: Address, now: Milliseconds): boolean
}

// How sure a source is the far end: it sends from the described address and port, from the address, or from elsewhere.
const exact = 2
const sameAddress = 1
const elsewhere = 0
/** After this silence the port may have changed: NAT has forgotten the old one. */
const rebindAfterMs: Milliseconds = 2_000

/**
 * The first source latches. Afterwards only a surer one takes over, so that whoever sprays packets at our ports
 * can neither steal the prompts nor type keys once the phone itself has spoken (RTP bleed).
 */
export function createLatch(): Latch {
  let described: Address | null = null
  let latched: Address | null = null
  let lastAt: Milliseconds = 0

  function certainty(from: Address): number {
    if (!described || from.address !== described.address) return elsewhere
    return from.port === described.port ? exact : sameAddress
  }

  function mayTakeOver(from: Address, now: Milliseconds): boolean {
    if (!latched || certainty(from) > certainty(latched)) return true
    return from.address === latched.address && now - lastAt > rebindAfterMs
  }

  return {
    get destination() {
      return latched ?? described
    },
    expect(next) {
      const unchanged = next === described || (next !== null && described !== null && isSame(next, described))
      if (!unchanged) latched = null
      described = next
    },
    admits(from, now) {
      if (!latched || !isSame(from, latched)) {
        if (!mayTakeOver(from, now)) return false
        latched = { address: from.address, port: from.port }
      }
      lastAt = now
      return true
    },
  }
}
