import { atStart, createRunner, type MachineState } from '../../base/machine.js'
import type { Key } from '../../media/media.js'
import { createSteps, type MenuNeeds } from './menu-steps.js'
import { type Action, type Input, type State, table } from './menu-table.js'

/** Asks the caller of one call for a site and a number. */
export interface SiteMenu {
  press(key: Key): void
  callerGone(): void
  cutOff(): void
}

/** Runs the table; the side effects are in `menu-steps.ts`. */
export function createSiteMenu(needs: MenuNeeds): SiteMenu {
  const machine = atStart<State>('new')
  const steps = createSteps(needs, (input) => runner.feed(machine, input))
  const runner = createRunner<State, Input, Action, never, MachineState<State>, Key>({ table, actions: steps })

  /** The meanings of a key, the first of which counts that the state knows. */
  function inputsOf(key: Key): readonly Input[] {
    if (key === '#') return ['hash']
    if (key === '*') return ['star', 'digit']
    if (!/[0-9]/.test(key)) return []
    if (needs.sites.has(key)) return ['choice', 'digit']
    return needs.judge(key, null, 'so far') === 'ordinary' ? ['digit'] : ['help begins', 'digit']
  }

  runner.feed(machine, needs.site === null ? 'site wanted' : 'site known')
  return {
    press(key) {
      const input = inputsOf(key).find((each) => runner.accepts(machine, each))
      if (input) runner.feed(machine, input, key)
    },
    callerGone: () => runner.feed(machine, 'caller gone'),
    cutOff: () => runner.feed(machine, 'cut off'),
  }
}
