import { describe, expect, it } from 'vitest'
import {
  type RefreshInput,
  type RefreshRow,
  type RefreshState,
  refreshInputs,
  refreshStates,
  refreshTable,
} from '../../../src/phones/refresh-table.js'

const rows = Object.entries(refreshTable) as readonly [RefreshState, RefreshRow][]
const transitions = rows.flatMap(([state, row]) =>
  Object.entries(row).map(([input, [next, ...actions]]) => ({ state, input: input as RefreshInput, next, actions })),
)
const nextOf = (state: RefreshState): readonly RefreshState[] => transitions.filter((each) => each.state === state).map((each) => each.next)

function reachableFrom(start: RefreshState): ReadonlySet<RefreshState> {
  const found = new Set([start])
  for (const state of found) for (const next of nextOf(state)) found.add(next)
  return found
}

describe('the table of a refresh', () => {
  it('has a row for every state, and all of them can be reached from idle', () => {
    expect(rows.map(([state]) => state).sort()).toEqual([...refreshStates].sort())
    expect([...reachableFrom('idle')].sort()).toEqual([...refreshStates].sort())
  })

  it('comes to rest: idle can be reached from every state', () => {
    expect(refreshStates.filter((state) => !reachableFrom(state).has('idle'))).toEqual([])
  })

  it('hears every input somewhere', () => {
    expect(refreshInputs.filter((input) => !transitions.some((each) => each.input === input))).toEqual([])
  })

  it('hears the end of each timer it starts, whatever stands against the NOTIFY by then, and of no other', () => {
    const timed = new Set(
      transitions.filter(({ actions }) => actions.includes('settle') || actions.includes('rest')).map(({ next }) => next),
    )
    for (const input of ['due', 'blocked', 'gone'] as const)
      for (const state of timed) expect(refreshTable[state][input], `${state} ${input}`).toBeDefined()
    expect(transitions.filter(({ input, state }) => input === 'due' && !timed.has(state))).toEqual([])
  })

  it('hears every answer while a NOTIFY is out, and has only one out', () => {
    const sending = ['sending', 'overtaken'] as const
    for (const input of ['confirmed', 'refused', 'silent', 'failed', 'spent'] as const)
      for (const state of sending) expect(refreshTable[state][input], `${state} ${input}`).toBeDefined()
    const senders = transitions.filter(({ actions }) => actions.includes('notify'))
    expect(senders.every(({ state, next }) => next === 'sending' && state !== 'sending' && state !== 'overtaken')).toBe(true)
  })

  it('takes a new wish in every state, and never lets it be lost', () => {
    for (const [state] of rows.filter(([each]) => each !== 'overtaken')) expect(refreshTable[state].wanted, state).toBeDefined()
  })

  it('says what became of it whenever it comes to rest after a NOTIFY', () => {
    const ends = transitions.filter(({ state, next }) => state === 'sending' && next === 'idle')
    expect(ends.map(({ input, actions }) => [input, ...actions])).toEqual([
      ['confirmed', 'noteSent'],
      ['refused', 'noteUnconfirmed'],
      ['spent', 'noteStale'],
    ])
  })
})
