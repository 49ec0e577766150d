import type { Milliseconds } from '../../../base/clock.js'

/** Timer C (RFC 3261 §16.6 step 11): an INVITE that rings for longer is cancelled. Longer than three minutes. */
export const timerC: Milliseconds = 185_000
