import { describe, expect, it } from 'vitest'
import { createEmitter } from '../../../src/base/emitter.js'
import type { NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createCallLamps } from '../../../src/presence/lamps/call-lamps.js'
import { parseNodeCalls, type ShownCall, writeNodeCalls } from '../../../src/presence/lamps/shown-call.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const up: ShownCall = { id: 'ab12', state: 'up', caller: null }
const ringing: ShownCall = { id: 'cd34', state: 'ringing', caller: { name: 'Zoë <&"', number: '0794600' } }
const raise = (fault: unknown): never => {
  throw fault
}

/** Node `paris-1` with the calls of the test, and `paris-2` with what it has written to Redis. */
function stage() {
  const own = new Map<string, readonly ShownCall[]>()
  const hashes = new Map<string, Map<string, string>>()
  const boots = new Map([
    ['paris-1', 'boot-1'],
    ['paris-2', 'boot-2'],
  ])
  const writes: string[] = []
  const [ownChanged, copyChanged, nodeChanged] = [
    createEmitter<[string]>(raise),
    createEmitter<[string, readonly string[]]>(raise),
    createEmitter<[NodeName]>(raise),
  ]
  const store = {
    state: 'connected' as 'connected' | 'lost',
    replica: { hash: (key: string) => hashes.get(key), keysUnder: () => hashes.keys(), onChange: copyChanged.on },
    onState: () => () => undefined,
    putFields: (key: string, fields: Readonly<Record<string, string | null>>) => {
      writes.push(`${key} ${String(fields['paris-1'])}`)
      return Promise.resolve()
    },
  }
  const clock = createManualClock(0)
  const lamps = createCallLamps({
    calls: { of: (lamp) => own.get(lamp) ?? [], lamps: () => own.keys(), onChange: ownChanged.on },
    store: store as never,
    directory: {
      node: (name: string) => ({ boot: boots.get(name) }),
      nodes: () => Array.from(boots.keys(), (name) => ({ name })),
      onNodeChange: nodeChanged.on,
    } as never,
    node: 'paris-1' as NodeName,
    clock,
    log: silentLogger(),
  })
  const changes: string[] = []
  lamps.onChange((lamp) => changes.push(lamp))
  return {
    lamps,
    changes,
    writes,
    store,
    begin(lamp: string, calls: readonly ShownCall[]) {
      own.set(lamp, calls)
      ownChanged.emit(lamp)
    },
    writtenElsewhere(lamp: string, text: string) {
      hashes.set(`lamp:${lamp}`, new Map([['paris-2', text]]))
      copyChanged.emit(`lamp:${lamp}`, ['paris-2'])
    },
    /** The time after which changes are written is over, and so are the writes. */
    async gathered() {
      clock.advance(10)
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    },
    leave: (node: string) => boots.delete(node),
    restart(node: string, boot: string) {
      boots.set(node, boot)
      nodeChanged.emit(node as NodeName)
    },
  }
}

describe('the calls of all nodes', () => {
  it('are those of this node and those that other nodes have written, first those that ring', () => {
    const { lamps, changes, begin, writtenElsewhere } = stage()
    begin('101', [up])
    writtenElsewhere('101', writeNodeCalls({ boot: 'boot-2', calls: [ringing] }))
    expect(lamps.callsOf('101')).toEqual([ringing, up])
    expect(changes).toEqual(['101', '101'])
  })

  it('do not include those of a node that has ended or started again since it has written them', () => {
    const { lamps, changes, writtenElsewhere, restart } = stage()
    writtenElsewhere('101', writeNodeCalls({ boot: 'boot-2', calls: [up] }))
    restart('paris-2', 'boot-3')
    expect(lamps.callsOf('101')).toEqual([])
    expect(changes).toEqual(['101', '101'])
  })

  it('are written with the boot of the node, and removed when the last call of a user ends', async () => {
    const { begin, writes, gathered } = stage()
    begin('101', [up])
    await gathered()
    begin('101', [])
    await gathered()
    expect(writes).toEqual([`lamp:101 ${writeNodeCalls({ boot: 'boot-1', calls: [up] })}`, 'lamp:101 null'])
  })

  it('are written together, each lamp once however often it has changed', async () => {
    const { begin, writes, gathered } = stage()
    begin('101', [ringing])
    begin('102', [up])
    begin('101', [up])
    begin('103', [up])
    begin('103', [])
    await gathered()
    expect(writes).toEqual(['101', '102'].map((lamp) => `lamp:${lamp} ${writeNodeCalls({ boot: 'boot-1', calls: [up] })}`))
  })

  it('are not written while there is no other node, and are when one comes', async () => {
    const { begin, writes, gathered, leave, restart } = stage()
    begin('101', [up])
    await gathered()
    leave('paris-2')
    begin('101', [])
    begin('102', [ringing])
    begin('103', [up])
    await gathered()
    begin('103', [])
    await gathered()
    expect(writes).toHaveLength(1)
    restart('paris-2', 'boot-3')
    await gathered()
    expect(writes.slice(1)).toEqual(['lamp:101 null', `lamp:102 ${writeNodeCalls({ boot: 'boot-1', calls: [ringing] })}`])
  })

  it('of this node are right without Redis', () => {
    const { lamps, begin, store, writes } = stage()
    store.state = 'lost'
    begin('101', [up])
    expect([lamps.callsOf('101'), writes]).toEqual([[up], []])
  })
})

describe('the text of the calls of a node', () => {
  it('is read as it was written', () => {
    const written = { boot: 'boot-1', calls: [up, ringing] }
    expect(parseNodeCalls(writeNodeCalls(written))).toEqual(written)
  })

  it.each(['', 'null', '[]', '{"boot":1,"calls":[]}', '{"boot":"b","calls":7}'])('is nothing if an edit by hand has left %s', (text) => {
    expect(parseNodeCalls(text)).toBeNull()
  })

  it('leaves out a call of another form', () => {
    expect(parseNodeCalls('{"boot":"b","calls":[null,{"id":"<x>","state":"up"},{"id":"a","state":"asleep"}]}')).toEqual({
      boot: 'b',
      calls: [],
    })
  })
})
