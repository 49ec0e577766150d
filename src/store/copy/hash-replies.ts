import { mapOf } from '../flat-reply.js'
import type { Fields } from './replica.js'

/** One reply of a pipeline. */
export type Reply = readonly [Error | null, unknown]
export const noReply: Reply = [new Error('no reply'), null]

/** A reply of HGETALL. */
export function hashIn(reply: unknown): Map<string, string> {
  return Array.isArray(reply) && reply.length <= 2 * mostFields ? mapOf(reply, fieldName) : mapOf(reply)
}

/** Maximum number of fields of a record. Field names of records are interned, because they are few. */
const mostFields = 64
const fieldNames = new Map<string, string>()

function fieldName(text: string): string {
  const known = fieldNames.get(text)
  if (known !== undefined) return known
  if (fieldNames.size < 1_000) fieldNames.set(text, text)
  return text
}

/** A reply of HMGET. A key that is no longer a hash has none of the fields. */
export function fieldsIn(names: readonly string[], [fault, values]: Reply = noReply): Fields {
  if (fault && !fault.message.startsWith('WRONGTYPE')) throw fault
  const found: readonly unknown[] = Array.isArray(values) ? values : []
  return new Map(names.map((name, index) => [name, typeof found[index] === 'string' ? found[index] : null]))
}
