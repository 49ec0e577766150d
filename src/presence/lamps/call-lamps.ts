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
  readonly directory: Pick<Directory, 'node' | 'onNodeChange'>
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
}

const prefix = 'lamp:'
/** What a node has left behind expires. */
const keepSeconds = 24 * 60 * 60
const renewMs: Milliseconds = 6 * 60 * 60 * 1_000

/**
 * Each node writes the calls at its own phones to Redis, where the others read them. Its own come from memory, so its lamps are right without
 * Redis. Calls of a node that has ended, or has started again, do not count.
 */
export function createCallLamps({ calls, store, directory, node, clock, log }: CallLampsNeeds): CallLamps {
  const writing = new Set<string>()
  const unwritten = new Set<string>()
  const changed = createEmitter<[string]>((err) => log.error({ event: 'node.fault', err }, 'a listener of lamps failed'))

  /** The latest state alone is written, however often it changes meanwhile. */
  async function write(lamp: string): Promise<void> {
    unwritten.add(lamp)
    if (writing.has(lamp) || store.state === 'lost') return
    writing.add(lamp)
    try {
      while (unwritten.delete(lamp)) {
        const own = calls.of(lamp)
        const text = own.length === 0 ? null : writeNodeCalls({ boot: directory.node(node)?.boot ?? '-', calls: own })
        await store.putFields(`${prefix}${lamp}`, { [node]: text }, keepSeconds)
      }
    } catch (fault) {
      unwritten.add(lamp)
      log.debug({ event: 'store.lost', cause: messageOf(fault) }, `other nodes do not know the calls of ${lamp}`)
    } finally {
      writing.delete(lamp)
    }
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
    for (const key of store.replica.keysUnder(prefix)) if (store.replica.hash(key)?.has(name)) changed.emit(key.slice(prefix.length))
  }

  const renewal = every(
    clock,
    renewMs,
    () => [...calls.lamps()].forEach((lamp) => void write(lamp)),
    (err) => log.error({ event: 'node.fault', err }, 'the calls of this node were not written'),
  )
  const stops = [
    calls.onChange((lamp) => {
      void write(lamp)
      changed.emit(lamp)
    }),
    store.replica.onChange((key, fields) => {
      if (key.startsWith(prefix) && fields.some((field) => field !== node)) changed.emit(key.slice(prefix.length))
    }),
    store.onState((state) => {
      if (state === 'connected') for (const lamp of new Set([...unwritten, ...calls.lamps()])) void write(lamp)
    }),
    directory.onNodeChange(nodeChanged),
  ]

  return {
    callsOf: (lamp) => [...calls.of(lamp), ...elsewhere(lamp)].toSorted((one, other) => rank(one) - rank(other)),
    onChange: changed.on,
    close() {
      renewal.cancel()
      for (const stop of stops) stop()
    },
  }
}

function rank({ state }: ShownCall): number {
  return state === 'ringing' ? 0 : 1
}
