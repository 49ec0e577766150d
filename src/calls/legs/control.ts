/** How a call is ended from our side, in whatever state it is. */
export interface CallControl {
  /** An emergency call, or a call back from the centre: the end of the node waits for it. */
  isHelp: boolean
  /** Ends the call now, or as soon as its state allows; the text goes into the Reason header. */
  hangUp(text: string): void
  /** What ends the call from here on. Runs at once where the call was to end before. */
  endBy(end: (text: string) => void): void
}

/**
 * A call passes from one state to the next between two messages, and the wish to end it may come in any of these moments: it is kept, so
 * that no state misses it.
 */
export function createCallControl(isHelp: boolean): CallControl {
  let wish: string | null = null
  let endNow: (text: string) => void = () => undefined
  return {
    isHelp,
    hangUp(text) {
      if (wish !== null) return
      wish = text
      endNow(text)
    },
    endBy(end) {
      endNow = end
      if (wish !== null) end(wish)
    },
  }
}
