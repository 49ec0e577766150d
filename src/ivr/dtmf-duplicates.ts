import type { Clock, Milliseconds } from '../base/clock.js'
import type { Key, KeyWay } from '../media/media.js'

/** How a press came: in the sound stream, or by SIP INFO. */
type PressWay = KeyWay | 'info'

/** Decides whether a press is a new one or the same one come by another way. */
export interface KeyFilter {
  admits(key: Key, way: PressWay): boolean
}

/** A tone is recognised in the sound while the press is still on its way as an event or INFO. */
const samePressWithinMs: Milliseconds = 1_000

/**
 * Phones that send a press by two ways do so for every press. So the way of the first one is the way of the call;
 * tones only count until another way shows up, because that one is certain.
 */
export function createKeyFilter(clock: Clock): KeyFilter {
  let way: PressWay = 'tone'
  let lastTone: { readonly key: Key; readonly at: Milliseconds } | null = null

  return {
    admits(key, by) {
      if (by === 'tone') {
        lastTone = { key, at: clock.now() }
        return way === 'tone'
      }
      if (way !== 'tone') return way === by
      way = by
      return lastTone?.key !== key || clock.now() - lastTone.at > samePressWithinMs
    },
  }
}
