import type { Milliseconds } from '../../base/clock.js'
import type { Address } from './address.js'

/** Tracks the sources that send audio. A source is consistent if it sends one stream in order for some time. */
export interface SoundTrails {
  note(from: Address, packet: { readonly ssrc: number; readonly sequence: number }, now: Milliseconds): void
  /** Stays true for the same stream. */
  isConsistent(from: Address): boolean
  /** The same stream continues from another port. */
  move(from: Address, to: Address, ssrc: number): void
}

interface Trail {
  readonly from: Address
  readonly ssrc: number
  sequence: number
  packets: number
  since: Milliseconds
  lastAt: Milliseconds
  isConsistent: boolean
}

/** A fifth of a second of speech; comfort noise takes longer. */
const enoughPackets = 10
/** The same packets in one burst do not count. */
const enoughMs: Milliseconds = 150
const longestPauseMs: Milliseconds = 5_000
const longestGap = 100
const mostTrails = 16

/** An attacker may send from any number of ports: the least certain and shortest trails are dropped first. */
export function createSoundTrails(certaintyOf: (from: Address) => number): SoundTrails {
  const trails = new Map<string, Trail>()

  function begin(from: Address, { ssrc, sequence }: { readonly ssrc: number; readonly sequence: number }, now: Milliseconds): void {
    const key = keyOf(from)
    trails.delete(key)
    if (trails.size >= mostTrails) trails.delete(weakest())
    trails.set(key, { from, ssrc, sequence, packets: 1, since: now, lastAt: now, isConsistent: false })
  }

  function weakest(): string {
    const strength = ({ from, packets }: Trail): number => certaintyOf(from) * 1_000 + Math.min(packets, 999)
    const [first = '', ...others] = trails.keys()
    const strengthOf = (key: string): number => strength(trails.get(key) as Trail)
    return others.reduce((weak, key) => (strengthOf(key) < strengthOf(weak) ? key : weak), first)
  }

  return {
    note(from, packet, now) {
      const trail = trails.get(keyOf(from))
      if (trail?.ssrc !== packet.ssrc) return begin(from, packet, now)
      const ahead = (packet.sequence - trail.sequence) & 0xffff
      const goesOn = ahead > 0 && ahead <= longestGap && now - trail.lastAt <= longestPauseMs
      if (goesOn) trail.packets += 1
      else if (ahead !== 0) [trail.packets, trail.since] = [1, now]
      trail.sequence = packet.sequence
      trail.lastAt = now
      trail.isConsistent ||= trail.packets >= enoughPackets && now - trail.since >= enoughMs
    },
    isConsistent: (from) => trails.get(keyOf(from))?.isConsistent === true,
    move(from, to, ssrc) {
      const trail = trails.get(keyOf(from))
      if (trail?.ssrc !== ssrc) return
      trails.delete(keyOf(from))
      trails.set(keyOf(to), { ...trail, from: to })
    },
  }
}

function keyOf({ address, port }: Address): string {
  return `${address} ${port}`
}
