import { type Clock, every, type Milliseconds } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import { messageOf } from '../../base/errors.js'
import { type NodeName, parseNodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { parseNodeCalls, type ShownCall, writeNodeCalls } from './shown-call.js'

/** The calls at this node, by the lamp that shows them. */
export interface CallSource {
  of(lamp: string): readonly ShownCall[]
  /** Every lamp that shows a call. */
  lamps(): Iterable<string>
  onChange(listener: (lamp: string) => void): () => void
}

/** The calls of all nodes. A lamp is named by an extension. */
export interface CallLamps {
  /** First those that ring. */
  callsOf(lamp: string): readonly ShownCall[]
  onChange(listener: (lamp: string) => void): () => void
  close(): void
}

export interface CallLampsNeeds {
  readonly calls: CallSource
  readonly store: Pick<Store, 'replica' | 'putFields' | 'onState' | 'state'>
  readonly directory: Pick<Directory, 'node' | 'nodes' | 'onNodeChange'>
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
}

const prefix = 'lamp:'
/** What a node has left behind expires. */
const keepSeconds = 24 * 60 * 60
const renewMs: Milliseconds = 6 * 60 * 60 * 1_000
/** Changes of this period are written together: each call changes the lamps of two users three times. */
const gatherMs: Milliseconds = 10

/**
 * Each node writes the calls at its own phones to Redis, where the others read them; a node without others writes nothing. Its own come from
 * memory, so its lamps are right without Redis. Calls of a node that has ended, or has started again, do not count.
 */
export function createCallLamps({ calls, store, directory, node, clock, log }: CallLampsNeeds): CallLamps {
  const unwritten = new Set<string>()
  /** Lamps that Redis may have from this node. */
  const written = new Set<string>()
  let soon: { cancel(): void } | null = null
  let isWriting = false
  const changed = createEmitter<[string]>((err) => log.error({ event: 'node.fault', err }, 'a listener of lamps failed'))

  /** The latest state alone is written, however often it changes meanwhile. */
  async function write(lamp: string): Promise<void> {
    const own = calls.of(lamp)
    const text = own.length === 0 ? null : writeNodeCalls({ boot: directory.node(node)?.boot ?? '-', calls: own })
    written.add(lamp)
    try {
      await store.putFields(`${prefix}${lamp}`, { [node]: text }, keepSeconds)
      if (text === null && calls.of(lamp).length === 0) written.delete(lamp)
    } catch (fault) {
      unwritten.add(lamp)
      throw fault
    }
  }

  async function writeChanged(): Promise<void> {
    soon = null
    if (isWriting || store.state === 'lost') return
    // A call that no other node could have seen leaves nothing to write.
    for (const lamp of unwritten) if (!written.has(lamp) && calls.of(lamp).length === 0) unwritten.delete(lamp)
    if (directory.nodes().every(({ name }) => name === node)) return
    isWriting = true
    try {
      while (unwritten.size > 0) {
        const lamps = [...unwritten]
        unwritten.clear()
        await allOf(lamps.map(write))
      }
    } catch (fault) {
      log.debug({ event: 'store.lost', cause: messageOf(fault) }, 'other nodes do not know all calls of this one')
    } finally {
      isWriting = false
    }
  }

  function writeSoon(lamps: Iterable<string>): void {
    for (const lamp of lamps) unwritten.add(lamp)
    if (unwritten.size > 0) soon ??= clock.after(gatherMs, () => void writeChanged())
  }

  function elsewhere(lamp: string): readonly ShownCall[] {
    return [...(store.replica.hash(`${prefix}${lamp}`) ?? [])].flatMap(([name, text]) => {
      const other = parseNodeName(name)
      const written = other === null || other === node ? null : parseNodeCalls(text)
      return written && other && directory.node(other)?.boot === written.boot ? written.calls : []
    })
  }

  /** Its calls are over, or count again. */
  function nodeChanged(name: NodeName): void {
    if (name === node) return
    writeSoon([])
    for (const key of store.replica.keysUnder(prefix)) if (store.replica.hash(key)?.has(name)) changed.emit(key.slice(prefix.length))
  }

  const renewal = every(
    clock,
    renewMs,
    () => writeSoon(calls.lamps()),
    (err) => log.error({ event: 'node.fault', err }, 'the calls of this node were not written'),
  )
  const stops = [
    calls.onChange((lamp) => {
      writeSoon([lamp])
      changed.emit(lamp)
    }),
    store.replica.onChange((key, fields) => {
      if (key.startsWith(prefix) && fields.some((field) => field !== node)) changed.emit(key.slice(prefix.length))
    }),
    store.onState((state) => {
      if (state === 'connected') writeSoon(calls.lamps())
    }),
    directory.onNodeChange(nodeChanged),
  ]

  return {
    callsOf: (lamp) => [...calls.of(lamp), ...elsewhere(lamp)].toSorted((one, other) => rank(one) - rank(other)),
    onChange: changed.on,
    close() {
      renewal.cancel()
      soon?.cancel()
      for (const stop of stops) stop()
    },
  }
}

/** Like `Promise.all`, but waits for every write before it rejects, so that the next batch has the lamps of those that failed. */
async function allOf(writes: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason
}

function rank({ state }: ShownCall): number {
  return state === 'ringing' ? 0 : 1
}
