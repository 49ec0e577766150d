import { createHash } from 'node:crypto'
import type { Extension, NodeName } from '../base/identity.js'

/** The node that subscribes: the same on every node that sees the same nodes, which are given in order. */
export function ownerOf(extension: Extension, names: readonly NodeName[]): NodeName | null {
  const number = createHash('sha256').update(extension).digest().readUInt32BE(0)
  return names[number % Math.max(names.length, 1)] ?? null
}
