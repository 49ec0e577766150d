import type { Key } from '../../media/media.js'
import { createSteps, type DialogueNeeds } from './dialogue-steps.js'
import { type Input, type State, table } from './dialogue-table.js'

/** The PIN dialogue of one call: hears keys, plays prompts, asks for the login. */
export interface Dialogue {
  press(key: Key): void
  callerGone(): void
  cutOff(): void
}

/** Runs the table; all that it does to the world is in its steps. */
export function createDialogue(needs: DialogueNeeds): Dialogue {
  const inputs: { readonly input: Input; readonly key: Key | null }[] = []
  const steps = createSteps(needs, (input) => post(input, null))
  let state: State = 'new'
  let isRunning = false

  function post(input: Input, key: Key | null): void {
    inputs.push({ input, key })
    if (isRunning) return
    isRunning = true
    for (let next = inputs.shift(); next; next = inputs.shift()) step(next.input, next.key)
    isRunning = false
  }

  function step(input: Input, key: Key | null): void {
    const [next, ...actions] = table[state][input] ?? [state]
    state = next
    for (const action of actions) steps.perform[action](key)
  }

  post(needs.extension === null ? 'extension wanted' : 'extension known', null)
  return {
    press(key) {
      steps.noteKey()
      const input = inputOf(key)
      if (input) post(input, key)
    },
    callerGone: () => post('caller gone', null),
    cutOff: () => post('cut off', null),
  }
}

/** The letters A to D are on no telephone that people type on. */
function inputOf(key: Key): Input | null {
  if (key === '#') return 'hash'
  if (key === '*') return 'star'
  return /[0-9]/.test(key) ? 'digit' : null
}
