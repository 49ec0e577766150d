import { createEmitter } from '../base/emitter.js'
import type { Replica } from '../store/store.js'
import type { Parsed } from './records.js'

type Hash = ReadonlyMap<string, string>

/** All records of one kind, parsed once per change. */
export interface RecordCache<Id extends string, Value> {
  get(id: Id): Value | null
  all(): readonly Value[]
  onChange(listener: (id: Id) => void): () => void
  close(): void
}

export interface RecordCacheNeeds<Id extends string, Value> {
  readonly replica: Replica
  /** `user:` */
  readonly prefix: string
  readonly parseId: (text: string) => Id | null
  readonly parse: (id: Id, hash: Hash) => Parsed<Value>
  /** Only changes of these fields count; absent: all fields. */
  readonly fields?: readonly string[]
  readonly complain: (key: string, problems: readonly string[]) => void
  readonly onFault: (fault: unknown) => void
}

export function createRecordCache<Id extends string, Value>(needs: RecordCacheNeeds<Id, Value>): RecordCache<Id, Value> {
  const { replica, prefix, parseId, parse, fields, complain, onFault } = needs
  const records = new Map<Id, Value | null>()
  const changes = createEmitter<[Id]>(onFault)
  let listed: readonly Value[] | null = null

  /** `differing`: the fields that have changed, if the record was known. */
  function take(key: string, differing?: readonly string[]): void {
    if (!key.startsWith(prefix)) return
    const id = parseId(key.slice(prefix.length))
    const hash = replica.hash(key)
    if (id === null) {
      complain(key, hash ? ['no such name is possible'] : [])
      return
    }
    const isKnown = records.has(id)
    if (isKnown && hash && fields && differing && !differing.some((field) => fields.includes(field))) return
    if (!isKnown && !hash) return
    listed = null
    if (hash) {
      const { value, problems } = parse(id, hash)
      complain(key, problems)
      records.set(id, value)
    } else {
      records.delete(id)
      complain(key, [])
    }
    changes.emit(id)
  }

  for (const key of replica.keysUnder(prefix)) take(key)
  const stop = replica.onChange(take)

  return {
    get: (id) => records.get(id) ?? null,
    all() {
      listed ??= [...records.values()].filter((value) => value !== null)
      return listed
    },
    onChange: changes.on,
    close: stop,
  }
}
