import { describe, expect, test } from 'vitest'
import type { TimerAction } from '../../../src/base/machine.js'
import { table as pinDialogueTable } from '../../../src/ivr/pin-dialogue/dialogue-table.js'
import { table as siteMenuTable } from '../../../src/ivr/site-menu/menu-table.js'
import { refreshTable } from '../../../src/phones/refresh-table.js'
import { dialogTable } from '../../../src/sipd/core/dialogs/dialog-table.js'
import { clientInviteTable } from '../../../src/sipd/core/uac/invite-table.js'
import { serverInviteTable } from '../../../src/sipd/core/uas/invite-table.js'
import { branchTable } from '../../../src/sipd/proxy/branch-table.js'
import { inviteClientTable } from '../../../src/sipd/transaction/client/invite-client-table.js'
import { nonInviteClientTable } from '../../../src/sipd/transaction/client/non-invite-client-table.js'
import { inviteServerTable } from '../../../src/sipd/transaction/server/invite-server-table.js'
import { nonInviteServerTable } from '../../../src/sipd/transaction/server/non-invite-server-table.js'
import { registrationTable } from '../../../src/trunks/registration/registration-table.js'

/** The law of all protocol machines. A new table is one line here. */
const machines: readonly Machine[] = [
  { name: 'INVITE client transaction', table: inviteClientTable, first: 'idle', ends: ['terminated'] },
  { name: 'INVITE server transaction', table: inviteServerTable, first: 'idle', ends: ['terminated'] },
  { name: 'non-INVITE client transaction', table: nonInviteClientTable, first: 'idle', ends: ['terminated'] },
  { name: 'non-INVITE server transaction', table: nonInviteServerTable, first: 'idle', ends: ['terminated'] },
  { name: 'INVITE of an application', table: clientInviteTable, first: 'calling', ends: ['confirmed', 'terminated'] },
  { name: 'INVITE to an application', table: serverInviteTable, first: 'idle', ends: ['confirmed', 'terminated'] },
  { name: 'dialog', table: dialogTable, first: 'early', ends: ['terminated'] },
  { name: 'branch of a proxy', table: branchTable, first: 'idle', ends: ['accepted', 'failed'] },
  { name: 'PIN dialogue', table: pinDialogueTable, first: 'new', ends: ['over'] },
  { name: 'menu of sites', table: siteMenuTable, first: 'new', ends: ['over'] },
  { name: 'refresh of a phone', table: refreshTable, first: 'idle', ends: ['idle'] },
  { name: 'registration at a trunk', table: registrationTable, first: 'off', ends: ['off'] },
]

type Action = string | TimerAction
type Cell = readonly [next: string, ...actions: Action[]]
type AnyTable = { readonly [state: string]: { readonly [input: string]: Cell | undefined } }

interface Machine {
  readonly name: string
  readonly table: AnyTable
  readonly first: string
  /** Where a machine comes to rest. */
  readonly ends: readonly string[]
}

interface Transition {
  readonly state: string
  readonly input: string
  readonly next: string
  readonly actions: readonly Action[]
}

function transitionsOf(table: AnyTable): readonly Transition[] {
  return Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).flatMap(([input, cell]) => (cell ? [{ state, input, next: cell[0], actions: actionsOf(cell) }] : [])),
  )
}

function actionsOf([, ...actions]: Cell): readonly Action[] {
  return actions
}

const timersIn = (actions: readonly Action[]): readonly TimerAction[] =>
  actions.flatMap((action) => (typeof action === 'string' ? [] : [action]))
const firedBy = (input: string): string | undefined => /^timer (.+)$/.exec(input)?.[1]

/** The sets of timers that may run in each state, found by walking the table. */
function runningTimers({ table, first }: Machine): ReadonlyMap<string, readonly ReadonlySet<string>[]> {
  const seen = new Map<string, Map<string, ReadonlySet<string>>>([[first, new Map([['', new Set<string>()]])]])
  const open: (readonly [state: string, running: ReadonlySet<string>])[] = [[first, new Set()]]
  for (let here = open.pop(); here; here = open.pop()) {
    const [from, running] = here
    for (const { input, next, actions } of transitionsOf(table).filter(({ state }) => state === from)) {
      const fired = firedBy(input)
      if (fired !== undefined && !running.has(fired)) continue
      const after = new Set(running)
      if (fired !== undefined) after.delete(fired)
      for (const { verb, timer } of timersIn(actions)) {
        if (verb === 'stop') after.delete(timer)
        else after.add(timer)
      }
      const key = [...after].sort().join()
      const known = seen.get(next) ?? new Map<string, ReadonlySet<string>>()
      seen.set(next, known)
      if (known.has(key)) continue
      known.set(key, after)
      open.push([next, after])
    }
  }
  return new Map([...seen].map(([state, sets]) => [state, [...sets.values()]]))
}

describe.each(machines)('the table of the $name', (machine) => {
  const { table, first, ends } = machine
  const transitions = transitionsOf(table)
  const running = runningTimers(machine)
  const mayRun = (state: string): ReadonlySet<string> => new Set((running.get(state) ?? []).flatMap((set) => [...set]))

  test('reaches every state from the first, and names no other', () => {
    const reached = new Set([first])
    for (const from of reached) for (const { state, next } of transitions) if (state === from) reached.add(next)
    expect([...reached].sort()).toEqual(Object.keys(table).sort())
  })

  test('comes to rest from every state', () => {
    const ending = new Set(ends)
    for (let grown = true; grown; ) {
      const before = ending.size
      for (const { state, next } of transitions) if (ending.has(next)) ending.add(state)
      grown = ending.size > before
    }
    expect([...ending].sort()).toEqual(Object.keys(table).sort())
  })

  test('never leaves an end for a state that is not one, unless it begins there again', () => {
    expect(transitions.filter(({ state, next }) => state !== first && ends.includes(state) && !ends.includes(next))).toEqual([])
  })

  test('handles every timer in each state in which it may run', () => {
    const unheard = [...running].flatMap(([state, sets]) =>
      sets.flatMap((set) =>
        [...set].filter((timer) => table[state]?.[`timer ${timer}`] === undefined).map((timer) => `${timer} in ${state}`),
      ),
    )
    expect(unheard).toEqual([])
  })

  test('leaves no timer running at its end', () => {
    const final = ends.filter((state) => Object.keys(table[state] ?? {}).length === 0)
    expect(final.flatMap((state) => [...mayRun(state)])).toEqual([])
  })

  test('stops only what may run, and fires only what was started', () => {
    for (const { state, input, actions } of transitions) {
      const fired = firedBy(input)
      if (fired !== undefined) expect(mayRun(state), `${state}, ${input}`).toContain(fired)
      for (const { verb, timer } of timersIn(actions))
        if (verb === 'stop') expect(mayRun(state), `${state}, ${input}: stop ${timer}`).toContain(timer)
    }
  })
})
