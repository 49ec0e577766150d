import { createHash } from 'node:crypto'

const length = 12

/** Tells one text of a dial plan from another: `3fa0c1d2e4b5`. */
export function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
