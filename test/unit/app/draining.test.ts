import { expect, test } from 'vitest'
import { createOperations, type OperationsNeeds } from '../../../src/app/operations.js'
import type { DeviceId, NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import type { CallView } from '../../../src/calls/calls.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const [first, second] = ['paris-1' as NodeName, 'paris-2' as NodeName]
const devices = ['HD0001', 'HD0002', 'HD0003'] as DeviceId[]
const [HD0001, HD0002, HD0003] = devices as [DeviceId, DeviceId, DeviceId]
const aCall = { kind: 'ordinary' } as CallView

/** A node of two, whose calls and phones change by hand. */
function open() {
  const clock = createManualClock(0)
  const world = {
    calls: [] as CallView[],
    dialogues: 0,
    busy: new Set<DeviceId>(),
    quiet: new Set<DeviceId>(),
    at: new Map<DeviceId, NodeName>(devices.map((id) => [id, first])),
    nodes: [first, second],
    /** Each time phones were sent away: those that could leave. */
    rounds: [] as DeviceId[][],
    ended: 0,
  }
  const needs = {
    calls: {
      list: () => world.calls,
      count: (device: DeviceId) => (world.busy.has(device) ? 1 : 0),
      get dialogues() {
        return world.dialogues
      },
      hangUp: () => 'unknown',
      pause: () => undefined,
      resume: () => undefined,
    },
    withdrawal: { begin: () => undefined, end: () => undefined },
    registrar: {
      bindingsOf: (device: DeviceId) => [{ node: world.at.get(device) }],
      relocation: {
        sendAway: (mayLeave: (device: DeviceId) => boolean) => world.rounds.push(devices.filter(mayLeave)),
        end: () => world.rounds.splice(0),
      },
    },
    directory: {
      nodes: () => world.nodes.map((name) => ({ name, site: 'paris', isDraining: false })),
      devices: () => devices.map((id) => ({ id })),
    },
    hotdesk: { drained: () => undefined, callEndedBy: () => undefined, isQuiet: (device: DeviceId) => world.quiet.has(device) },
    node: first,
    site: 'paris' as SiteName,
    clock,
    log: silentLogger(),
    onDone: () => {
      world.ended += 1
    },
  } as unknown as OperationsNeeds
  const operations = createOperations(needs)
  const tick = async (): Promise<void> => {
    clock.advance(1_000)
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
  return { operations, world, tick }
}

test('a draining node waits for its calls, then for the PIN dialogues in progress, and ends once', async () => {
  const { operations, world, tick } = open()
  world.calls = [aCall]
  world.dialogues = 1
  operations.drain({ end: 'end', phoneMs: 0 }, 'anna')
  await tick()
  world.calls = []
  await tick()
  expect([world.ended, operations.drainState.calls, operations.drainState.dialogues]).toEqual([0, 0, 1])
  world.dialogues = 0
  await tick()
  await tick()
  expect(world.ended).toBe(1)
})

test('phones leave unless they are in a call or in the quiet time after an emergency call', async () => {
  const { operations, world, tick } = open()
  await tick()
  expect(world.rounds).toEqual([])
  world.busy.add(HD0001)
  world.quiet.add(HD0002)
  operations.drain({ end: 'stay', phoneMs: 0 }, 'anna')
  await tick()
  world.busy.clear()
  await tick()
  expect(world.rounds).toEqual([[HD0003], [HD0001, HD0003]])
  operations.undrain('anna')
  await tick()
  expect(world.rounds).toEqual([])
})

test('the only node of a site keeps its phones', async () => {
  const { operations, world, tick } = open()
  world.nodes = [first]
  operations.drain({ end: 'stay', phoneMs: 0 }, 'anna')
  await tick()
  expect([world.rounds, operations.movesPhones]).toEqual([[], false])
})

test('the progress counts phones that have moved since the draining began, and a second drain does not start it again', () => {
  const { operations, world } = open()
  world.at.set(HD0003, second)
  operations.drain({ end: 'stay', phoneMs: 0 }, 'anna')
  expect(operations.drainState).toMatchObject({ phones: 2, moved: 0 })
  world.at.set(HD0001, second)
  operations.drain({ end: 'stay', phoneMs: 0 }, 'anna')
  expect(operations.drainState).toMatchObject({ phones: 1, moved: 1 })
})

test('a node that does not drain reports that there was nothing to end', () => {
  const { operations } = open()
  expect(operations.undrain('anna')).toBe(false)
  operations.drain({ end: 'stay', phoneMs: 0 }, 'anna')
  expect([operations.undrain('anna'), operations.undrain('anna')]).toEqual([true, false])
})
