import { type Clock, type Milliseconds, pause } from '../base/clock.js'
import type { Sipd } from './contract.js'

const lookMs: Milliseconds = 50

/**
 * Resolves when nothing waits for an answer or an ACK any more, or after that time. Until then what was lost on the way is sent again
 * (RFC 3261 §17), so that a phone hears of the BYE, CANCEL or final response that a server sends just before it ends.
 */
export async function settled({ counts }: Pick<Sipd, 'counts'>, withinMs: Milliseconds, clock: Clock): Promise<void> {
  const deadline = clock.now() + withinMs
  for (let now = await counts(); now !== null && now.unsettled > 0 && clock.now() < deadline; now = await counts())
    await pause(clock, lookMs)
}
