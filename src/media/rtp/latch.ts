import type { Milliseconds } from '../../base/clock.js'
import { machineAddresses } from '../../base/host/machine-address.js'
import { type Address, isSame } from './address.js'
import { createSoundTrails } from './sound-trails.js'

/**
 * Symmetric RTP (RFC 4961, RFC 7362 §4): we send to the source of the far end's packets, because NAT makes its description unreliable. An
 * unproven source is good enough for audio, but not for keys, which may be a PIN:
 *
 * | source of the packets                                   | audio is accepted                                  | keys are accepted      |
 * | ------------------------------------------------------- | -------------------------------------------------- | ---------------------- |
 * | the described address and port                          | at once, in place of any other source              | at once                |
 * | the described host, another port or address             | if it is first, or in place of a source below      | after consistent audio |
 * | the source address of the SIP request                   | if it is first, or in place of a source below      | after consistent audio |
 * | elsewhere; description and SIP have different addresses | if it is first, or the first with consistent audio | after consistent audio |
 * | elsewhere; description and SIP have the same address    | the same                                           | never: there is no NAT |
 * | a second source of the same rank                        | no                                                 | never                  |
 *
 * After a silence the port of the current source may change, because NAT forgets.
 *
 * Of other hosts we know one address, of this machine all of them: a phone that runs beside the node may describe `192.0.2.2` and send from
 * 127.0.0.1. An attacker who can forge one of these addresses can forge the described one as well.
 */
export interface Latch {
  /** The address to send to; null if unknown. A new object for each source that is latched. */
  readonly destination: Address | null
  /** Sets the address in the far end's description and the source address of its SIP. Returns true if the description has changed; the latch then starts over. */
  expect(described: Address | null, signalling: string | null): boolean
  hear(packet: HeardPacket, now: Milliseconds): SourceTrust
}

interface HeardPacket {
  readonly from: Address
  readonly ssrc: number
  readonly sequence: number
  /** Comfort noise counts as sound. */
  readonly kind: 'sound' | 'event'
}

/** `ignored`: another source is in use. `unproven`: audio counts, keys wait. */
export type SourceTrust = 'ignored' | 'unproven' | 'proven'

// Certainty that a source is the far end.
const exact = 3
const sameHost = 2
const signallingAddress = 1
const elsewhere = 0
/** After this silence the port may have changed, because the NAT binding has expired. */
const rebindAfterMs: Milliseconds = 2_000

/** `ownAddresses`: those of this machine. */
export function createLatch(ownAddresses: () => ReadonlySet<string> = machineAddresses): Latch {
  let described: Address | null = null
  let signalling: string | null = null
  let latched: Address | null = null
  let lastAt: Milliseconds = 0
  /** All addresses of the described host if it is this machine; else empty. */
  let aliases: ReadonlySet<string> = new Set()
  let trails = createSoundTrails(certaintyOf)

  function certaintyOf(from: Address): number {
    if (described && from.address === described.address) return from.port === described.port ? exact : sameHost
    if (aliases.has(from.address)) return sameHost
    return from.address === signalling ? signallingAddress : elsewhere
  }

  function mayTakeOver(from: Address): boolean {
    if (!latched || certaintyOf(from) > certaintyOf(latched)) return true
    return certaintyOf(from) === certaintyOf(latched) && trails.isConsistent(from) && !trails.isConsistent(latched)
  }

  function hasMoved(from: Address, now: Milliseconds): boolean {
    return from.address === latched?.address && now - lastAt > rebindAfterMs
  }

  function trustIn(from: Address): SourceTrust {
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
        const own = ownAddresses()
        aliases = next && own.has(next.address) ? own : new Set()
        trails = createSoundTrails(certaintyOf)
      }
      described = next
      signalling = from
      return isChanged
    },
    hear({ from, ssrc, sequence, kind }, now) {
      // The exact source cannot be replaced and needs no trail.
      if (kind === 'sound' && !(latched && certaintyOf(latched) === exact)) trails.note(from, { ssrc, sequence }, now)
      if (!latched || !isSame(from, latched)) {
        const moved = hasMoved(from, now)
        if (!moved && !mayTakeOver(from)) return 'ignored'
        if (moved && latched) trails.move(latched, from, ssrc)
        latched = { address: from.address, port: from.port }
      }
      lastAt = now
      return trustIn(from)
    },
  }
}
