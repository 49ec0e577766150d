import { createEmitter } from '../base/emitter.js'
import type { Replica } from '../store/store.js'
import type { Parsed } from './records.js'

type Hash = ReadonlyMap<string, string>

/** All records of one kind, parsed once and again only when they change. */
export interface Shelf<Id extends string, Value> {
  get(id: Id): Value | null
  all(): readonly Value[]
  onChange(listener: (id: Id) => void): () => void
  close(): void
}

export interface ShelfNeeds<Id extends string, Value> {
  readonly replica: Replica
  /** `user:` */
  readonly prefix: string
  readonly parseId: (text: string) => Id | null
  readonly parse: (id: Id, hash: Hash) => Parsed<Value>
  /** Only a change of these fields is one; all fields where none are named. */
  readonly fields?: readonly string[]
  readonly complain: (key: string, problems: readonly string[]) => void
  readonly onFault: (fault: unknown) => void
}

export function createShelf<Id extends string, Value>(needs: ShelfNeeds<Id, Value>): Shelf<Id, Value> {
  const { replica, prefix, parseId, parse, fields, complain, onFault } = needs
  const records = new Map<Id, { readonly value: Value | null; readonly signature: string }>()
  const changes = createEmitter<[Id]>(onFault)
  let listed: readonly Value[] | null = null

  function take(key: string): void {
    if (!key.startsWith(prefix)) return
    const id = parseId(key.slice(prefix.length))
    const hash = replica.hash(key)
    if (id === null) {
      complain(key, hash ? ['no such name is possible'] : [])
      return
    }
    const signature = hash ? signatureOf(hash, fields) : ''
    if (signature === (records.get(id)?.signature ?? '')) return
    listed = null
    if (hash) {
      const { value, problems } = parse(id, hash)
      complain(key, problems)
      records.set(id, { value, signature })
    } else {
      records.delete(id)
      complain(key, [])
    }
    changes.emit(id)
  }

  for (const key of replica.keysUnder(prefix)) take(key)
  const stop = replica.onChange(take)

  return {
    get: (id) => records.get(id)?.value ?? null,
    all() {
      listed ??= [...records.values()].map(({ value }) => value).filter((value) => value !== null)
      return listed
    },
    onChange: changes.on,
    close: stop,
  }
}

function signatureOf(hash: Hash, fields: readonly string[] | undefined): string {
  return JSON.stringify(fields ? fields.map((field) => hash.get(field) ?? null) : [...hash])
}
