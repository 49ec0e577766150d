import { randomUUID } from 'node:crypto'

// Of each UUID the last twelve digits are counted. Nobody is to guess these ids, but nobody gains by it either: they are said on an
// authenticated connection only. A random one for each of the twenty of a call costs a rope of twenty strings, kept for half a minute.
const start = randomUUID().slice(0, 24)
let last = 0

/** What the wire calls a message or a transaction: of the form of a UUID, unique in this network as far as one is. */
export function newWireId(): string {
  last += 1
  return start + last.toString(16).padStart(12, '0')
}
