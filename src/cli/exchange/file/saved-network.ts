import { messageOf } from '../../../base/errors.js'
import type { Path } from '../../../config/yaml/yaml-schema.js'
import { type SavedRecords, savedRecordsIn } from '../../../store/store.js'
import { booksIn, centralBook } from './books.js'
import { type Kind, kinds } from './network-file.js'
import type { Reading } from './reading.js'

/** Field of a record in Redis → key in a file, if they differ. */
const otherNames: Readonly<Record<string, string>> = { credential: 'password' }

/** The copy that a node saves of its network (`data/copy-<network>.jsonl`), as a file to import; null if the text is not a copy. */
export function readCopy(text: string, name: string): Reading | null {
  const records = recordsIn(text, name)
  if (records === null) return null
  if ('damage' in records)
    return {
      written: { value: undefined, problems: [{ place: name, key: '', message: records.damage }], placeOf: () => name },
      rowProblems: [],
    }
  const lines = new Map([...records.keys()].map((key, index) => [key, index + 2]))
  const value = { users: {}, devices: {}, sites: {}, logins: Object.fromEntries(records.get('devices') ?? []), contacts: booksIn(records) }
  for (const [key, hash] of records) {
    const [kind, id] = placeOf(key)
    if (kind) Object.assign(value[kind], { [id]: fieldsOf(kind, hash) })
  }
  return { written: { value, problems: [], placeOf: (path) => `${name}:${lines.get(keyOf(path)) ?? 1}:1` }, rowProblems: [], isCopy: true }
}

function recordsIn(text: string, name: string): SavedRecords | { readonly damage: string } | null {
  try {
    return savedRecordsIn(text, name)
  } catch (fault) {
    return { damage: messageOf(fault) }
  }
}

const prefixes = { 'user:': 'users', 'device:': 'devices', 'site:': 'sites' } as const satisfies Record<string, Kind>

function placeOf(key: string): readonly [Kind | null, string] {
  for (const [prefix, kind] of Object.entries(prefixes)) if (key.startsWith(prefix)) return [kind, key.slice(prefix.length)]
  return [null, key]
}

function keyOf([kind, id]: Path): string {
  if (kind === 'contacts') return id === undefined || id === centralBook ? 'contacts' : `contacts:${String(id)}`
  const [prefix] = Object.entries(prefixes).find(([, each]) => each === kind) ?? []
  return prefix === undefined ? 'devices' : `${prefix}${String(id)}`
}

/** The fields that an operator sets; others belong to the running network. */
function fieldsOf(kind: Kind, hash: ReadonlyMap<string, string>): Record<string, string> {
  const keys: readonly string[] = kinds[kind].keys
  const named = [...hash].map(([field, text]) => [otherNames[field] ?? field, text] as const)
  return Object.fromEntries(named.filter(([key, text]) => keys.includes(key) && text !== ''))
}
