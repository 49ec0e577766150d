import { expect, test } from 'vitest'
import { type Action, type State, table } from '../../../src/ivr/site-menu/menu-table.js'

const cells = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([input, [next, ...actions]]) => ({ state: state as State, input, next, actions: actions as readonly Action[] })),
)

test('The last state has no transitions; in every other one, the caller and the node can end the call', () => {
  for (const [state, row] of Object.entries(table)) {
    if (state === 'over') expect(row).toEqual({})
    else expect([row['caller gone']?.[0], row['cut off']?.[0], row['cut off']?.at(-1)]).toEqual(['over', 'over', 'hang up'])
  }
})

test('Each state that starts a timeout or plays prompts handles their end', () => {
  for (const { next, actions } of cells) {
    if (actions.some((action) => action.startsWith('await'))) expect(table[next]['time is up'], next).toBeDefined()
    if (actions.includes('speak')) expect(table[next]['prompt over'], next).toBeDefined()
  }
})

test('A transition to a state that does not handle the timeout or the end of prompts stops them', () => {
  for (const { state, input, next, actions } of cells) {
    const mayWait = table[state]['time is up'] !== undefined && input !== 'time is up'
    const mayPlay = table[state]['prompt over'] !== undefined && input !== 'prompt over'
    if (mayWait && table[next]['time is up'] === undefined) expect(actions, `${state}, ${input}`).toContain('stop waiting')
    if (mayPlay && table[next]['prompt over'] === undefined) expect(actions, `${state}, ${input}`).toContain('hush')
  }
})

test('Digits can become an emergency call in every state that takes or judges them', () => {
  const judging = cells.filter(({ actions }) => actions.includes('keep digit') || actions.includes('judge')).map(({ next }) => next)
  for (const state of new Set(judging)) expect(table[state].emergency?.at(-1), state).toBe('call for help')
})

test('Only an ordinary number at a site is dialled there', () => {
  const dialling = cells.filter(({ actions }) => actions.includes('connect')).map(({ state, input }) => `${state}, ${input}`)
  expect(dialling).toEqual(['site taken, number known', 'judging, ordinary'])
})
