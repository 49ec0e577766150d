import type { Milliseconds } from '../../base/clock.js'
import type { Press } from '../dtmf/duplicate-presses.js'
import type { Address } from './address.js'
import type { SourceTrust } from './latch.js'

/** Holds presses back until their source is proven, and rejects those of a second source. */
export interface KeyGate {
  /** A press of the current source. */
  offer(press: Press): void
  /** Releases the presses of a proven source. To be called after each of its packets. */
  settle(source: KeySource, trust: SourceTrust, now: Milliseconds): void
  /** The source has changed: drops the presses of the previous one. */
  forget(): void
  /** The far end has sent a new description: its source may change too. */
  reset(): void
}

interface KeySource {
  readonly from: Address
  readonly ssrc: number
}

/** A caller who presses keys before any audio is proven within this time, or never. */
const waitMs: Milliseconds = 5_000
const mostWaiting = 32

export function createKeyGate(onPress: (press: Press) => void): KeyGate {
  let waiting: Press[] = []
  let typist: KeySource | null = null

  function mayType({ from, ssrc }: KeySource): boolean {
    // NAT may change the port. Another address is another source, unless it continues the same stream.
    return typist === null || typist.from.address === from.address || typist.ssrc === ssrc
  }

  return {
    offer(press) {
      if (waiting.length < mostWaiting) waiting.push(press)
    },
    settle(source, trust, now) {
      if (waiting.length === 0 || trust !== 'proven') return
      const ready = waiting
      waiting = []
      if (!mayType(source)) return
      for (const press of ready) {
        if (now - press.at > waitMs) continue
        typist = source
        onPress(press)
      }
    },
    forget() {
      waiting = []
    },
    reset() {
      waiting = []
      typist = null
    },
  }
}
