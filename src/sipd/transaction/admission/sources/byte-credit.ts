import { createBoundedMap } from '../bounded-map.js'

/**
 * Bytes that may still go to a UDP source whose address is not proven: three for each byte received from it. A forged source can reflect
 * no more than that (compare RFC 9000 §8.1).
 */
export interface ByteCredit {
  received(source: string, bytes: number): void
  /** Takes them off the credit; false, and nothing is taken, if that would not leave `kept`. */
  spend(source: string, bytes: number, kept?: number): boolean
  readonly size: number
}

const factor = 3
/** What a source can save up. */
const mostCredit = 256 * 1024

/** A source that was forgotten because there are too many has no credit until it sends again. */
export function createByteCredit(most: number): ByteCredit {
  const credits = createBoundedMap<{ bytes: number }>(most)
  return {
    received(source, bytes) {
      const credit = credits.get(source)
      if (credit) credit.bytes = Math.min(credit.bytes + factor * bytes, mostCredit)
      else credits.set(source, { bytes: factor * bytes })
    },
    spend(source, bytes, kept = 0) {
      const credit = credits.get(source)
      if (!credit || credit.bytes < bytes + kept) return false
      credit.bytes -= bytes
      return true
    },
    get size() {
      return credits.size
    },
  }
}
