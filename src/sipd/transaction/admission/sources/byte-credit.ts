import { createBoundedMap } from '../../../bounded-map.js'

/**
 * Bytes that may still be sent to an unvalidated UDP source: three for each byte received from it. This limits reflection to a forged source
 * (compare RFC 9000 §8.1).
 */
export interface ByteCredit {
  received(source: string, bytes: number): void
  /** Takes the bytes from the credit; false, without taking any, if less than `reserved` would be left. */
  spend(source: string, bytes: number, reserved?: number): boolean
  readonly size: number
}

const factor = 3
/** The most that a source can accumulate. */
const maxCredit = 256 * 1024

/** If there are too many sources, the oldest is forgotten and has no credit until it sends again. */
export function createByteCredit(most: number): ByteCredit {
  const credits = createBoundedMap<{ bytes: number }>(most)
  return {
    received(source, bytes) {
      const credit = credits.get(source)
      if (credit) credit.bytes = Math.min(credit.bytes + factor * bytes, maxCredit)
      else credits.set(source, { bytes: factor * bytes })
    },
    spend(source, bytes, reserved = 0) {
      const credit = credits.get(source)
      if (!credit || credit.bytes < bytes + reserved) return false
      credit.bytes -= bytes
      return true
    },
    get size() {
      return credits.size
    },
  }
}
