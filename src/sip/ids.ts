import { randomFillSync } from 'node:crypto'

/** RFC 3261 §8.1.1.7: a branch with this prefix is globally unique. */
const branchCookie = 'z9hG4bK'

const pool = Buffer.allocUnsafe(4096)
let used = pool.length

/** Random bytes as a token of letters, digits, `-` and `_`. They come from a pool, because single draws are slow. */
function randomText(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString('base64url', used, used + bytes)
  // Used bytes must not stay in memory.
  pool.fill(0, used, used + bytes)
  used += bytes
  return text
}

/** A Via branch with 96 random bits. */
export function newBranch(): string {
  return branchCookie + randomText(12)
}

/** A From or To tag with 72 random bits (RFC 3261 §19.3 requires 32). */
export function newTag(): string {
  return randomText(9)
}

/** A Call-ID with 120 random bits, and without a host, which would reveal internal addresses (RFC 3261 §20.8). */
export function newCallId(): string {
  return randomText(15)
}

/** False for a branch of an RFC 2543 stack, which does not identify the transaction by itself (RFC 3261 §17.2.3). */
export function isRfc3261Branch(branch: string): boolean {
  return branch.length > branchCookie.length && branch.startsWith(branchCookie)
}
