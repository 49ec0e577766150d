import { expect, test } from 'vitest'
import { type Action, type Input, type State, table } from '../../../src/ivr/pin-dialogue/dialogue-table.js'

const rows = Object.entries(table).map(([state, row]) => ({
  state,
  cells: Object.entries(row).map(([input, [next, ...actions]]) => ({ input: input as Input, next, actions })),
}))
const cells = rows.flatMap(({ state, cells: all }) => all.map((cell) => ({ ...cell, state: state as State })))

test('The last state has no transitions; in every other one, the caller and the node can end the call', () => {
  for (const { state, cells: all } of rows) {
    if (state === 'over') expect(all).toEqual([])
    else {
      expect(all.find(({ input }) => input === 'caller gone')?.next).toBe('over')
      expect(all.find(({ input }) => input === 'cut off')?.actions.at(-1)).toBe('hang up')
    }
  }
})

test('Each state that starts a timeout handles it', () => {
  const waits: Action[] = ['await first digit', 'await next digit']
  for (const { next, actions } of cells)
    if (actions.some((action) => waits.includes(action))) expect(table[next]['time is up']).toBeDefined()
})

test('Each state that plays prompts handles their end', () => {
  for (const { next, actions } of cells) if (actions.includes('speak')) expect(table[next]['prompt over']).toBeDefined()
})

test('A transition to a state that does not handle the timeout stops it', () => {
  for (const { state, input, next, actions } of cells) {
    const mayWait = table[state]['time is up'] !== undefined && input !== 'time is up'
    if (mayWait && table[next]['time is up'] === undefined) expect(actions, `${state}, ${input}`).toContain('stop waiting')
  }
})

test('A transition to a state that does not handle the end of prompts stops them', () => {
  for (const { state, input, next, actions } of cells) {
    const mayPlay = table[state]['prompt over'] !== undefined && input !== 'prompt over'
    if (mayPlay && table[next]['prompt over'] === undefined) expect(actions, `${state}, ${input}`).toContain('hush')
  }
})

test('A check has three outcomes, and after it the login is not reported as abandoned', () => {
  expect(Object.keys(table.checking)).toEqual(expect.arrayContaining(['granted', 'denied', 'refused']))
  for (const { state, actions } of cells)
    if (state === 'checking' || state === 'concluding') expect(actions).not.toContain('report abandoned')
})

test('The digits are forgotten when the call ends', () => {
  const keeps: State[] = ['taking extension', 'taking pin']
  for (const { state, next, actions } of cells) if (keeps.includes(state) && next === 'over') expect(actions).toContain('forget digits')
})
