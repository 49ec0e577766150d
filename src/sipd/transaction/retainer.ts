const slabBytes = 64 * 1024

/**
 * Copies buffers that are kept for half a minute into slabs of their own. In Node's pool, a short response would keep eight kilobytes of other,
 * short-lived messages alive. In a slab, all buffers are released at about the same time.
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
