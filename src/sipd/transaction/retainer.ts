const slabBytes = 64 * 1024

/**
 * Copies what is kept for half a minute into slabs of its own. Left where it was made, in node's pool, a short response would
 * keep alive eight kilobytes of messages that were over at once; here all neighbours end together.
 */
export function createRetainer(): (bytes: Buffer) => Buffer {
  let slab = Buffer.alloc(0)
  let used = 0
  return (bytes) => {
    if (bytes.length > slabBytes / 8) return bytes
    if (used + bytes.length > slab.length) {
      slab = Buffer.allocUnsafeSlow(slabBytes)
      used = 0
    }
    const kept = slab.subarray(used, used + bytes.length)
    bytes.copy(kept)
    used += bytes.length
    return kept
  }
}
