import { createEmitter } from '../base/emitter.js'
import type { Dialplan } from './route.js'

/** The dial plan that is in force. A reload replaces it as a whole, and each call keeps the plan with which it began. */
export interface LivePlan {
  readonly current: Dialplan
  /** `current` has been replaced. Answers a function that removes the listener. */
  onChange(listener: (plan: Dialplan) => void): () => void
}

export interface ReplaceablePlan extends LivePlan {
  replace(plan: Dialplan): void
}

export function createLivePlan(first: Dialplan, onFault: (fault: unknown) => void): ReplaceablePlan {
  const changed = createEmitter<[Dialplan]>(onFault)
  let current = first
  return {
    get current() {
      return current
    },
    onChange: changed.on,
    replace(plan) {
      current = plan
      changed.emit(plan)
    },
  }
}
