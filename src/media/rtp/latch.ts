import type { Milliseconds } from '../../base/clock.js'
import { type Address, isSame } from './address.js'
import { createSoundTrails } from './sound-trails.js'

/**
 * Symmetric RTP (RFC 4961, RFC 7362 §4): we send to where the far end's packets come from, because NAT makes its description a guess. A guess
 * is good enough for sound, but not for keys, which may be a PIN:
 *
 * | packets come from                                 | they are heard                                     | their keys count       |
 * | ------------------------------------------------- | -------------------------------------------------- | ---------------------- |
 * | the described address and port                    | at once, instead of all others                     | at once                |
 * | the described address, another port               | first come, or instead of the sources below        | after consistent sound |
 * | the address that the SIP request came from        | first come, or instead of the sources below        | after consistent sound |
 * | elsewhere; description and SIP name two addresses | first come, or the first one with consistent sound | after consistent sound |
 * | elsewhere; description and SIP name one address   | the same                                           | never: there is no NAT |
 * | a second source while another one is heard        | no                                                 | never                  |
 *
 * The port of an address that is heard may change after a silence, because NAT forgets.
 */
export interface Latch {
  /** Where to send; null before anything is known. A new object for each source that is latched. */
  readonly destination: Address | null
  /** The address in the far end's description and the one its SIP comes from. A changed description starts over; true for one. */
  expect(described: Address | null, signalling: string | null): boolean
  hear(packet: HeardPacket, now: Milliseconds): Standing
}

interface HeardPacket {
  readonly from: Address
  readonly ssrc: number
  readonly sequence: number
  /** Audio and comfort noise are sound. */
  readonly kind: 'sound' | 'event'
}

/** `stranger`: the packet is ignored. `unproven`: sound counts, keys wait. */
export type Standing = 'stranger' | 'unproven' | 'proven'

// How certain it is that a source is the far end.
const exact = 3
const sameAddress = 2
const signallingAddress = 1
const elsewhere = 0
/** After this silence the port may have changed: NAT has forgotten the old one. */
const rebindAfterMs: Milliseconds = 2_000

export function createLatch(): Latch {
  let described: Address | null = null
  let signalling: string | null = null
  let latched: Address | null = null
  let lastAt: Milliseconds = 0
  let trails = createSoundTrails(certaintyOf)

  function certaintyOf(from: Address): number {
    if (described && from.address === described.address) return from.port === described.port ? exact : sameAddress
    return from.address === signalling ? signallingAddress : elsewhere
  }

  function mayTakeOver(from: Address): boolean {
    if (!latched || certaintyOf(from) > certaintyOf(latched)) return true
    return certaintyOf(from) === certaintyOf(latched) && trails.isConsistent(from) && !trails.isConsistent(latched)
  }

  function hasMoved(from: Address, now: Milliseconds): boolean {
    return from.address === latched?.address && now - lastAt > rebindAfterMs
  }

  function standingOf(from: Address): Standing {
    const certainty = certaintyOf(from)
    if (certainty === exact) return 'proven'
    if (certainty === elsewhere && described && described.address === signalling) return 'unproven'
    return trails.isConsistent(from) ? 'proven' : 'unproven'
  }

  return {
    get destination() {
      return latched ?? described
    },
    expect(next, from) {
      const isChanged = next === null || described === null ? next !== described : !isSame(next, described)
      if (isChanged) {
        latched = null
        trails = createSoundTrails(certaintyOf)
      }
      described = next
      signalling = from
      return isChanged
    },
    hear({ from, ssrc, sequence, kind }, now) {
      // A source that nothing can replace needs no trail.
      if (kind === 'sound' && !(latched && certaintyOf(latched) === exact)) trails.note(from, { ssrc, sequence }, now)
      if (!latched || !isSame(from, latched)) {
        const moved = hasMoved(from, now)
        if (!moved && !mayTakeOver(from)) return 'stranger'
        if (moved && latched) trails.move(latched, from, ssrc)
        latched = { address: from.address, port: from.port }
      }
      lastAt = now
      return standingOf(from)
    },
  }
}
