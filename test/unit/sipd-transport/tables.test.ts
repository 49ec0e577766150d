import { describe, expect, test } from 'vitest'
import { inviteClientTable } from '../../../src/sipd/transaction/tables/invite-client-table.js'
import { inviteServerTable } from '../../../src/sipd/transaction/tables/invite-server-table.js'
import type { Action, Input, MachineTable } from '../../../src/sipd/transaction/tables/machine-table.js'
import { nonInviteClientTable } from '../../../src/sipd/transaction/tables/non-invite-client-table.js'
import { nonInviteServerTable } from '../../../src/sipd/transaction/tables/non-invite-server-table.js'

const machines: readonly (readonly [name: string, table: MachineTable])[] = [
  ['INVITE client', inviteClientTable],
  ['INVITE server', inviteServerTable],
  ['non-INVITE client', nonInviteClientTable],
  ['non-INVITE server', nonInviteServerTable],
]
const timer = /^(start|stop|double|repeat) ([A-N])$/
const repeating = ['A', 'E', 'G']

interface Cell {
  readonly state: string
  readonly input: Input
  readonly next: string
  readonly actions: readonly Action[]
}

function cellsOf(table: MachineTable): readonly Cell[] {
  return Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).map(([input, [next, ...actions]]) => ({ state, input: input as Input, next, actions })),
  )
}

/** Which timers may run in each state, found by walking the table. */
function runningTimers(table: MachineTable): ReadonlyMap<string, readonly ReadonlySet<string>[]> {
  const seen = new Map<string, Map<string, ReadonlySet<string>>>([['idle', new Map([['', new Set<string>()]])]])
  const waiting: [string, ReadonlySet<string>][] = [['idle', new Set()]]
  for (let here = waiting.pop(); here; here = waiting.pop()) {
    const [state, running] = here
    for (const [input, [next, ...actions]] of Object.entries(table[state] ?? {})) {
      const fired = /^timer ([A-N])$/.exec(input)?.[1]
      if (fired !== undefined && !running.has(fired)) continue
      const after = new Set(running)
      if (fired !== undefined) after.delete(fired)
      for (const action of actions) {
        const [, verb, name] = timer.exec(action) ?? []
        if (verb === 'stop') after.delete(name ?? '')
        else if (name !== undefined) after.add(name)
      }
      const key = [...after].sort().join()
      const known = seen.get(next) ?? new Map<string, ReadonlySet<string>>()
      seen.set(next, known)
      if (known.has(key)) continue
      known.set(key, after)
      waiting.push([next, after])
    }
  }
  return new Map([...seen].map(([state, sets]) => [state, [...sets.values()]]))
}

describe.each(machines)('the table of the %s transaction', (_name, table) => {
  const cells = cellsOf(table)

  test('reaches every state from idle, and leads to no state that it does not have', () => {
    expect([...runningTimers(table).keys()].sort()).toEqual(Object.keys(table).sort())
    for (const { next } of cells) expect(Object.keys(table)).toContain(next)
  })

  test('has no way out of terminated, and a way from every state to it', () => {
    expect(table.terminated).toEqual({})
    const ending = new Set(['terminated'])
    for (let grown = true; grown; ) {
      const before = ending.size
      for (const { state, next } of cells) if (ending.has(next)) ending.add(state)
      grown = ending.size > before
    }
    expect([...ending].sort()).toEqual(Object.keys(table).sort())
  })

  test('hears every timer in every state in which it may be running', () => {
    for (const [state, sets] of runningTimers(table)) {
      for (const name of sets.flatMap((set) => [...set])) {
        expect(state === 'terminated' ? [] : Object.keys(table[state] ?? {}), `timer ${name} in ${state}`).toContain(`timer ${name}`)
      }
    }
  })

  test('leaves no timer running in terminated', () => {
    expect(
      runningTimers(table)
        .get('terminated')
        ?.flatMap((set) => [...set]),
    ).toEqual([])
  })

  test('never runs two timers that repeat, or two that end, at the same time', () => {
    for (const sets of runningTimers(table).values()) {
      for (const set of sets) {
        expect([...set].filter((name) => repeating.includes(name)).length).toBeLessThanOrEqual(1)
        expect([...set].filter((name) => !repeating.includes(name)).length).toBeLessThanOrEqual(1)
      }
    }
  })

  test('stops only what may be running, and fires only what was started', () => {
    const mayRun = new Map([...runningTimers(table)].map(([state, sets]) => [state, new Set(sets.flatMap((set) => [...set]))]))
    for (const { state, input, actions } of cells) {
      const fired = /^timer ([A-N])$/.exec(input)?.[1]
      if (fired !== undefined) expect(mayRun.get(state), `${state}, ${input}`).toContain(fired)
      for (const action of actions) {
        const [, verb, name] = timer.exec(action) ?? []
        if (verb === 'stop') expect(mayRun.get(state), `${state}, ${input}: ${action}`).toContain(name)
      }
    }
  })

  test('says something to its user last, so that the user may act from inside', () => {
    for (const { state, input, actions } of cells) {
      const told = actions.findIndex((action) => /^(pass|report) /.test(action))
      if (told >= 0) expect(told, `${state}, ${input}`).toBe(actions.length - 1)
    }
  })
})
