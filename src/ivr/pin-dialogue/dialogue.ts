import { atStart, createRunner, type MachineState } from '../../base/machine.js'
import type { Key } from '../../media/media.js'
import { createSteps, type DialogueNeeds } from './dialogue-steps.js'
import { type Action, type Input, type State, table } from './dialogue-table.js'

/** The PIN dialogue of one call: takes keys, plays prompts, logs the user in. */
export interface Dialogue {
  press(key: Key): void
  callerGone(): void
  cutOff(): void
}

/** Runs the table; the side effects are in `dialogue-steps.ts`. */
export function createDialogue(needs: DialogueNeeds): Dialogue {
  const machine = atStart<State>('new')
  const steps = createSteps(needs, (input) => runner.feed(machine, input))
  const runner = createRunner<State, Input, Action, never, MachineState<State>, Key>({ table, actions: steps.perform })

  runner.feed(machine, needs.extension === null ? 'extension wanted' : 'extension known')
  return {
    press(key) {
      steps.noteKey()
      const input = inputOf(key)
      if (input) runner.feed(machine, input, key)
    },
    callerGone: () => runner.feed(machine, 'caller gone'),
    cutOff: () => runner.feed(machine, 'cut off'),
  }
}

/** Null for the letters A to D, which ordinary phones do not have. */
function inputOf(key: Key): Input | null {
  if (key === '#') return 'hash'
  if (key === '*') return 'star'
  return /[0-9]/.test(key) ? 'digit' : null
}
