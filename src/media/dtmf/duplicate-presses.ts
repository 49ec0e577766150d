import type { Milliseconds } from '../../base/clock.js'
import type { Key } from '../key.js'

/** How a press arrives: as an RFC 4733 event, as a tone in the audio, or by SIP INFO. */
export type KeyWay = 'event' | 'tone' | 'info'

/** A press as one of these ways reports it. */
export interface Press {
  readonly key: Key
  readonly way: KeyWay
  /** Arrival of its first packet. A press that waits for its source to be proven keeps this time. */
  readonly at: Milliseconds
}

/** Finds the presses of one call that have already arrived in another way. */
export interface DuplicatePresses {
  /** False for a press that has already counted. */
  isNew(press: Press): boolean
}

/** A tone is recognized while the event or INFO of the same press is still on its way. */
const samePressMs: Milliseconds = 1_000

/**
 * A phone that sends a press in two ways does so for every press. An event or INFO is certain, a tone is a guess: tones count until the first
 * press arrives in another way, and from then on only that way counts. Tones of the last second have counted already, so the first presses of
 * that way are matched with them, in order.
 */
export function createDuplicatePresses(): DuplicatePresses {
  let certainWay: KeyWay | null = null
  let tones: readonly Press[] = []

  return {
    isNew(press) {
      tones = tones.filter(({ at }) => press.at - at <= samePressMs)
      if (press.way === 'tone') {
        if (certainWay) return false
        tones = [...tones, press]
        return true
      }
      certainWay ??= press.way
      if (certainWay !== press.way) return false
      const heardAt = tones.findIndex(({ key }) => key === press.key)
      tones = heardAt === -1 ? [] : tones.slice(heardAt + 1)
      return heardAt === -1
    },
  }
}
