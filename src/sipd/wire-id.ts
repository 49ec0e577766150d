import { randomUUID } from 'node:crypto'

// The last twelve digits of a UUID are a counter. The ids are used on authenticated connections only, so they need not be unpredictable. A
// random UUID is a rope of twenty strings, and a call has twenty ids that are kept for half a minute.
const start = randomUUID().slice(0, 24)
let last = 0

/** The id of a message or transaction on the admin wire, in the form of a UUID. */
export function newWireId(): string {
  last += 1
  return start + last.toString(16).padStart(12, '0')
}
