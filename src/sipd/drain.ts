import { type Clock, type Milliseconds, pause } from '../base/clock.js'
import type { Sipd } from './contract.js'

const pollMs: Milliseconds = 50

/**
 * Resolves when no message waits for a response or an ACK, or after this time. Until then lost messages are retransmitted (RFC 3261 §17), so that
 * a phone gets the BYE, CANCEL or final response that a server sends just before it ends.
 */
export async function settled({ counts }: Pick<Sipd, 'counts'>, withinMs: Milliseconds, clock: Clock): Promise<void> {
  const deadline = clock.now() + withinMs
  for (let now = await counts(); now !== null && now.unsettled > 0 && clock.now() < deadline; now = await counts())
    await pause(clock, pollMs)
}
