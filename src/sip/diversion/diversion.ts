import type { DiversionReason } from './diversion-reason.js'

/** One forward that a call has passed. */
export interface Diversion {
  /** The extension or telephone number that has forwarded the call; `''` if it is withheld. */
  readonly number: string
  /** `''` if unknown. */
  readonly name: string
  readonly reason: DiversionReason
  /** How many forwards this entry stands for (RFC 5806 §4, counter). At least 1. */
  readonly times: number
  /** The number must not be shown. It still counts, and still shows a loop. */
  readonly isPrivate: boolean
}

/** Values that are read of each header. */
export const maxDiversions = 20

/** How often the call has been forwarded. */
export function forwardsIn(diversions: readonly Diversion[]): number {
  return diversions.reduce((sum, { times }) => sum + times, 0)
}
