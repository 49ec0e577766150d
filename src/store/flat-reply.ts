/** The map in a reply of Redis that lists names and values in turn: `[field, value, …]`. */
export function mapOf(reply: unknown, nameOf: (text: string) => string = String): Map<string, string> {
  const flat: readonly unknown[] = Array.isArray(reply) ? reply : []
  const map = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) map.set(nameOf(String(flat[index])), String(flat[index + 1]))
  return map
}
