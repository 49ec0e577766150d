import { randomFillSync } from 'node:crypto'

/** RFC 3261 §8.1.1.7: a branch that begins so is unique by itself. */
const branchCookie = 'z9hG4bK'

const pool = Buffer.allocUnsafe(4096)
let used = pool.length

/** `bytes` random bytes as text of letters, digits, `-` and `_` (a token); drawn from a pool, because single draws are slow. */
function randomText(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString('base64url', used, used + bytes)
  // What was given out must not be readable again.
  pool.fill(0, used, used + bytes)
  used += bytes
  return text
}

/** A Via branch: 96 random bits. */
export function newBranch(): string {
  return branchCookie + randomText(12)
}

/** A From or To tag: 72 random bits; RFC 3261 §19.3 asks for 32. */
export function newTag(): string {
  return randomText(9)
}

/** A Call-ID: 120 random bits, without a host, which would only give the inside of the network away (RFC 3261 §20.8). */
export function newCallId(): string {
  return randomText(15)
}

/** True for a branch by RFC 3261, false for one that older stacks make: those are matched by more than the branch (§17.2.3). */
export function isRfc3261Branch(branch: string): boolean {
  return branch.length > branchCookie.length && branch.startsWith(branchCookie)
}
