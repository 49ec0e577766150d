import { knownHeaders } from './known-headers.js'

/** The usual spellings, so that most names cost one look-up. */
const keys = new Map<string, string>(
  knownHeaders.flatMap(({ name, key, compact }) => [name, key, ...compact].map((spelling): [string, string] => [spelling, key])),
)
const names = new Map<string, string>(knownHeaders.map(({ name, key }) => [key, name]))

/** The key by which header names are compared: the long form in lower case. */
export function headerKey(name: string): string {
  return keys.get(name) ?? keyOfLower(name.toLowerCase())
}

function keyOfLower(name: string): string {
  return keys.get(name) ?? name
}

/** The usual spelling: `Call-ID` for `i`, `call-id` and `CALL-ID`. In an unknown name each word is capitalised. */
export function canonicalName(name: string): string {
  const key = headerKey(name)
  return names.get(key) ?? key.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}
