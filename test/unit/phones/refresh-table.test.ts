import { describe, expect, it } from 'vitest'
import {
  type RefreshAction,
  type RefreshInput,
  type RefreshState,
  refreshInputs,
  refreshStates,
  refreshTable,
} from '../../../src/phones/refresh-table.js'

type Cell = readonly [RefreshState, ...RefreshAction[]]
const rows = Object.entries(refreshTable) as readonly [RefreshState, { readonly [input in RefreshInput]?: Cell }][]
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

  it('ends: idle can be reached from every state', () => {
    expect(refreshStates.filter((state) => !reachableFrom(state).has('idle'))).toEqual([])
  })

  it('handles every input in some state', () => {
    expect(refreshInputs.filter((input) => !transitions.some((each) => each.input === input))).toEqual([])
  })

  it('looks once when a timer fires, and handles every result', () => {
    const looking = transitions.filter(({ actions }) => actions.includes('look'))
    expect(looking.map(({ state, input, next }) => `${state}, ${input}: ${next}`)).toEqual([
      'settling, timer settle: looking',
      'late, reboot: looking',
      'resting, timer rest: looking',
    ])
    for (const input of ['due', 'blocked', 'gone'] as const) expect(refreshTable.looking[input], input).toBeDefined()
  })

  it('handles every response to a NOTIFY, and has only one NOTIFY in progress', () => {
    const sending = ['sending', 'overtaken'] as const
    for (const input of ['confirmed', 'refused', 'silent', 'failed', 'spent', 'watch', 'fetched'] as const)
      for (const state of sending) expect(refreshTable[state][input], `${state} ${input}`).toBeDefined()
    const senders = transitions.filter(({ actions }) => actions.includes('notify'))
    expect(senders.every(({ state, next }) => next === 'sending' && state !== 'sending' && state !== 'overtaken')).toBe(true)
  })

  it('accepts a new trigger in every state, and never loses it', () => {
    for (const [state] of rows.filter(([each]) => each !== 'overtaken')) expect(refreshTable[state].wanted, state).toBeDefined()
  })

  it('is over in every state when the phone has fetched, and no timer is left', () => {
    for (const [state, row] of rows) {
      const [next, ...actions] = row.fetched ?? []
      expect([next, actions.at(-1)], state).toEqual(['idle', 'noteFetched'])
    }
  })

  it('reports its outcome whenever it ends after a NOTIFY', () => {
    const ends = transitions.filter(({ state, next }) => state === 'sending' && next === 'idle')
    expect(ends.map(({ input, actions }) => [input, ...actions])).toEqual([
      ['fetched', 'noteFetched'],
      ['confirmed', 'noteSent'],
      ['refused', 'noteUnconfirmed'],
      ['spent', 'noteStale'],
    ])
  })
})
