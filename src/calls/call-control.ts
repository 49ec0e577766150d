import type { RefusalReason } from './failure.js'

/** Why we end a call: the words for the Reason header, and what a caller hears who has no answer yet. */
export const endings = {
  stopping: { text: 'Node stopping', refusal: 'stopping' },
  'logged-out': { text: 'Logged out', refusal: 'draining' },
} as const satisfies Record<string, { readonly text: string; readonly refusal: RefusalReason }>

export type Ending = keyof typeof endings

/** How a call is ended from our side, in whatever state it is. */
export interface CallControl {
  /** An emergency call, or a call back from the centre: the end of the node waits for it. */
  isHelp: boolean
  /** Ends the call now, or as soon as its state allows. */
  hangUp(ending: Ending): void
  /** What ends the call from here on, with words for the Reason header. Runs at once where the call was to end before. */
  endBy(end: (text: string) => void): void
  /** Why the call was to end; null: it was not. */
  readonly ending: Ending | null
}

/**
 * A call passes from one state to the next between two messages, and the wish to end it may come in any of these moments: it is kept, so
 * that no state misses it.
 */
export function createCallControl(isHelp: boolean): CallControl {
  let wish: Ending | null = null
  let endNow: (text: string) => void = () => undefined
  return {
    isHelp,
    get ending() {
      return wish
    },
    hangUp(ending) {
      if (wish !== null) return
      wish = ending
      endNow(endings[ending].text)
    },
    endBy(end) {
      endNow = end
      if (wish !== null) end(endings[wish].text)
    },
  }
}
